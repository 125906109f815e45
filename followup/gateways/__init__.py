"""The doors to the outside world: the only modules that know a vendor's library."""
