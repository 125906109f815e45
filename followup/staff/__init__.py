"""The people of the clinic: who may do what, how they sign in, how a page reaches them, who is on call."""
