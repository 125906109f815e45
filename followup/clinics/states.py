"""How a message travels. Pure: rules and rows share these words."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """How a message travels."""

    sms = "sms"
    email = "email"
    voice = "voice"
