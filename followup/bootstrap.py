"""The one place where settings become objects. Doors start here; nothing below imports it."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from followup.db import sealed
from followup.db.keys import check_keys
from followup.db.session import Database, PoolSize, Ringer
from followup.errors import ConfigurationError
from followup.gateways.bell import CeleryBell
from followup.gateways.media import fetcher
from followup.gateways.smtp import SmtpGateway, SmtpServer
from followup.gateways.twilio import TwilioAccount, TwilioGateway
from followup.intake.spool import TextSpool
from followup.kit.clock import Clock, ClockFile, SystemClock
from followup.kit.crypto import KeyRing
from followup.kit.tokens import Seal
from followup.messaging.deliver import Outside
from followup.messaging.mail import MailFrame
from followup.pathways.library import Library, load_library
from followup.ports import MediaContent, MediaRefused
from followup.settings import Role, Settings, load, missing

# An unsubscribe link in an old mail has to work; the law asks for thirty days, people keep mail for longer.
UNSUBSCRIBE_LIVES = timedelta(days=730)
SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class House:
    """Everything a door needs, built once per process."""

    settings: Settings
    clock: Clock
    database: Database
    ringer: Ringer
    outside: Outside

    @property
    def library(self) -> Library:
        """The pathways that patients can be enrolled in now; a folder that changed is read again."""
        folder = self.settings.templates_folder / "pathways"
        return replace(_library(folder, _stamp(folder)), needs_signatures=self.settings.is_production)

    def seal(self, purpose: str) -> Seal:
        """Return what signs links of one purpose; a link of another purpose is never accepted for it."""
        return Seal(secret_keys(self.settings), purpose)


def build(settings: Settings, *, ringer: Ringer | None = None, pool: PoolSize | None = None) -> House:
    """Build the house from settings; raises ConfigurationError naming what is missing or unsafe."""
    install_keys(settings)
    urls = {role.value: settings.database_url_of(role) for role in (Role.app, Role.engine, Role.intake)}
    ringer = ringer or CeleryBell()
    return House(
        settings=settings,
        clock=clock_of(settings),
        database=Database(urls, ringer=ringer, pool=pool),
        ringer=ringer,
        outside=outside_of(settings),
    )


def outside_of(settings: Settings) -> Outside:
    """Return how messages leave the house; a gateway that is not configured fails when it is first needed."""
    seal = Seal(secret_keys(settings), "unsubscribe")

    def unsubscribe_url(contact_point_id: uuid.UUID) -> str:
        # Links live in machine time: a demo's clock must not make them stale.
        token = seal.sign(str(contact_point_id), expires_at=SystemClock().now() + UNSUBSCRIBE_LIVES)
        return f"{settings.public_url}/u/{token}"

    return Outside(
        open_sms=sms_of(settings),
        email=SmtpGateway(SmtpServer.from_url(settings.smtp_url.get_secret_value()))
        if settings.smtp_url
        else None,
        mail_frame=MailFrame(templates=settings.templates_folder, unsubscribe_url=unsubscribe_url),
        public_url=settings.public_url,
    )


def sms_of(settings: Settings) -> Callable[[], AbstractAsyncContextManager[TwilioGateway]]:
    """Return a way to open the carrier's gateway; raises ConfigurationError on opening if it is not set up."""

    def open_gateway() -> TwilioGateway:
        return TwilioGateway(account_of(settings))

    return open_gateway


def account_of(settings: Settings) -> TwilioAccount:
    """Return how to sign in to the carrier; raises ConfigurationError if that is not set up."""
    if not settings.twilio_account_sid:
        raise missing("TWILIO_ACCOUNT_SID", "the carrier account texts are sent from", "AC…")
    secret = settings.twilio_api_secret
    if settings.twilio_api_key and secret:
        username, password = settings.twilio_api_key, secret.get_secret_value()
    elif settings.twilio_auth_token:
        username = settings.twilio_account_sid
        password = settings.twilio_auth_token[0].get_secret_value()
    else:
        raise missing("TWILIO_API_KEY", "the key that may send (with TWILIO_API_SECRET)", "SK…")
    return TwilioAccount(settings.twilio_account_sid, username, password, settings.twilio_api_url)


def media_of(settings: Settings) -> Callable[[str], MediaContent | MediaRefused]:
    """Return what fetches a file that came with a text; a missing setting is told at the first one."""
    return fetcher(lambda: account_of(settings))


def spool_of(settings: Settings) -> TextSpool:
    """Return where texts are kept while the database is away; the receiver and the import share it."""
    folder = settings.spool_folder or settings.data_folder / "spool"
    return TextSpool.at(folder.absolute(), most_bytes=settings.spool_megabytes * 1_048_576)


def secret_keys(settings: Settings) -> list[str]:
    """Return the keys that sign links, newest first, or refuse: a missing or short secret signs nothing."""
    texts = [key.get_secret_value() for key in settings.secret_keys]
    if not texts:
        raise missing("SECRET_KEYS", "the secret that signs links", "a line from `openssl rand -hex 32`")
    if any(len(text) < SHORTEST_SECRET for text in texts):
        raise ConfigurationError(f"FOLLOWUP_SECRET_KEYS: each key needs {SHORTEST_SECRET} characters or more")
    return texts


def install_keys(settings: Settings) -> None:
    """Give this process its encryption keys, or refuse to go on: there is no plaintext fallback."""
    texts = [key.get_secret_value() for key in settings.encryption_keys]
    if not texts:
        raise missing(
            "ENCRYPTION_KEYS", "the key that seals patient data", "a line from `openssl rand -hex 32`"
        )
    try:
        sealed.install(KeyRing.from_texts(texts))
    except ValueError as error:
        raise ConfigurationError(f"FOLLOWUP_ENCRYPTION_KEYS: {error}") from None


def clock_of(settings: Settings) -> Clock:
    """Return the care clock: the machine's, or the shared file of a demo or test."""
    return ClockFile(settings.clock_file) if settings.clock_file else SystemClock()


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What tells whether a file of a folder changed, cheaply enough to ask at every enrollment."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    return tuple((str(each), (found := each.stat()).st_mtime_ns, found.st_size) for each in files)


@functools.lru_cache(maxsize=2)
def _library(folder: Path, _stamp_of_it: tuple[tuple[str, int, int], ...]) -> Library:
    return load_library(folder)


@functools.cache
def open_house() -> House:
    """Build the house from the environment, once per process, and check its logins and its keys."""
    house = build(load())
    try:
        house.database.check_roles()
        with house.database.engine() as looking:
            check_keys(looking)
    except BaseException:
        house.database.dispose()
        raise
    return house
