"""A person's to-do: due, owned, and closed with what was done; never closed silently."""
