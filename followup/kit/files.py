"""What a file is, told by its own first bytes: what its sender calls it is never believed.

Only kinds that a photo, a film or a spoken message of a patient can be are known. Everything else is no kind and is
not kept: pictures that can hold a script (SVG), pages, archives and programs among it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its media type, the ending of its name, and the word for people."""

    media_type: str
    ending: str
    word: str


JPEG = Kind("image/jpeg", "jpg", "photo")
PNG = Kind("image/png", "png", "picture")
GIF = Kind("image/gif", "gif", "picture")
WEBP = Kind("image/webp", "webp", "picture")
HEIC = Kind("image/heic", "heic", "photo")
MP4 = Kind("video/mp4", "mp4", "film")
THREE_GP = Kind("video/3gpp", "3gp", "film")
MP3 = Kind("audio/mpeg", "mp3", "recording")
OGG = Kind("audio/ogg", "ogg", "recording")
AMR = Kind("audio/amr", "amr", "recording")
WAV = Kind("audio/wav", "wav", "recording")

KINDS = {each.media_type: each for each in (JPEG, PNG, GIF, WEBP, HEIC, MP4, THREE_GP, MP3, OGG, AMR, WAV)}

_BEGINNINGS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"OggS", OGG),
    (b"#!AMR", AMR),
)
# Names inside containers: RIFF....WEBP, and the brand of an ISO base media file ("....ftypheic").
_RIFF = {b"WEBP": WEBP, b"WAVE": WAV}
_BRANDS = {b"heic": HEIC, b"heix": HEIC, b"mif1": HEIC, b"hevc": HEIC}


def kind_of(content: bytes) -> Kind | None:
    """Return the kind of a file, or None for everything that is not in the list."""
    for beginning, kind in _BEGINNINGS:
        if content.startswith(beginning):
            return kind
    if content.startswith(b"RIFF"):
        return _RIFF.get(content[8:12])
    if content[4:8] == b"ftyp":
        brand = content[8:12]
        return _BRANDS.get(brand) or (THREE_GP if brand.startswith(b"3g") else MP4)
    return None
