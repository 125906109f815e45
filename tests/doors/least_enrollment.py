"""The least that enrolling through the API takes, and how to change one field of it."""

from __future__ import annotations

import json
from typing import Any

LEAST: dict[str, Any] = {
    "patient": {
        "name": "Ines Ortega",
        "phone": "(415) 555-0123",
        "email": "ines@mail.example",
        "language": "es",
        "time_zone": "America/Los_Angeles",
    },
    "procedure": {"performed_on": "2026-03-05", "performed_at": "09:30", "harvest": "bone_marrow"},
    "pathway": "stem-cell-back",
    "channel": "sms",
    "consent": {"sms": True, "email": True, "obtained_by": "Alma Reyes"},
}


def with_field(name: str, value: Any) -> dict[str, Any]:
    """The least enrollment, with one field changed."""
    body: dict[str, Any] = json.loads(json.dumps(LEAST))
    *parents, last = name.split(".")
    place = body
    for each in parents:
        place = place[each]
    place[last] = value
    return body
