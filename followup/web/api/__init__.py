"""The JSON API for the clinic's own systems: bearer keys, keyset paging, RFC 9457 problems."""

from __future__ import annotations

from fastapi import APIRouter

from followup.web.api import changes, enrollments, escalations, patients, tasks

router = APIRouter(prefix="/api/v1")
for part in (patients, enrollments, changes, escalations, tasks):
    router.include_router(part.router)
