"""From the bytes of a file to its text, saying what was assumed.

Hospitals send UTF-8 with and without a mark, UTF-16 from a spreadsheet, and Windows-1252. A name that arrives as
``NÃºÃ±ez`` is in every text that the patient gets, so an assumed encoding is said with a word to check it by. It
must never replace or drop a character, and never open an archive: an archive may be a bomb.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from followup.errors import InvalidInput

MOST_BYTES = 100_000_000

_REFUSED = (
    (
        b"PK",
        "This is an Excel workbook or a zip archive, whatever its name says. Save the sheet as CSV (UTF-8).",
    ),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook. Open it and save the sheet as CSV (UTF-8)."),
    (b"\x1f\x8b", "This is a compressed archive. Unpack it and give the CSV file inside."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"{\\rtf", "This is a text document, not a CSV file."),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_WORD_TO_CHECK = re.compile(r"\w*[^\W\d_a-zA-Z]\w*")
_LOOKED_AT = 4_096


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text, the name of its encoding, and the sentence to check if the encoding was assumed."""

    text: str
    encoding: str
    assumed: str = ""


def decode(data: bytes) -> Decoded:
    """Return the text of a file; raises InvalidInput at ``file``, with the line where there is one."""
    for magic, words in _REFUSED:
        if data.startswith(magic):
            raise InvalidInput("file", words)
    if len(data) > MOST_BYTES:
        raise InvalidInput("file", f"The file is larger than {MOST_BYTES // 1_000_000} MB. Split it.")
    decoded = _decoded(data)
    if not decoded.text.strip():
        raise InvalidInput("file", "The file is empty.")
    zero = decoded.text.find("\0")
    if zero >= 0:
        line = decoded.text.count("\n", 0, zero) + 1
        raise InvalidInput("file", f"Line {line} has a NUL byte: the file is damaged. Export it again.")
    return decoded


def _decoded(data: bytes) -> Decoded:
    for mark, codec, name in _MARKS:
        if data.startswith(mark):
            return Decoded(_strictly(data, codec, name), name)
    if codec := _unmarked_utf16(data):
        return Decoded(
            _strictly(data, codec, "UTF-16"), "UTF-16", "Read as UTF-16, which the file does not say."
        )
    try:
        return Decoded(data.decode("utf-8"), "UTF-8")
    except UnicodeDecodeError:
        return _single_bytes(data)


def _strictly(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise InvalidInput(
            "file", f"The file says it is {name}, but near line {line} it is not. Export it again."
        ) from None


def _unmarked_utf16(data: bytes) -> str:
    """Mostly Latin text in UTF-16 has a zero in every second byte; a damaged file has them anywhere."""
    start = data[:_LOOKED_AT]
    half = len(start) // 2
    if half < 4:
        return ""
    if start[1::2].count(0) > half * 0.7 and start[::2].count(0) == 0:
        return "utf-16-le"
    if start[::2].count(0) > half * 0.7 and start[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


def _single_bytes(data: bytes) -> Decoded:
    """Latin-1 and Windows-1252 differ in 32 bytes that Latin-1 uses for control characters nobody writes."""
    name = "Windows-1252" if any(0x80 <= byte < 0xA0 for byte in data) else "Latin-1"
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise InvalidInput(
            "file", f"Line {line} is in an encoding that is not known here. Save the file as CSV UTF-8."
        ) from None
    words = dict.fromkeys(_WORD_TO_CHECK.findall(text))
    shown = ", ".join(list(words)[:3])
    told = f" Check that this is right: {shown}." if shown else ""
    return Decoded(text, name, f"Read as {name}, because it is not UTF-8.{told}")
