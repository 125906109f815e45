"""Pages for people: one screen per file, every form works without a script."""

from __future__ import annotations

from fastapi import APIRouter

from followup.web.pages import (
    accept,
    account,
    audit,
    case_acts,
    case_evidence,
    case_quality,
    change,
    changes,
    enroll,
    escalations,
    files,
    health,
    inbox,
    migrate,
    outages,
    pathways,
    patients,
    phones,
    reports,
    roster,
    second_factor,
    sign_in,
    staff,
    tasks,
    today,
    welcome,
    wishes,
    write,
)

router = APIRouter()
for screen in (
    sign_in, second_factor, welcome, account, today, enroll, patients, write, wishes, change, changes, inbox, tasks,
    case_quality, escalations, case_acts, case_evidence, roster, phones, pathways, migrate, files, reports, outages,
    staff, accept, audit, health,
):  # fmt: skip
    router.include_router(screen.router)
