"""Tells the story: sets the stage in a folder of its own, lets it happen, prints it, and judges it.

The exit code is 0 only if everything that had to happen happened; what did not is named in plain words.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import time
from pathlib import Path

from followup import log
from followup.demo.expectations import judge
from followup.demo.patients import COHORT, StoryPatient
from followup.demo.recovery import WIDTH, read_recovery
from followup.demo.story import Story, begins_at
from followup.demo.world import Plan, World, tell, world
from followup.errors import InvalidInput
from followup.lab import INSTANT
from followup.servers.port import free_port

PUBLIC_URL = "https://followup.example"
# The story rings its bells itself; the beat is there as it always is, and may find nothing left to do.
TICK_SECONDS = 5


def run_story(*, only: str = "", keep_logs: str | None = None) -> int:
    """Run and print the story; return the exit code."""
    cohort = _chosen(only)
    folder = Path(tempfile.mkdtemp(prefix="followup-story-"))
    log.configure(form="plain", level=logging.WARNING)
    started = time.monotonic()
    plan = Plan(
        folder=folder, web_port=free_port(), lab_port=0, begins=begins_at(), speed=0, public_url=PUBLIC_URL,
        tick_seconds=TICK_SECONDS, pace=INSTANT,
    )  # fmt: skip
    try:
        with world(plan) as made:
            tell(f"everything runs after {time.monotonic() - started:.0f} s; thirteen weeks pass now")
            story = Story(made, cohort)
            try:
                story.tell()
            finally:
                if keep_logs:
                    shutil.copytree(folder / "logs", keep_logs, dirs_exist_ok=True)
            all_came_true = _print(made, story)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tell(f"told in {time.monotonic() - started:.0f} s, {story.stepper.steps} steps of the clock")
    return 0 if all_came_true else 1


def _chosen(only: str) -> tuple[StoryPatient, ...]:
    if not only:
        return COHORT
    wanted = {each.strip() for each in only.split(",")}
    unknown = wanted - {each.key for each in COHORT}
    if unknown:
        raise InvalidInput("--only", f"There is no {', '.join(sorted(unknown))} in the story.")
    return tuple(each for each in COHORT if each.key in wanted)


def _print(made: World, story: Story) -> bool:
    """Print every recovery and the judgment; return whether all of it came true."""
    with made.house.database.transaction(made.clinic_id) as session:
        for patient in story.cohort:
            enrolled = story.enrolled[patient.key]
            recovery = read_recovery(session, enrolled.enrollment_id, now=story.stepper.now)
            _say(recovery.printed(patient.tells))
    judged = judge(made, story)
    _say("", "=" * WIDTH, "What had to happen", "=" * WIDTH)
    for each in judged:
        _say(
            f"  {'NO ' if each.found else 'yes'}  {each.sentence}",
            *(f"       {found}" for found in each.found),
        )
    return not any(each.found for each in judged)


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
