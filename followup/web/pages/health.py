"""What monitors ask. These pages name no clinic and no patient and are refused to nobody."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from followup.reporting.metrics import CONTENT_TYPE, exposition
from followup.reporting.ready import readiness
from followup.web.deps import house_of

router = APIRouter()


@router.get("/healthz")
def healthz() -> Response:
    """Say that this process runs."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Say whether the database answers and the sweeps go round, with the ages a monitor watches."""
    house = house_of(request)
    found = readiness(house.database, house.clock.now())
    return JSONResponse(found.as_json(), status_code=200 if found.is_ready else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Count what is in the database, in the text format of Prometheus."""
    house = house_of(request)
    with house.database.engine() as looking:
        words = exposition(looking, house.clock.now())
    return Response(words, media_type=CONTENT_TYPE)
