"""Raw first: what a carrier or mailbox hands us is stored before anybody tries to understand it."""
