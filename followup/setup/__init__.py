"""Setting a clinic up: the clinic file, and what applying it creates or changes."""
