"""``followup on-call``: who would be paged at a time, by which steps, how, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer


def on_call(
    clinic: Annotated[str, typer.Option(help="the clinic's slug; needed where there are several")] = "",
    at: Annotated[
        str, typer.Option(help="a local time of the clinic, such as 2026-07-04T02:30; else now")
    ] = "",
) -> None:
    """Say who would be paged at a time, step by step, how, and why."""
    from followup.bootstrap import open_house
    from followup.errors import InvalidInput
    from followup.kit.windows import to_utc
    from followup.setup.apply import clinic_of, only_clinic
    from followup.staff.cover import clinic_zone
    from followup.staff.paged_at import paged_at

    house = open_house()
    clinic_id = clinic_of(house.database, clinic) if clinic else only_clinic(house.database)
    with house.database.transaction(clinic_id) as session:
        where, instant = clinic_zone(session), house.clock.now()
        if at:
            try:
                wall = datetime.fromisoformat(at)
            except ValueError:
                raise InvalidInput("at", f"{at!r} is no time; write it like 2026-07-04T02:30.") from None
            instant = wall if wall.tzinfo else to_utc(wall.date(), wall.time(), where).utc
        answer = paged_at(session, instant)
    print(f"{instant.astimezone(where):%a, %b %-d, %Y, %-I:%M %p} ({where.key})")
    for tier in sorted(answer.ladder):
        print(f"\n{tier}")
        for line in answer.step_words(tier):
            print(f"  {line}")
        print("  then: the line that is answered day and night")
    print("\nwhy")
    for each in answer.people:
        until = f", until {each.until.astimezone(where):%a, %b %-d, %-I:%M %p}" if each.until else ""
        print(f"  {each.duty}: {each.name}, {each.why}{until}")
    for line in answer.gone:
        print(f"  not {line}")
