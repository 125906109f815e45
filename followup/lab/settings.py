"""What a lab is started with.

The lab is for demo, tests and benchmarks: its secrets are public on purpose, and nothing here may ever be used
against the real carrier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ACCOUNT_SID = "AC00000000000000000000000000000001"
AUTH_TOKEN = "lab-auth-token"  # noqa: S105  known to everybody: it opens nothing but the lab
API_KEY = "SK00000000000000000000000000000001"
API_SECRET = "lab-api-secret"  # noqa: S105
SENDER = "+14155550199"


class OptOut(StrEnum):
    """Who answers STOP, START and HELP: the carrier as it does by default, with its paid add-on, or nobody."""

    DEFAULT = "default"
    ADVANCED = "advanced"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account at the carrier. The first auth token signs; all of them open the API (rotation)."""

    sid: str = ACCOUNT_SID
    auth_tokens: tuple[str, ...] = (AUTH_TOKEN,)
    api_keys: Mapping[str, str] = field(default_factory=lambda: {API_KEY: API_SECRET})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between the states of a text, and how long a phone rings before the carrier gives up."""

    queued: float = 0.0
    sending: float = 0.01
    sent: float = 0.01
    delivered: float = 0.02
    ring: float = 60.0
    gather: float = 5.0


INSTANT = Pace(sending=0.0, sent=0.0, delivered=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """Everything a lab can be told at the start; the rest is scripted while it runs.

    ``stepped`` holds the lab's own clock still between calls of ``Lab.advance``. ``latency`` is seconds added to
    every API answer. ``rate_per_sender`` is segments per second (None: no queue). ``allow_signals`` lets faults
    that arrive over HTTP stop or kill processes; faults given in Python always may. ``clock_file`` is the care
    clock shown on the page, in ``time_zone``; the carrier itself lives in machine time, as the real one does.
    """

    host: str = "127.0.0.1"
    port: int = 0
    port_file: Path | None = None
    accounts: tuple[Account, ...] = (Account(),)
    senders: tuple[str, ...] = (SENDER,)
    pace: Pace = Pace()
    stepped: bool = False
    latency: float = 0.0
    rate_per_sender: float | None = None
    max_concurrent: int | None = None
    opt_out: OptOut = OptOut.DEFAULT
    test_credentials: bool = False
    smtp: bool = True
    smtp_port: int = 0
    mail_folder: Path | None = None
    clock_file: Path | None = None
    time_zone: str = "UTC"
    allow_signals: bool = False
