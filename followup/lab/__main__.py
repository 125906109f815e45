"""``python -m followup.lab``: a lab of its own process, for benchmarks and for looking around."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from followup.lab.lab import serve
from followup.lab.settings import INSTANT, SENDER, LabSettings, Pace


def main(arguments: list[str] | None = None) -> int:
    """Run a lab until it is told to stop (Ctrl-C or SIGTERM)."""
    told = _parser().parse_args(arguments)
    settings = LabSettings(
        host=told.host,
        port=told.port,
        port_file=told.port_file,
        senders=tuple(told.sender) or (SENDER,),
        pace=INSTANT if told.instant else Pace(),
        latency=told.latency_ms / 1000,
        rate_per_sender=told.rate,
        max_concurrent=told.max_concurrent,
        smtp=not told.no_smtp,
        smtp_port=told.smtp_port,
        mail_folder=told.mail_folder,
        clock_file=told.clock_file,
        time_zone=told.time_zone,
        test_credentials=told.test_credentials,
        allow_signals=told.allow_signals,
    )
    serve(settings)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m followup.lab", description="A simulated carrier.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the base URL once it answers")
    parser.add_argument(
        "--sender", action="append", default=[], help="a number of the clinic (again for more)"
    )
    parser.add_argument("--instant", action="store_true", help="no waiting between the states of a text")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every answer of the API")
    parser.add_argument("--rate", type=float, help="segments per second and sender")
    parser.add_argument("--max-concurrent", type=int, help="more requests at once are answered 429")
    parser.add_argument("--smtp-port", type=int, default=0)
    parser.add_argument("--no-smtp", action="store_true")
    parser.add_argument("--mail-folder", type=Path, help="where mails to the clinic are kept as files")
    parser.add_argument("--clock-file", type=Path, help="care time, shown and moved on the page")
    parser.add_argument(
        "--test-credentials", action="store_true", help="the carrier's magic numbers, no callbacks"
    )
    parser.add_argument(
        "--allow-signals", action="store_true", help="let faults over HTTP stop or kill processes"
    )
    parser.add_argument("--time-zone", default="UTC", help="in which the page shows times")
    return parser


if __name__ == "__main__":
    sys.exit(main())
