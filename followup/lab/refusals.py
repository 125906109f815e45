"""The carrier's refusals as a table: code, HTTP status, words.

Data only. A code that a fault names and that is not listed here is answered with status 400 and plain words, so
that tests can also use codes nobody has met yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer of the API."""

    code: int
    status: int
    message: str


TABLE: Final[tuple[Refusal, ...]] = (
    Refusal(20001, 400, "Unknown parameters"),
    Refusal(20003, 401, "Authenticate"),
    Refusal(20004, 405, "Method not allowed"),
    Refusal(20005, 401, "Account not active"),
    Refusal(20009, 400, "This operation is not allowed while the resource is being processed"),
    Refusal(20404, 404, "The requested resource was not found"),
    Refusal(20429, 429, "Too Many Requests"),
    Refusal(20500, 500, "An internal server error has occurred"),
    Refusal(20503, 503, "Service unavailable"),
    Refusal(21201, 400, "No 'To' number specified"),
    Refusal(21205, 400, "Url is not a valid URL"),
    Refusal(21210, 400, "'From' phone number not verified"),
    Refusal(21211, 400, "Invalid 'To' Phone Number"),
    Refusal(21212, 400, "Invalid 'From' Phone Number"),
    Refusal(21213, 400, "Caller phone number is required"),
    Refusal(21217, 400, "Phone number does not appear to be valid"),
    Refusal(21220, 400, "Call is not in-progress. Cannot redirect."),
    Refusal(21265, 400, "'To' number cannot be a Short Code"),
    Refusal(21266, 400, "'To' and 'From' number cannot be the same"),
    Refusal(21408, 403, "Permission to send an SMS has not been enabled for the region indicated by 'To'"),
    Refusal(21602, 400, "Message body is required."),
    Refusal(21603, 400, "A 'From' phone number is required."),
    Refusal(21604, 400, "A 'To' phone number is required."),
    Refusal(
        21606, 400, "The 'From' phone number provided is not a valid message-capable number for this account"
    ),
    Refusal(
        21608, 400, "The number is unverified. Trial accounts cannot send messages to unverified numbers"
    ),
    Refusal(21609, 400, "The 'StatusCallback' URL is not a valid URL."),
    Refusal(21610, 400, "Attempt to send to unsubscribed recipient"),
    Refusal(21611, 429, "This 'From' number has exceeded the maximum number of queued messages"),
    Refusal(21612, 400, "Message cannot be sent with the current combination of 'To' and 'From'"),
    Refusal(21614, 400, "'To' number is not a valid mobile number"),
    Refusal(21617, 400, "The concatenated message body exceeds the 1600 character limit"),
    Refusal(21620, 400, "Invalid media URL(s)"),
    Refusal(21623, 400, "Number of media files exceeds allowed limit"),
    Refusal(21635, 400, "'To' number cannot be a landline"),
    Refusal(21701, 400, "The Messaging Service does not exist"),
    Refusal(21703, 400, "The Messaging Service does not contain a phone number"),
    Refusal(21704, 400, "The Messaging Service contains no phone numbers"),
    Refusal(30001, 429, "Queue overflow"),
    Refusal(90007, 400, "Invalid validity period value"),
    Refusal(90014, 400, "Validity Period should be positive integer"),
)
BY_CODE: Final = {refusal.code: refusal for refusal in TABLE}

# What a text's own error_message says when it ends badly.
ENDINGS: Final = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Carrier violation",
    30008: "Unknown error",
    30017: "Carrier network congestion",
    30019: "Content size exceeds carrier limit",
    30022: "US A2P 10DLC - Rate limits exceeded",
    30023: "US A2P 10DLC - Daily message cap reached",
    30024: "Numeric sender ID not provisioned on carrier",
    30032: "Toll-free number has not been verified",
    30034: "US A2P 10DLC - Message from an unregistered number",
    30035: "US A2P 10DLC - Message from a number that is still being configured",
    30036: "Validity period expired",
    30410: "Provider timeout error",
    30500: "Twilio internal error",
}


class RefusedError(Exception):
    """The carrier refuses the request; carries the code of the table."""

    def __init__(self, code: int, *, status: int | None = None) -> None:
        known = BY_CODE.get(code)
        words = known.message if known else ENDINGS.get(code, "The request was refused")
        self.refusal = Refusal(code, status or (known.status if known else 400), words)
        super().__init__(self.refusal.message)


def ending_message(code: int | None) -> str | None:
    """The error_message of a text that ended with ``code``; None when it did not end badly."""
    return None if code is None else ENDINGS.get(code, "Unknown error")
