"""Mail addresses as people type them.

The strict everyday form only: quoted local parts, comments and address literals exist in the standard and in
attacks, not among patients. Nothing that holds a line break may come near a header.
"""

from __future__ import annotations

import re

LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class MailAddressError(ValueError):
    """An address that was refused; ``code`` for programs, the message for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_address(text: str) -> str:
    """Return the address with its domain in lower case ASCII (IDN as ``xn--``); the local part stays as written.

    To compare or index addresses, casefold the result: no provider tells them apart by case.
    Raises MailAddressError.
    """
    if any(ord(char) < 32 or ord(char) == 127 for char in text.strip(" \t")):
        raise MailAddressError(
            "control-character", "There is a line break or control character in this address."
        )
    written = text.strip()
    if not written:
        raise MailAddressError("empty", "Give an email address.")
    if len(written) > LONGEST_ADDRESS:
        raise MailAddressError("too-long", f"An email address has at most {LONGEST_ADDRESS} characters.")
    if written.count("@") != 1:
        raise MailAddressError("at-sign", "An email address has exactly one @.")
    local, domain = written.split("@")
    if len(local) > LONGEST_LOCAL_PART or not _LOCAL.fullmatch(local):
        raise MailAddressError("local-part", "The part before the @ has a character that cannot be there.")
    return f"{local}@{_ascii_domain(domain)}"


def _ascii_domain(domain: str) -> str:
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise MailAddressError("domain", "The part after the @ is not a mail domain.")
    return plain
