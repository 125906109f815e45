"""Becomes the server it is told to start, after tying that server's life to the life of its parent.

Run as a script by ``children.py``, never imported: ``launch.py PARENT SIGNAL UID GID PROGRAM [ARGUMENT...]``.
It stands between the parent and the server because the wish "stop when my parent dies" has to be spoken by
the child itself, after it has given up root (the kernel forgets the wish when a process changes its user),
and because running Python code between fork and exec inside a parent with threads can deadlock. It must not
import anything of the product: it starts in a few milliseconds, and the interpreter may live where the new
user can't read.
"""

from __future__ import annotations

import ctypes
import os
import sys

SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in linux/prctl.h


def main(*, parent: int, death_signal: int, uid: int, gid: int, command: list[str]) -> None:
    """Give up root if a user is named, ask to die with the parent, become the command.

    ``uid`` and ``gid`` of -1 keep the present user. Does not return.
    """
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended before its server could start")
    os.execv(command[0], command)


if __name__ == "__main__":
    orders = dict(zip(("parent", "death_signal", "uid", "gid"), map(int, sys.argv[1:5]), strict=True))
    main(**orders, command=sys.argv[5:])
