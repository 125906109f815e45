"""Start the processes: all of them on this machine, or one at a time as containers do."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from followup.cli.speaking import say

if TYPE_CHECKING:
    from followup.settings import Settings


def up() -> None:
    """Run everything on this machine: servers that are not configured, web, workers, beat. Ctrl-C stops all."""
    from followup.servers import embedded
    from followup.servers.port import need_free_port
    from followup.servers.processes import house_processes
    from followup.servers.supervisor import Supervisor
    from followup.settings import load

    settings = load()
    _refuse_unready(settings)
    need_free_port(settings.web_port, command="followup up")
    folder = settings.data_folder.absolute()
    database_url = settings.database_url.get_secret_value() if settings.database_url else ""
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    for name, url in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
        if not url:
            say(f"FOLLOWUP_{name} is not set: starting a server of our own in {folder}")
    with embedded(folder, database_url=database_url, redis_url=redis_url) as servers:
        settings = settings.model_copy(update=_secrets(servers.database_url, servers.redis_url))
        bring_up_to_date(settings)
        environment = process_environment(settings)
        say(f"web at http://{settings.web_host}:{settings.web_port}   stop with Ctrl-C")
        processes = house_processes(
            folder, environment=environment, fallback=settings.fallback_url is not None
        )
        with Supervisor(processes, data_folder=folder) as supervisor:
            supervisor.wait()


def web() -> None:
    """Run the web process: pages, API, webhooks."""
    import uvicorn

    from followup.settings import load

    settings = load()
    wait_for_servers(settings)
    uvicorn.run("followup.web.app:app", factory=True, **web_options(settings))


def web_options(settings: Settings) -> dict[str, Any]:
    """Return how the web server listens, and whose word about the address of a client it takes."""
    return {
        "host": settings.web_host,
        "port": settings.web_port,
        "log_config": None,
        "access_log": False,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": ",".join(settings.trusted_proxies),
        "server_header": False,
        "timeout_graceful_shutdown": 8,
    }


def worker(
    queues: Annotated[str, typer.Option(help="comma list: care, messages, upkeep")] = "care,messages,upkeep",
    concurrency: Annotated[int, typer.Option(help="threads", min=1, max=100)] = 8,
) -> None:
    """Run one worker. ``care`` gets one of its own in production, so that nothing delays a page."""
    from followup.servers.processes import QUEUES, worker_command
    from followup.settings import load

    wanted = [each.strip() for each in queues.split(",") if each.strip()]
    unknown = sorted(set(wanted) - set(QUEUES))
    if unknown or not wanted:
        raise typer.BadParameter(
            f"there is no queue {', '.join(unknown) or '(none given)'}; choose of {', '.join(QUEUES)}"
        )
    wait_for_servers(load())
    become(worker_command(wanted, concurrency=concurrency))


def beat() -> None:
    """Run the beat, which wakes the workers up. Two of them do no harm."""
    from followup.servers.processes import beat_command
    from followup.settings import load

    settings = load()
    wait_for_servers(settings)
    settings.data_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    become(beat_command(settings.data_folder))


def migrate() -> None:
    """Bring the database to the current schema and give the derived logins their passwords."""
    from followup.settings import load

    bring_up_to_date(load())
    say("the database is up to date")


def demo(
    story: Annotated[bool, typer.Option("--story", help="run whole recoveries and print them")] = False,
) -> None:
    """Start everything with invented patients, a movable clock and phones to answer from."""
    become([sys.executable, "-m", "followup.demo", *(["--story"] if story else [])])


def become(command: list[str]) -> None:
    """Turn this process into another program; signals then reach it without a stranger in between."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def bring_up_to_date(settings: Settings) -> None:
    """Wait for PostgreSQL and run the migrations as its owner."""
    from followup.db.migrate import WORKING_ROLES, upgrade
    from followup.servers.waiting import wait_for
    from followup.settings import Role

    owner = settings.database_url_of(Role.owner)
    derived = [Role(role) for role in WORKING_ROLES if getattr(settings, f"database_{role}_url") is None]
    passwords = {role.value: settings.role_password(role) for role in derived}
    wait_for("PostgreSQL", "FOLLOWUP_DATABASE_URL", lambda: upgrade(owner, passwords=passwords), say=say)


def wait_for_servers(settings: Settings) -> None:
    """Wait until PostgreSQL (with its three logins) and Redis answer, with a line for each that does not."""
    from followup.servers.waiting import ask_redis, wait_for
    from followup.settings import missing

    if settings.redis_url is None:
        raise missing("REDIS_URL", "the doorbell between web and workers", "redis://redis.example.org:6379/0")
    redis_url = settings.redis_url.get_secret_value()
    wait_for("PostgreSQL", "FOLLOWUP_DATABASE_URL", _ask_postgres, say=say)
    wait_for("Redis", "FOLLOWUP_REDIS_URL", lambda: ask_redis(redis_url), say=say)


def _ask_postgres() -> None:
    from followup.bootstrap import open_house

    open_house()


def process_environment(settings: Settings) -> dict[str, str]:
    """Return what the children need to know: the three working logins, never the owner's."""
    from followup.settings import PREFIX, Role

    environment = {
        f"{PREFIX}DATABASE_{role.upper()}_URL": settings.database_url_of(role)
        for role in (Role.app, Role.engine, Role.intake)
    }
    if settings.redis_url:
        environment[f"{PREFIX}REDIS_URL"] = settings.redis_url.get_secret_value()
    environment[f"{PREFIX}DATABASE_URL"] = ""
    environment[f"{PREFIX}DATA_FOLDER"] = str(settings.data_folder.absolute())
    return environment


def _secrets(database_url: str, redis_url: str) -> dict[str, object]:
    from pydantic import SecretStr

    return {"database_url": SecretStr(database_url), "redis_url": SecretStr(redis_url)}


def _refuse_unready(settings: Settings) -> None:
    """Say at once, and all of it, what is missing: a clinic must not learn it from the first text that fails."""
    from followup.cli.checks import settings_findings
    from followup.errors import ConfigurationError

    wrong = [each.sentence for each in settings_findings(settings) if each.is_wrong]
    if wrong:
        raise ConfigurationError("\n".join(wrong))
