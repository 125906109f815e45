"""Thousands of odd requests against the JSON API: none is a 500, and every answer is what its description says."""

from __future__ import annotations

import itertools

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from followup.audit.record import SYSTEM
from followup.bootstrap import House
from followup.staff import api_keys
from followup.staff.states import StaffRole
from tests.doors.conftest import NOW, SmallClinic, Story

EXAMPLES = 20
# A field may fit its description and still be refused by a verb, at the field, with a sentence (a date that is long
# ago, a number that can't be texted). That is an answer, not a broken promise.
NOT_PROMISED = [positive_data_acceptance]


@pytest.mark.slow
@pytest.mark.parametrize("with_real_ids", [False, True], ids=["invented ids", "real ids"])
def test_nothing_breaks_the_api_and_every_answer_fits_its_description(
    app: FastAPI, house: House, clinic: SmallClinic, story: Story, *, with_real_ids: bool
) -> None:
    """B111, B112, B118, B119."""
    story.enroll()
    story.writes("my leg feels weaker since last night")
    story.writes("the blue thing from before is back, hm")
    with house.database.transaction(clinic.id) as session:
        key = api_keys.create(session, clinic.id, "fuzzer", StaffRole.nurse, now=NOW, actor=SYSTEM)
    real = {
        "patient_id": "patient", "enrollment_id": "enrollment", "touchpoint_id": "touchpoint",
        "escalation_id": "escalation", "task_id": "task",
    }  # fmt: skip
    ids = {name: str(story.rows(f"SELECT id FROM {table} LIMIT 1")[0][0]) for name, table in real.items()}
    ids["name"] = "stem-cell-back"
    broken: list[str] = []
    operations = [
        found.ok()
        for found in schemathesis.openapi.from_asgi("/api/v1/openapi.json", app).get_all_operations()
    ]
    assert len(operations) > 15

    for operation in operations:

        @given(case=operation.as_strategy())
        @hypothesis_settings(
            max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def ask(case: schemathesis.Case) -> None:
            if with_real_ids:
                case.path_parameters = {name: ids[name] for name in case.path_parameters or {}}
            try:
                case.call_and_validate(
                    headers={"authorization": f"Bearer {key}"}, excluded_checks=NOT_PROMISED
                )
            except FailureGroup as found:
                broken.extend(f"{case.method} {case.path}: {each}" for each in found.exceptions)

        ask()
    assert list(itertools.islice(broken, 5)) == []
