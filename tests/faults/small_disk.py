"""A disk for the log of one PostgreSQL that can be filled to the last byte.

It is a small file system in memory over the folder of the log; where none may be mounted, the server's files are
forbidden to grow instead. The server writes its log first, so this is where a full disk ends it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MEGABYTES = 80
SMALL_LOG = {"min_wal_size": "32MB", "max_wal_size": "48MB"}


class LogDisk:
    """The disk under the log of the server in ``folder``, which must not be running when this is made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._log = folder / "postgres" / "pg_wal"
        self._ballast = self._log / "ballast"
        self.is_mounted = os.geteuid() == 0 and self._mount()

    def _mount(self) -> bool:
        owner, kept = self._log.stat(), self._folder / "kept"
        options = f"size={MEGABYTES}m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
        shutil.copytree(self._log, kept)
        mounting = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self._log)]
        if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
            return False
        shutil.copytree(kept, self._log, dirs_exist_ok=True)
        for each in (self._log, *self._log.rglob("*")):
            os.chown(each, owner.st_uid, owner.st_gid)
        return True

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no room for anything until the block ends."""
        if self.is_mounted:
            with contextlib.suppress(OSError), self._ballast.open("wb", buffering=0) as file:
                while file.write(b"\0" * 65536):
                    pass
        else:
            self._let_no_file_grow()
        try:
            yield
        finally:
            self._ballast.unlink(missing_ok=True)

    def _let_no_file_grow(self) -> None:
        # The server's processes may write no further than the first page of a file; those after it inherit that.
        first = int((self._folder / "postgres.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        # Root may not do it to others where it has lost that right; the server's own account always may.
        owner = self._log.stat()
        account: dict[str, Any] = {} if os.geteuid() else {"user": owner.st_uid, "group": owner.st_gid}
        for pid in (str(first), *children):
            subprocess.run(["prlimit", "--fsize=8192", "--pid", pid], check=False, **account)

    def close(self) -> None:
        """Give the disk back; the server has to be stopped."""
        if self.is_mounted:
            subprocess.run(["umount", "--lazy", str(self._log)], check=True)
