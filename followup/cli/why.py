"""``followup why TOUCHPOINT``: why one planned contact went out when it did, or did not."""

from __future__ import annotations

import uuid
from typing import Annotated

import typer


def why(touchpoint: Annotated[str, typer.Argument(help="the id of a touchpoint")]) -> None:
    """Tell the whole life of one planned contact: the plan, every move with its reason, the message, its calls."""
    from followup.bootstrap import open_house
    from followup.errors import InvalidInput
    from followup.reporting.why import life_of

    try:
        wanted = uuid.UUID(touchpoint)
    except ValueError:
        raise InvalidInput("touchpoint", "is no id; `followup enroll` and the timeline show them.") from None
    print("\n".join(life_of(open_house().database, wanted)))
