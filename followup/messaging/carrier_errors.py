"""Which class each of the carrier's error codes belongs to; what a class leads to is in ``messaging/rules``.

The carrier says that codes change and should not drive logic, so an unknown code means "show a person, do not
retry" and is logged. Meanings: Twilio's error dictionary.
"""

from __future__ import annotations

from followup.log import logger
from followup.ports import Refusal

_log = logger(__name__)

CODES: dict[Refusal, frozenset[str]] = {
    # Documented as safe to repeat: the request was not processed.
    Refusal.not_processed: frozenset(["20429", "429", "14107"]),
    # Our account, sender or registration: nothing more gets through until somebody mends it.
    Refusal.configuration: frozenset(
        [
            "20003", "20404", "20005", "20008", "30002", "21606", "21212", "21703", "21704", "21608",
            "30032", "30034", "30035", "30024", "21601", "21603", "21659", "21660", "401", "403", "404",
        ]
    ),
    # This wording: empty, too long, bad media, filtered as spam.
    Refusal.bad_text: frozenset(["21602", "21605", "21617", "21619", "21620", "21623", "30019", "30007"]),
    # This number can't be texted.
    Refusal.bad_number: frozenset(
        ["21211", "21217", "21614", "21635", "21265", "21604", "30005", "30006", "21408", "21612"]
    ),
    Refusal.opted_out: frozenset(["21610"]),
    # Queues, congestion, daily caps, phones that are off.
    Refusal.temporary: frozenset(
        ["30001", "30017", "30022", "30023", "30027", "21611", "30003", "30008", "30009", "30010", "30500"]
    ),
    Refusal.blocked: frozenset(["30004"]),
    Refusal.expired: frozenset(["30036"]),
}  # fmt: skip

_BY_CODE = {code: refusal for refusal, codes in CODES.items() for code in codes}

# The carrier itself does not know whether it was delivered, and does not retry.
IN_DOUBT = frozenset(["30410"])


def classify(code: str) -> Refusal:
    """Return the class of an error code; an unknown code is for a person."""
    found = _BY_CODE.get(code)
    if found is None:
        _log.warning("unknown carrier error code", carrier_code=code)
        return Refusal.unknown
    return found
