"""The rows behind the roster: published schedules, overrides, how far it is planned, which phones are ready."""
