"""The JSON API for the clinic's own systems: bearer keys, keyset paging, RFC 9457 problems."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(prefix="/api/v1")
