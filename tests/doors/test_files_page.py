"""A file that a patient sent is a download for who may see the patient, and nothing a browser shows by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from followup.replies.models import Reply, ReplyMedia
from followup.replies.states import MediaState
from tests.doors.conftest import SmallClinic, Story

PHOTO = b"\xff\xd8\xff\xe0 a photo"


@pytest.fixture
def media_id(story: Story) -> str:
    """A photo that came with a text of an enrolled patient."""
    story.enroll()
    story.writes("see the photo")
    with story.house.database.transaction(story.clinic.id) as session:
        reply = session.scalars(select(Reply)).one()
        row = ReplyMedia(
            clinic_id=story.clinic.id, reply_id=reply.id, position=0, address="https://api.twilio.com/x",
            state=MediaState.kept, kind="image/jpeg", size=len(PHOTO), content=base64.b64encode(PHOTO).decode(),
        )  # fmt: skip
        session.add(row)
        return str(row.id)


def test_b97_a_photo_is_handed_out_as_a_download_and_the_reading_is_on_record(
    story: Story, coordinator: TestClient, media_id: str
) -> None:
    answer = coordinator.get(f"/files/{media_id}")
    assert (answer.status_code, answer.content) == (200, PHOTO)
    assert answer.headers["content-disposition"] == 'attachment; filename="photo-1.jpg"'
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert story.rows(
        "SELECT count(*) FROM audit_event WHERE action = 'read file' AND patient_id IS NOT NULL"
    ) == [(1,)]


def test_the_thread_names_the_file_and_shows_none_inside_the_page(
    story: Story, coordinator: TestClient, media_id: str
) -> None:
    (patient,) = story.rows("SELECT patient_id FROM reply")[0]
    shown = coordinator.get(f"/patients/{patient}").text
    assert f'href="/files/{media_id}" download' in shown
    assert f'src="/files/{media_id}"' not in shown


def test_who_may_not_see_patients_gets_no_file(
    clinic: SmallClinic, signed_in: Callable[..., TestClient], media_id: str, stranger: TestClient
) -> None:
    assert signed_in(clinic, "system_admin").get(f"/files/{media_id}").status_code == 403
    assert stranger.get(f"/files/{media_id}").status_code == 303
