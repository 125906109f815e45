"""A parent process for the server tests: starts the servers, says so, and waits to be stopped or killed."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from followup.servers import embedded

if __name__ == "__main__":
    with embedded(Path(sys.argv[1]), settings={"fsync": "off"}) as servers:
        sys.stdout.write(json.dumps([servers.database_url, servers.redis_url]) + "\n")
        sys.stdout.flush()
        threading.Event().wait()
