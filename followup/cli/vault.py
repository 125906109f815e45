"""``followup rotate-keys``, ``backup`` and ``restore``: keys and copies of everything, with the owner's login."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from followup.cli.speaking import say

if TYPE_CHECKING:
    from followup.settings import Settings

SOCKET = ".s.PGSQL.5432"


def rotate_keys() -> None:
    """Seal everything anew with the newest encryption key, while the service runs. It may be interrupted.

    Before: put the new key in front of the others in FOLLOWUP_ENCRYPTION_KEYS and restart every process. After:
    take the old key out of the list, and keep it as long as a backup that was made with it.
    """
    from followup.bootstrap import install_keys
    from followup.db.rotate import rotate
    from followup.settings import load

    settings = load()
    install_keys(settings)
    with owner_of(settings) as url:
        done = rotate(url, told=lambda table, rows: say(f"- {table}: {rows} rows"))
    if not done.is_complete:
        say("Some rows are still being changed by others. Run the same command again.")
        raise typer.Exit(1)
    print(f"{done.rows} rows sealed anew; every row is under the newest key now")


def backup(
    file: Annotated[Path, typer.Argument(help="the file to write; it is encrypted with the newest key")],
) -> None:
    """Write everything in the database into one encrypted file, while the service runs."""
    from followup.bootstrap import install_keys
    from followup.db.backup import back_up
    from followup.errors import ConfigurationError
    from followup.settings import load

    settings = load()
    install_keys(settings)
    with owner_of(settings) as url:
        try:
            done = back_up(url, file)
        except OSError as error:
            raise ConfigurationError(f"{file} can't be written: {error.strerror}.") from None
    print(
        f"{sum(done.rows.values())} rows of {len(done.rows)} tables, as they were at {done.taken_at}, are in {file}"
    )
    say(
        "Keep the encryption keys somewhere else: without them nobody can open this file, and with them anybody."
    )


def restore(
    file: Annotated[
        Path, typer.Argument(help="a file that `followup backup` wrote", exists=True, dir_okay=False)
    ],
    verify: Annotated[
        bool,
        typer.Option("--verify", help="restore into a throw-away database, check it, and remove it again"),
    ] = False,
) -> None:
    """Put a backup into a fresh, empty database. Sending is paused in every clinic until somebody lets it go on."""
    from followup.bootstrap import install_keys
    from followup.cli.processes import bring_up_to_date
    from followup.db.restore import restore as put_back
    from followup.servers import embedded
    from followup.settings import load

    settings = load()
    install_keys(settings)
    if verify:
        with (
            tempfile.TemporaryDirectory(prefix="followup-restore-") as folder,
            embedded(Path(folder), redis=False) as fresh,
        ):
            _prove(fresh.database_url, file)
        return
    with owner_of(settings) as url:
        bring_up_to_date(settings.model_copy(update=_at(url)))
        done = put_back(url, file)
    print(f"{sum(done.rows.values())} rows are back, as they were at {done.taken_at}")
    say("Sending is paused. `followup clinic resume-sending SLUG` compares with the carrier first.")


def _prove(url: str, file: Path) -> None:
    from followup.audit.seal import verify_all
    from followup.db.migrate import upgrade
    from followup.db.restore import restore as put_back
    from followup.errors import ConfigurationError

    upgrade(url, passwords={})
    done = put_back(url, file)
    broken = [each for each in verify_all(url) if not each.chain.holds]
    if broken:
        raise ConfigurationError(
            "The backup was restored, but the audit record does not hold: "
            + ", ".join(f"{each.clinic} at {each.chain.broken_at}" for each in broken)
        )
    print(
        f"{sum(done.rows.values())} rows of {len(done.rows)} tables restored, as they were at {done.taken_at}"
    )
    print(f"{done.opened} sealed values opened; every audit chain holds")


@contextmanager
def owner_of(settings: Settings) -> Iterator[str]:
    """Give the owner's address: the configured one, or that of this machine's own server, running or not."""
    from followup.servers import embedded
    from followup.settings import Role

    place = settings.data_folder.absolute() / "postgres"
    if settings.database_url is not None:
        yield settings.database_url_of(Role.owner)
    elif (place / SOCKET).exists():
        yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(place), safe='')}"
    else:
        with embedded(settings.data_folder, redis=False) as servers:
            yield servers.database_url


def _at(url: str) -> dict[str, object]:
    from pydantic import SecretStr

    return {"database_url": SecretStr(url)}
