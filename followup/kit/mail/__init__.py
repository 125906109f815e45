"""Mail: building it honestly, reading it without trust, and telling new words from quoted ones."""

from followup.kit.mail.address import MailAddressError, parse_address
from followup.kit.mail.build import MailDraft, MailError, build_mail, new_message_id
from followup.kit.mail.parse import MailTooLargeError, ParsedMail, parse_mail
from followup.kit.mail.quotes import REPLY_MARKERS, new_words
from followup.kit.mail.reports import DeliveryReport

__all__ = [
    "REPLY_MARKERS",
    "DeliveryReport",
    "MailAddressError",
    "MailDraft",
    "MailError",
    "MailTooLargeError",
    "ParsedMail",
    "build_mail",
    "new_message_id",
    "new_words",
    "parse_address",
    "parse_mail",
]
