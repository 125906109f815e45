"""Is a port free? Asked before a process is started on it, so that the answer names the remedy."""

from __future__ import annotations

import socket

from followup.errors import FollowupError


class PortTaken(FollowupError):
    """Another program uses this port."""

    code = "port-taken"


def is_free(port: int, *, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens on this port of the machine."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) != 0


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need_free_port(port: int, *, command: str) -> None:
    """Raise PortTaken, with what to do about it, if somebody listens there."""
    if not is_free(port):
        raise PortTaken(
            f"Port {port} on 127.0.0.1 is taken by another program. Stop that program, or choose another port:"
            f" FOLLOWUP_WEB_PORT={port + 100 if port < 65_000 else 8100} {command}"
        )
