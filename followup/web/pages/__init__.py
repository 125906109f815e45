"""Pages for people: one screen per file, every form works without a script."""

from __future__ import annotations

from fastapi import APIRouter

from followup.web.pages import account, health, sign_in, today

router = APIRouter()
for screen in (sign_in, account, today, health):
    router.include_router(screen.router)
