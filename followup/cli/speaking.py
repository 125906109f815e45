"""How the command line speaks: sentences, tables, and errors without a stack trace.

What a program reads (a key, JSON lines) goes to standard output alone; everything for the person goes beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from followup.errors import FollowupError, InvalidInput

WRONG = 2


def say(line: str) -> None:
    """Write a line for the person, to standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def sentences(error: FollowupError) -> list[str]:
    """Return what went wrong, one sentence a line; bad input names each field."""
    if isinstance(error, InvalidInput):
        return [f"{each.field}: {each.message}" for each in error.problems]
    return error.message.splitlines() or [type(error).__name__]


def spoken(run: Callable[[], Any]) -> int:
    """Run a command; return its exit code. An error of the house becomes sentences and the code 2."""
    try:
        return int(run() or 0)
    except FollowupError as error:
        for line in sentences(error):
            say(f"followup: {line}")
    except KeyboardInterrupt:
        say("")
        return 130
    except BrokenPipeError:  # the reader of our output had enough
        sys.stderr.close()
        return 0
    except Exception as error:
        told = _of_the_database(error)
        if told is None:
            raise
        say(f"followup: {told}")
    return WRONG


def _of_the_database(error: Exception) -> str | None:
    """Return a sentence for a database that went away, without importing its library for it."""
    library = sys.modules.get("sqlalchemy.exc")
    if library is None or not isinstance(error, library.OperationalError):
        return None
    first = str(error.orig).strip().splitlines()[0] if error.orig else "no connection"
    return f"PostgreSQL can't be reached: {first}. Its address is FOLLOWUP_DATABASE_URL."
