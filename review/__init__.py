"""The scripted review: what a hospital's security reviewer asks first, answered by the running service itself."""
