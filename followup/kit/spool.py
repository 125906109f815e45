"""A folder that keeps small sealed files when nothing else can: each is on the disk before ``put`` returns.

What is put is there once under its name, whole or not at all; a crash in between leaves no half file under a name.
"Not kept" is always an error and never silence, so that whoever handed it over tries again.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ENDING = ".sealed"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
_PRIVATE = 0o600


class SpoolError(Exception):
    """Nothing could be kept: the disk is full, read-only or gone, or the spool has its fill."""


@dataclass(frozen=True, slots=True)
class Spool:
    """One folder with room for ``most_bytes``."""

    folder: Path
    most_bytes: int

    def put(self, name: str, content: bytes) -> bool:
        """Keep ``content`` under ``name``; False if that name is kept already. Raises SpoolError, ValueError."""
        place = self._place(name)
        if place.exists():
            return False
        if self.size() + len(content) > self.most_bytes:
            raise SpoolError("the spool is full")
        try:
            self._prepare()
            return _written(place, content)
        except OSError as error:
            raise SpoolError(f"the spool can't be written: {error.strerror}") from None

    def has(self, name: str) -> bool:
        """Whether something is kept under a name."""
        return self._place(name).exists()

    def names(self) -> list[str]:
        """Return what is kept, the oldest first."""
        found = [(each.stat().st_mtime_ns, each.stem) for each in self._files() if _NAME.fullmatch(each.stem)]
        return [name for _, name in sorted(found)]

    def read(self, name: str) -> bytes:
        """Return what was kept; raises SpoolError."""
        try:
            return self._place(name).read_bytes()
        except OSError as error:
            raise SpoolError(f"the spool can't be read: {error.strerror}") from None

    def remove(self, name: str) -> None:
        """Forget a name; one that is gone is no error."""
        with contextlib.suppress(FileNotFoundError):
            self._place(name).unlink()

    def size(self) -> int:
        """Return how many bytes are kept."""
        total = 0
        for each in self._files():
            with contextlib.suppress(FileNotFoundError):
                total += each.stat().st_size
        return total

    def can_be_written(self) -> bool:
        """Whether something could be kept now, found out by keeping something."""
        try:
            self._prepare()
            trial = self.folder / f"trial-{os.getpid()}"
            _write(trial, b"trial")
            trial.unlink()
        except OSError:
            return False
        return self.size() < self.most_bytes

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _files(self) -> Iterator[Path]:
        return self.folder.glob(f"*{ENDING}")

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("not a name of the spool")
        return self.folder / f"{name}{ENDING}"


def _written(place: Path, content: bytes) -> bool:
    """Write beside the name and then give it the name: a link is refused if the name is there, a rename is not."""
    beside = place.with_name(f"{place.stem}.{os.getpid()}-{os.urandom(4).hex()}")
    try:
        _write(beside, content)
        os.link(beside, place)
    except FileExistsError:
        return False
    finally:
        beside.unlink(missing_ok=True)
    _to_disk(place.parent)
    return True


def _write(place: Path, content: bytes) -> None:
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _to_disk(folder: Path) -> None:
    """Without this a power cut may keep the file and forget its name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
