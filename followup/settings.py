"""What an operator decides, read from the environment once, at the edge.

Every setting starts with ``FOLLOWUP_``; every secret can be given as ``FOLLOWUP_…_FILE`` instead. The defaults
are those of production: the lab, a movable clock and default secrets are refused there. Nothing below the
wiring (``bootstrap``) imports this module.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from followup.errors import ConfigurationError
from followup.kit.money import Money

PREFIX = "FOLLOWUP_"
ROOT = Path(__file__).resolve().parent.parent
TWILIO_API = "https://api.twilio.com"


class Environment(StrEnum):
    """Where this process runs; anything but production may use the lab and a movable clock."""

    production = "production"
    demo = "demo"
    test = "test"


class Role(StrEnum):
    """The four logins of the database; see ARCHITECTURE, "Who may read what"."""

    owner = "owner"
    app = "app"
    engine = "engine"
    intake = "intake"


class Settings(BaseSettings):
    """Typed settings; each field's description is what ``followup doctor`` tells an operator."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    environment: Environment = Field(Environment.production, description="production, demo or test")
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL login that owns the tables and runs migrations; the other three follow from it",
        examples=["postgresql://followup_owner:secret@db.example.org/followup"],
    )
    database_app_url: SecretStr | None = Field(
        None, description="login of the pages and verbs, if not derived"
    )
    database_engine_url: SecretStr | None = Field(None, description="login of the sweeps, if not derived")
    database_intake_url: SecretStr | None = Field(None, description="login of the webhooks, if not derived")
    redis_url: SecretStr | None = Field(
        None, description="the doorbell (Celery broker)", examples=["redis://redis.example.org:6379/0"]
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="the https address under which carriers and staff reach this service",
        examples=["https://followup.example.org"],
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="comma list, newest first, at least 32 characters each; signs links and derives logins",
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="comma list, newest first, 64 hexadecimal digits each; seals patient data"
    )
    twilio_account_sid: str | None = Field(None, examples=["AC" + "0" * 32])
    twilio_auth_token: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="checks webhook signatures; a comma list while it is being rotated"
    )
    twilio_api_key: str | None = Field(
        None, description="API key SID used for sending", examples=["SK" + "0" * 32]
    )
    twilio_api_secret: SecretStr | None = None
    twilio_messaging_service_sid: str | None = Field(None, description="sender of a single clinic")
    twilio_from: str | None = Field(None, description="sending number of a single clinic, E.164")
    twilio_api_url: str = Field(TWILIO_API, description="the carrier's API; the lab in demo and test")
    smtp_url: SecretStr | None = Field(
        None, description="outgoing mail", examples=["smtp+starttls://user:secret@mail.example.org:587"]
    )
    mailbox_url: SecretStr | None = Field(
        None,
        description="mailbox that patients' answers reach",
        examples=["imaps://user:secret@mail.example.org"],
    )
    mail_from: str = Field("care@followup.example", description="sender address of patient mail")
    clock_file: Path | None = Field(None, description="movable clock of demo and test; refused in production")
    data_folder: Path = Field(Path(".followup"), description="embedded servers, clock file, logs")
    templates_folder: Path = Field(ROOT / "templates", description="pathways, system texts, pages")
    log_format: str = Field("json", description="json or plain")
    require_second_factor: bool | None = Field(
        None, description="whether everybody signs in with a second factor; if not set: in production yes"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1",),
        description="addresses or networks of the proxies whose X-Forwarded headers are believed; a comma list",
        examples=["10.0.3.0/28,127.0.0.1"],
    )
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    fallback_url: str | None = Field(
        None,
        description="the https address under which the carrier reaches the fallback receiver; not set: none runs",
        examples=["https://fallback.example.org"],
    )
    fallback_port: int = Field(8001, description="port of the fallback receiver, on WEB_HOST")
    spool_folder: Path | None = Field(
        None, description="where the fallback receiver keeps sealed texts; if not set: spool in DATA_FOLDER"
    )
    spool_megabytes: int = Field(64, ge=1, description="how much it keeps before it answers that it can't")
    deadman_url: str | None = Field(
        None,
        description="outside monitor, pinged every minute while the sweeps run and nobody waits too long",
        examples=["https://monitor.example.org/ping/followup"],
    )
    deadman_fail_url: str | None = Field(
        None,
        description="pinged instead when something is behind; without it silence is the only alarm",
        examples=["https://monitor.example.org/ping/followup/fail"],
    )

    segment_price: str | None = Field(
        None,
        description="what the carrier takes for one segment of a text, for estimates; not set: segments alone",
        examples=["0.0113 USD"],
    )

    @field_validator("segment_price")
    @classmethod
    def _is_money(cls, value: str | None) -> str | None:
        if value is not None:
            Money.parse(value)
        return value

    @field_validator("secret_keys", "encryption_keys", "twilio_auth_token", "trusted_proxies", mode="before")
    @classmethod
    def _comma_list(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("deadman_url", "deadman_fail_url", "fallback_url")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is not None and not (
            urlsplit(value).scheme in ("http", "https") and urlsplit(value).hostname
        ):
            raise ValueError("write a web address, for example https://monitor.example.org/ping/followup")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                network = ipaddress.ip_network(each)
            except ValueError:
                raise ValueError("write addresses or networks, for example 10.0.3.0/28") from None
            if network.prefixlen == 0:
                raise ValueError("a network of everybody trusts everybody; name the proxies")
        return value

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment is not Environment.production:
            return self
        if self.clock_file is not None:
            raise ValueError("CLOCK_FILE: a movable clock is for demo and test only")
        if self.twilio_api_url != TWILIO_API and not self.twilio_api_url.startswith("https://"):
            raise ValueError("TWILIO_API_URL: production talks to the carrier over https only")
        return self

    @property
    def is_production(self) -> bool:
        """Whether real patients are on the other end."""
        return self.environment is Environment.production

    @property
    def asks_second_factor(self) -> bool:
        """Whether nobody gets in with a password alone."""
        return self.is_production if self.require_second_factor is None else self.require_second_factor

    def database_url_of(self, role: Role) -> str:
        """Return the SQLAlchemy URL (psycopg 3) of one database role.

        The app, engine and intake logins are derived from the owner's URL: the same server and database, the
        role's own name, and a password derived from the newest secret key. Raises ConfigurationError when
        the base is missing.
        """
        own = {
            Role.app: self.database_app_url,
            Role.engine: self.database_engine_url,
            Role.intake: self.database_intake_url,
        }.get(role)
        if own is not None:
            return _with_driver(own.get_secret_value())
        if self.database_url is None:
            raise missing(
                "DATABASE_URL", "the PostgreSQL database", "postgresql://owner:secret@host/followup"
            )
        base = _with_driver(self.database_url.get_secret_value())
        if role is Role.owner:
            return base
        return _as_login(base, f"followup_{role}", self.role_password(role))

    def role_password(self, role: Role) -> str:
        """Return the password that ``migrate`` gives a derived login."""
        if not self.secret_keys:
            raise missing("SECRET_KEYS", "the secret that signs links", "a line from `openssl rand -hex 32`")
        # The oldest key of the list, so that putting a new one in front does not lock the processes out.
        key = self.secret_keys[-1].get_secret_value().encode()
        return hmac.new(key, f"database role {role}".encode(), hashlib.sha256).hexdigest()[:40]


def missing(name: str, meaning: str, example: str) -> ConfigurationError:
    """Build the error for a setting that is not there: its name, its meaning, an example."""
    return ConfigurationError(f"{PREFIX}{name} is not set. It is {meaning}, for example: {example}")


def load(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings from the environment, with ``…_FILE`` secrets resolved.

    Raises ConfigurationError with one sentence per wrong setting; values are never repeated, they may be secret.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, object] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.endswith("_file") and key.removesuffix("_file") in Settings.model_fields:
            # An empty file is a secret that is not used: a compose file names it all the same.
            if value and (secret := _secret_file(name, Path(value))):
                found.setdefault(key.removesuffix("_file"), secret)
        elif key in Settings.model_fields and value != "":
            found[key] = value
    try:
        return Settings.model_validate({**found, **overrides})
    except ValidationError as error:
        told = (_told(each["loc"], each["msg"]) for each in error.errors())
        raise ConfigurationError("; ".join(told)) from None


def _told(where: tuple[int | str, ...], what: str) -> str:
    name = f"{PREFIX}{str(where[0]).upper()}" if where else "settings"
    return f"{name}: {what.removeprefix('Value error, ')}"


def _secret_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{name} names {path}, which can't be read: {error.strerror}") from None


def _with_driver(url: str) -> str:
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _as_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    _, _, host = parts.netloc.rpartition("@")
    login = f"{quote(user)}:{quote(password)}@{host}"
    return urlunsplit((parts.scheme, login, parts.path, parts.query, parts.fragment))
