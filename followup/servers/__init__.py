"""PostgreSQL, Redis and the product's own processes as children of one parent process."""

from followup.servers.embedded import DataFolderInUse, Servers, embedded

__all__ = ["DataFolderInUse", "Servers", "embedded"]
