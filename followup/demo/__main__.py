"""``python -m followup.demo [--story]``: what ``./run demo`` starts."""

from __future__ import annotations

import argparse
import sys

from followup.demo.world import tell
from followup.errors import FollowupError

WRONG = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until it is stopped, or the story until it is told; return the exit code."""
    parser = argparse.ArgumentParser(prog="./run demo", description="The whole service with invented people.")
    parser.add_argument("--story", action="store_true", help="run whole recoveries and print them day by day")
    parser.add_argument("--only", default="", help="with --story: comma list of patients, such as ines,tom")
    parser.add_argument(
        "--keep-logs", metavar="FOLDER", help="with --story: copy the logs of all processes there"
    )
    told = parser.parse_args(arguments)
    try:
        if told.story:
            from followup.demo.telling import run_story

            return run_story(only=told.only, keep_logs=told.keep_logs)
        from followup.demo.live import run_live

        return run_live()
    except FollowupError as error:
        for line in error.message.splitlines():
            tell(line)
        return WRONG
    except KeyboardInterrupt:
        tell("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
