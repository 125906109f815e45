"""Every test here is one row of the fault matrix: it gets a clinic, and the invariants are checked after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from followup.lab import INSTANT, Lab
from followup.settings import Settings
from tests.doors.hooks_of_the_test import app_of, served
from tests.faults.case import PUBLIC, Case
from tests.faults.invariants import Eye
from tests.household import Household, move_in

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lies here is a fault: the marker follows from the folder."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.fault)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A quick carrier that notes the care time of every text."""
    with Lab.started(pace=INSTANT, clock_file=tmp_path / "clock") as started:
        yield started


@pytest.fixture
def home(settings: Settings, lab: Lab) -> Iterator[Household]:
    """One clinic on a Friday morning, with its carrier and nobody enrolled."""
    household = move_in(settings, lab)
    yield household
    household.house.database.dispose()


@pytest.fixture
def case(home: Household, request: pytest.FixtureRequest) -> Iterator[Case]:
    """The clinic with something going wrong; afterwards every invariant has to hold."""
    found = Case(home, Eye(home))
    found.eye.check()
    yield found
    found.lab.clear_faults()
    found.lab.wait_idle()
    if not found.is_broken_on_purpose:
        found.eye.check(at_rest=found.at_rest)
    told = [
        ("fault_injected_at", found.injected_at.strftime("%H:%M:%S") if found.injected_at else ""),
        ("fault_recovered_after", found.recovered_after()),
    ]
    request.node.user_properties.extend(told)


@pytest.fixture
def web(home: Household) -> Iterator[str]:
    """The clinic's webhooks, reached by the carrier."""
    with served(app_of(home.house)) as url:
        home.lab.route(PUBLIC, url)
        home.lab.sender(inbound_url=f"{PUBLIC}/hooks/twilio/sms#rc=5&rp=all")
        yield url
