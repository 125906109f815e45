"""``followup pathway migrate``: move a clinic's patients to the version in force, after showing what that does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from followup.cli.speaking import say

if TYPE_CHECKING:
    from followup.enrollment.migrate_version import ShownMany


def migrate(
    name: Annotated[str, typer.Argument(help="name of the pathway")],
    clinic: Annotated[str, typer.Option(help="the clinic's slug")],
    apply: Annotated[str, typer.Option(help="the mark that the preview printed: move them as shown")] = "",
) -> None:
    """Show who is on an older version and what moving them does; with --apply MARK move all of them, or nobody."""
    from followup.audit.record import Actor
    from followup.bootstrap import open_house
    from followup.enrollment.migrate_version import migrate_all, preview_all
    from followup.setup.apply import clinic_of

    house = open_house()
    now = house.clock.now()
    with house.database.transaction(clinic_of(house.database, clinic)) as session:
        if apply:
            many = migrate_all(
                session, name, library=house.library, now=now, actor=Actor("command line"), seen=apply
            )
        else:
            many = preview_all(session, name, library=house.library, now=now)
    if apply:
        say(f"{len(many.shown)} moved; nothing that was sent is sent again")
        return
    _tell(many)


def _tell(many: ShownMany) -> None:
    from followup.enrollment.planning.replan import ChangeKind

    for each in many.versions:
        print(f"{each.patients} on version {each.label}, content {each.content_hash[:8]}")
    for shown in many.shown:
        part = shown.calendars[0]
        print(f"\nenrollment {part.enrollment_id}: {part.replan.notes[0]}")
        for change in part.replan.changes:
            if change.kind not in (ChangeKind.SAME, ChangeKind.SENT, ChangeKind.DECIDED):
                print(f"  {change.key}: {change.words}")
    if many.skipped:
        print(f"\n{many.skipped} stay: the new version has no texts in their language")
    if many.shown:
        print(f"\nTo move them as shown: --apply {many.mark}")
    else:
        print("nobody to move")
