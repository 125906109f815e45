"""Delivery reports (RFC 3464): which of our mails did not arrive, and whether that is for good."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage, Message


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail server said about one of our mails. ``status`` is the enhanced code, such as ``5.1.1``."""

    recipient: str
    action: str
    status: str
    diagnostic: str
    original_message_id: str | None

    @property
    def is_permanent(self) -> bool:
        """Whether the address will not work tomorrow either."""
        return self.action == "failed" and self.status.startswith("5")

    @property
    def is_failure(self) -> bool:
        """Whether the mail did not arrive; a delayed one still may."""
        return self.action == "failed"


def delivery_report(mail: EmailMessage) -> DeliveryReport | None:
    """Return the report on the first recipient (we send to one), or None if this is no delivery report."""
    if mail.get_content_type() != "multipart/report":
        return None
    original = None
    fields: dict[str, str] = {}
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            fields |= _status_fields(part)
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            original = original or _original_id(part)
    if "status" not in fields and "action" not in fields:
        return None
    recipient = fields.get("final-recipient", fields.get("original-recipient", ""))
    return DeliveryReport(
        recipient=recipient.rpartition(";")[2].strip(),
        action=fields.get("action", "").strip().lower(),
        status=(re.search(r"\d\.\d{1,3}\.\d{1,3}", fields.get("status", "")) or [""])[0],
        diagnostic=" ".join(fields.get("diagnostic-code", "").split())[:500],
        original_message_id=original,
    )


def _status_fields(part: Message) -> dict[str, str]:
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else []
    fields: dict[str, str] = {}
    for block in blocks:
        if isinstance(block, Message):
            for name, value in block.items():
                fields.setdefault(name.lower(), str(value))
    return fields


def _original_id(part: Message) -> str | None:
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else payload
    if isinstance(inner, Message):
        headers = str(inner.get("Message-ID") or "") or str(inner.get_payload() if not inner.keys() else "")
        found = re.search(r"<[^<>\s]+@[^<>\s]+>", headers)
    else:
        found = re.search(r"^message-id:\s*(<[^<>\s]+>)", str(inner), re.IGNORECASE | re.MULTILINE)
        return found[1] if found else None
    return found[0] if found else None
