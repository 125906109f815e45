"""The blind index of an address, made one way, so that a patient's, a nurse's and a stranger's can be compared.

It must never be told which address it stands for; only whoever has the address can ask whether it is known.
"""

from __future__ import annotations

from followup.clinics.states import Channel
from followup.db.sealed import blind
from followup.kit.crypto import Blind


def address_blind(channel: Channel, address: str) -> Blind:
    """Return the blind index of a phone number (E.164) or mail address; texts and calls share a number's."""
    return blind("email", address.lower()) if channel is Channel.email else blind("phone", address)
