"""What ``followup doctor`` checks: settings first, then the servers behind them, then what a clinic wrote.

Each finding is a sentence that says what is wrong and what to do; values of secrets are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from followup.errors import FollowupError

if TYPE_CHECKING:
    from followup.bootstrap import House
    from followup.db.session import Database
    from followup.settings import Settings

SECRET_EXAMPLE = "a line from `openssl rand -hex 32`"  # noqa: S105 - the example is how to make one
CONNECT_SECONDS = 4.0


class Verdict(StrEnum):
    """How a check ended."""

    ok = "ok"
    note = "note"  # works, but a person should know
    wrong = "wrong"  # the service would not work, or would not be safe


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what it found."""

    verdict: Verdict
    what: str
    sentence: str

    @property
    def is_wrong(self) -> bool:
        """Whether it has to be mended first."""
        return self.verdict is Verdict.wrong


def wrong(what: str, sentence: str) -> Finding:
    """Build a finding that has to be mended."""
    return Finding(Verdict.wrong, what, sentence)


def note(what: str, sentence: str) -> Finding:
    """Build a finding that a person should know."""
    return Finding(Verdict.note, what, sentence)


def fine(what: str, sentence: str) -> Finding:
    """Build a finding of a check that passed."""
    return Finding(Verdict.ok, what, sentence)


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Check what can be checked without any server: the keys, the carrier's login, the public address."""
    yield from _key_findings(settings)
    yield from _carrier_findings(settings)
    if settings.is_production:
        yield from _production_findings(settings)


def _missing(name: str, meaning: str, example: str) -> Finding:
    return wrong(f"FOLLOWUP_{name}", f"FOLLOWUP_{name} is not set. It is {meaning}, for example: {example}")


def _key_findings(settings: Settings) -> Iterator[Finding]:
    from followup.bootstrap import install_keys, secret_keys

    for name, meaning, check in (
        ("SECRET_KEYS", "the secret that signs links", secret_keys),
        ("ENCRYPTION_KEYS", "the key that seals patient data", install_keys),
    ):
        if not getattr(settings, name.lower()):
            yield _missing(name, meaning, SECRET_EXAMPLE)
            continue
        try:
            check(settings)
        except FollowupError as error:
            yield wrong(f"FOLLOWUP_{name}", error.message)
        else:
            yield fine(f"FOLLOWUP_{name}", "is set")


def _carrier_findings(settings: Settings) -> Iterator[Finding]:
    if not settings.twilio_account_sid:
        yield _missing("TWILIO_ACCOUNT_SID", "the carrier account texts are sent from", "AC" + "0" * 32)
    if not settings.twilio_auth_token:
        yield _missing(
            "TWILIO_AUTH_TOKEN",
            "what proves that a webhook comes from the carrier",
            "the token of the console",
        )
    if bool(settings.twilio_api_key) != bool(settings.twilio_api_secret):
        yield wrong(
            "FOLLOWUP_TWILIO_API_KEY",
            "FOLLOWUP_TWILIO_API_KEY and FOLLOWUP_TWILIO_API_SECRET belong together; only one is set.",
        )
    elif not settings.twilio_api_key:
        yield note(
            "FOLLOWUP_TWILIO_API_KEY",
            "is not set, so texts are sent with the account's auth token; an API key can be revoked alone",
        )
    if settings.smtp_url is None:
        yield note(
            "FOLLOWUP_SMTP_URL",
            "is not set: no email can be sent. Example: smtp+starttls://user:secret@mail.example.org:587",
        )
    elif settings.mailbox_url is None:
        yield note(
            "FOLLOWUP_MAILBOX_URL",
            "is not set: answers to emails are not read. Example: imaps://user:secret@mail.example.org",
        )


def _production_findings(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.public_url)
    if parts.scheme != "https" or parts.hostname in {None, "localhost", "127.0.0.1"}:
        yield wrong(
            "FOLLOWUP_PUBLIC_URL",
            "FOLLOWUP_PUBLIC_URL has to be the https address under which carriers and staff reach this service,"
            " for example: https://followup.example.org",
        )
    if settings.smtp_url is not None and urlsplit(settings.smtp_url.get_secret_value()).scheme == "smtp":
        yield wrong(
            "FOLLOWUP_SMTP_URL",
            "FOLLOWUP_SMTP_URL sends mail in the clear; write smtp+starttls:// or smtps://.",
        )
    if settings.mail_from.endswith(".example"):
        yield note("FOLLOWUP_MAIL_FROM", f"is {settings.mail_from}, an address that does not exist")
    if settings.deadman_url is None:
        yield note("FOLLOWUP_DEADMAN_URL", "is not set: nobody outside hears when the sweeps stop")
    elif settings.deadman_url == settings.deadman_fail_url:
        yield wrong(
            "FOLLOWUP_DEADMAN_FAIL_URL",
            "FOLLOWUP_DEADMAN_FAIL_URL is the address for good news, too: the monitor could not tell them apart.",
        )


def server_findings(settings: Settings) -> Iterator[Finding]:
    """Ask every server that is configured."""
    yield _asked(
        "PostgreSQL",
        lambda: _ask_postgres(settings),
        "answers; its three logins are held by row-level security, and the keys of its rows are here",
    )
    if settings.redis_url is None:
        yield _missing(
            "REDIS_URL", "the doorbell between web and workers", "redis://redis.example.org:6379/0"
        )
    else:
        url = settings.redis_url.get_secret_value()
        yield _asked("Redis", lambda: _ask_redis(url), "answers")
    yield _asked(
        "carrier", lambda: _connect(settings.twilio_api_url), f"{settings.twilio_api_url} can be reached"
    )
    for what, monitor in (
        ("outside monitor", settings.deadman_url), ("outside monitor (failures)", settings.deadman_fail_url),
    ):  # fmt: skip
        if monitor is not None:
            # The path of a ping is as good as a password, so only the host is asked for and shown.
            host = urlsplit(monitor)._replace(path="", query="").geturl()
            yield _asked(what, lambda host=host: _connect(host), "can be reached")  # type: ignore[misc]
    for name, address in (("SMTP", settings.smtp_url), ("mailbox", settings.mailbox_url)):
        if address is not None:
            told = address.get_secret_value()
            yield _asked(name, lambda told=told: _connect(told), "can be reached")  # type: ignore[misc]


def _asked(what: str, ask: Callable[[], None], answer: str) -> Finding:
    try:
        ask()
    except FollowupError as error:
        return wrong(what, error.message)
    return fine(what, answer)


def _ask_postgres(settings: Settings) -> None:
    from followup.db.session import Database
    from followup.settings import Role

    urls = {role.value: settings.database_url_of(role) for role in (Role.app, Role.engine, Role.intake)}
    database = Database(urls)
    try:
        database.check_roles()
        _check_schema(database)
        _check_keys(settings, database)
    finally:
        database.dispose()


def _check_schema(database: Database) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    from followup.errors import ConfigurationError

    try:
        with database.engine() as session:
            session.execute(text("SELECT id FROM clinic LIMIT 1"))
    except ProgrammingError:
        raise ConfigurationError("the database has no tables yet: run `followup migrate`.") from None


def _check_keys(settings: Settings, database: Database) -> None:
    from followup.bootstrap import install_keys
    from followup.db.keys import check_keys

    install_keys(settings)
    with database.engine() as looking:
        check_keys(looking)


def _ask_redis(url: str) -> None:
    from followup.servers.waiting import ask_redis

    ask_redis(url)


def _connect(url: str) -> None:
    import socket

    from followup.errors import Unreachable
    from followup.servers.waiting import without_password

    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 443)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise Unreachable(f"{without_password(url)} can't be reached on port {port}: {error}") from None


_PORTS = {
    "https": 443, "http": 80, "lab+http": 80, "smtp": 25, "smtp+starttls": 587, "smtps": 465,
    "imaps": 993, "imap": 143,
}  # fmt: skip


def content_findings(settings: Settings) -> Iterator[Finding]:
    """Read every pathway and every text of the house, as the service does when it starts."""
    from followup.pathways.check import check
    from followup.pathways.library import load_library
    from followup.pathways.system import load_system_texts

    try:
        library = load_library(settings.templates_folder / "pathways")
        load_system_texts(settings.templates_folder / "system")
    except FollowupError as error:
        yield wrong("templates", error.message)
        return
    for name in library.refused:
        yield wrong(f"pathway {name}", f"is refused; `followup pathway check {name}` says why")
    for pathway in library.pathways.values():
        draft = "; a draft that no clinician has approved" if pathway.is_draft else ""
        errors = len(check(pathway))
        marks = f"; {errors} remarks, see `followup pathway check {pathway.id}`" if errors else ""
        yield (note if draft or errors else fine)(
            f"pathway {pathway.id}", f"version {pathway.version}{draft}{marks}"
        )
    yield fine("system texts", "are complete in every language")


def house_of(settings: Settings) -> House:
    """Build the house for commands that need it, without asking its servers yet."""
    from followup.bootstrap import build

    return build(settings)
