"""A supervisor for the tests to watch: keeps the scripts named on its command line running, prefixed output."""

from __future__ import annotations

import sys
from pathlib import Path

from followup.servers.supervisor import Process, Supervisor

if __name__ == "__main__":
    folder, *scripts = sys.argv[1:]
    kept = [
        Process(name=f"p{number}", command=[sys.executable, "-c", script], patience=1.0)
        for number, script in enumerate(scripts)
    ]
    with Supervisor(kept, data_folder=Path(folder)) as supervisor:
        supervisor.wait()
    sys.stdout.write("all stopped\n")
