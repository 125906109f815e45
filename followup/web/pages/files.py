"""Files that patients sent with their texts: handed out as a download, never shown inside a page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from followup.replies.media import read_file
from followup.staff.rules import Permission
from followup.web.deps import Desk, at_desk
from followup.web.ids import Id

router = APIRouter()


@router.get("/files/{media_id}")
def download(media_id: Id, desk: Desk = at_desk(Permission.see_patients)) -> Response:
    """Hand out one file; that somebody took it is on record."""
    file = read_file(desk.session, media_id, now=desk.now, actor=desk.actor)
    return Response(
        file.content, media_type=file.media_type,
        headers={"content-disposition": f'attachment; filename="{file.name}"'},
    )  # fmt: skip
