"""Finds each server a folder for its Unix socket that is short enough, and private.

The kernel cuts the path of a Unix socket at 107 bytes (macOS at 103), and a data folder may lie deep. Then
the socket gets a short folder of its own, written down beside the data so that the next start can clear it
away. Whoever reaches a socket is let in without a password; so its folder must belong to the server's user
alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

LONGEST_PATH_BYTES = 103
SHORT_BASE = "/tmp"  # noqa: S108 - short on every system, and mkdtemp makes the folder private


def socket_folder(preferred: Path, *, file_name: str) -> Path:
    """Return ``preferred`` if a socket of that name fits there, else a short folder newly made for it."""
    forget_socket_folder(preferred)
    if len(os.fsencode(preferred / file_name)) <= LONGEST_PATH_BYTES:
        return preferred
    short = Path(tempfile.mkdtemp(prefix="followup-", dir=SHORT_BASE))
    _note(preferred).write_text(f"{short}\n")
    return short


def forget_socket_folder(preferred: Path) -> None:
    """Remove the short folder of this or an earlier run, if there is one."""
    note = _note(preferred)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
        note.unlink()


def _note(preferred: Path) -> Path:
    return preferred.with_name(f"{preferred.name}.socket-folder")
