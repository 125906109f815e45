"""Lets a house look for its carrier somewhere else."""

from __future__ import annotations

import dataclasses

from followup.bootstrap import outside_of
from tests.faults.case import Case


def move_carrier(case: Case, url: str) -> None:
    """From now on the house calls ``url``."""
    settings = case.home.house.settings.model_copy(update={"twilio_api_url": url})
    case.home.house = dataclasses.replace(case.home.house, settings=settings, outside=outside_of(settings))
