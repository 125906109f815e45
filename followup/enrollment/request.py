"""What somebody typed into the enrollment form, the API or a file, and what it means once it is checked.

Checking is pure and finds every problem at once, each at its field, in words for the person who typed it. Nothing
is guessed: a date with two readings, a number with an extension or a missing zone goes back with a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, TypeVar

from followup.clinics.states import Channel
from followup.errors import FieldProblem, InvalidInput
from followup.kit.dates import (
    DateError,
    check_birth_date,
    check_procedure_date,
    parse_date,
    parse_time,
)
from followup.kit.mail.address import MailAddressError, parse_address
from followup.kit.names import PersonNameError, normalize_name
from followup.kit.phone import PhoneError, parse_phone
from followup.kit.windows import Window, WindowError, ZoneError, zone
from followup.patients.states import Harvest

T = TypeVar("T")

LONGEST_FACT = 2_000
DEFAULT_PROCEDURE_TIME = time(9, 0)
HOW_OBTAINED = ("in_person", "phone", "paper", "portal")
# Facts about a patient that belong into the enrollment; sealed, shown to staff, some read by triage.
FACT_FIELDS = (
    "harvest_site", "level", "pain_before", "conditions", "usual_symptoms", "medicines", "helper_name",
    "helper_phone", "visit_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnrollmentRequest:
    """Raw fields by their dotted names, such as ``patient.phone`` or ``procedure.performed_on``."""

    fields: Mapping[str, Any]

    @staticmethod
    def from_nested(body: Mapping[str, Any]) -> EnrollmentRequest:
        """Flatten a JSON body one level deep; what is not text, number or yes/no is refused when it is read."""
        flat: dict[str, Any] = {}
        for name, value in body.items():
            if isinstance(value, Mapping):
                flat.update({f"{name}.{inner}": each for inner, each in value.items()})
            else:
                flat[name] = value
        return EnrollmentRequest(flat)

    def text(self, name: str) -> str:
        """Return a field as stripped text; an absent one is empty."""
        value = self.fields.get(name)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise InvalidInput(name, "Give this as text.")
        return str(value).strip()

    def flag(self, name: str) -> bool:
        """Return a yes/no field."""
        value = self.fields.get(name)
        return value is True or str(value).strip().lower() in {"true", "yes", "on", "1"}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the checks compare with: the clinic's day, zone and numbers, and the pathway's languages."""

    today: date
    clinic_zone: str
    own_numbers: frozenset[str] = frozenset()
    languages: tuple[str, ...] = ("en", "es")
    regions: frozenset[str] = frozenset({"US"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRequest:
    """The same enrollment with every field understood. Dates and times are local to ``zone``."""

    name: str
    phone: str | None
    email: str | None
    birth_date: date | None
    language: str
    zone: str
    preferred_hours: Window | None
    performed_on: date
    performed_at: time
    harvest: Harvest
    pathway: str
    channel: Channel
    consent_sms: bool
    consent_email: bool
    consent_how: str
    obtained_by: str
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def check(request: EnrollmentRequest, around: Surroundings) -> CheckedRequest:
    """Check every field; raises InvalidInput with all problems found."""
    return _Checker(request, around).result()


class _Checker:
    """Collects problems field by field, so that a person mends a form once and not five times."""

    def __init__(self, request: EnrollmentRequest, around: Surroundings) -> None:
        self._request = request
        self._around = around
        self._problems: list[FieldProblem] = []
        self._warnings: list[str] = []

    def result(self) -> CheckedRequest:
        confirmed = self._request.flag("confirmed")
        name = self._field("patient.name", normalize_name, required="Give the patient's name.")
        phone = self._field("patient.phone", self._phone)
        email = self._field("patient.email", parse_address)
        zone_name = self._field(
            "patient.time_zone", lambda text: zone(text).key, fallback=self._around.clinic_zone
        )
        performed_on = self._field(
            "procedure.performed_on",
            lambda text: check_procedure_date(
                parse_date(text), today=self._around.today, confirmed=confirmed
            ),
            required="Give the date of the procedure.",
        )
        performed_at = self._field("procedure.performed_at", parse_time, fallback=DEFAULT_PROCEDURE_TIME)
        birth_date = self._field(
            "patient.birth_date",
            lambda text: check_birth_date(
                parse_date(text), performed_on=performed_on or self._around.today, today=self._around.today
            ),
        )
        language = self._field("patient.language", self._language, required="Choose the patient's language.")
        harvest = self._field(
            "procedure.harvest", _one_of(Harvest, "bone_marrow or fat"), required="Choose the harvest method."
        )
        hours = self._field("patient.preferred_hours", Window.parse)
        channel = self._field("channel", self._channel, fallback=None) or (
            Channel.sms if phone else Channel.email
        )
        pathway = self._field("pathway", str, required="Choose a pathway.")
        how = self._field("consent.how", _choice(HOW_OBTAINED), fallback="in_person")
        obtained_by = self._field(
            "consent.obtained_by", normalize_name, required="Say who obtained the consent."
        )
        facts = {name: value for name in FACT_FIELDS if (value := self._fact(name))}
        consents = self._consents(phone=phone, email=email, channel=channel)
        if self._problems:
            raise InvalidInput(self._problems)
        # Each of these is required above; the checker cannot see it.
        assert name
        assert zone_name
        assert performed_on
        assert performed_at
        assert language
        assert harvest
        assert pathway
        return CheckedRequest(
            name=name, phone=phone, email=email, birth_date=birth_date, language=language, zone=zone_name,
            preferred_hours=hours, performed_on=performed_on, performed_at=performed_at, harvest=harvest,
            pathway=pathway, channel=channel, consent_sms=consents[0], consent_email=consents[1],
            consent_how=how or "in_person", obtained_by=obtained_by or "", facts=facts,
            warnings=tuple(self._warnings),
        )  # fmt: skip

    def _field(
        self, name: str, read: Callable[[str], T], *, required: str = "", fallback: T | None = None
    ) -> T | None:
        try:
            text = self._request.text(name)
            if text:
                return read(text)
        except (DateError, MailAddressError, PersonNameError, PhoneError, WindowError, ZoneError) as problem:
            self._problems.append(FieldProblem(name, problem.message))
            return None
        except InvalidInput as problem:
            self._problems.extend(FieldProblem(name, each.message) for each in problem.problems)
            return None
        if required:
            self._problems.append(FieldProblem(name, required))
        return fallback

    def _phone(self, text: str) -> str:
        phone = parse_phone(text, allowed_regions=self._around.regions, own_numbers=self._around.own_numbers)
        self._warnings.extend(phone.warnings)
        return phone.e164

    def _language(self, text: str) -> str:
        if text not in self._around.languages:
            raise InvalidInput("language", f"Choose one of: {', '.join(self._around.languages)}.")
        return text

    def _channel(self, text: str) -> Channel | None:
        return _one_of(Channel, "sms or email", allowed=("sms", "email"))(text)

    def _fact(self, name: str) -> str:
        try:
            text = self._request.text(f"procedure.{name}")
        except InvalidInput as problem:
            self._problems.extend(problem.problems)
            return ""
        bad = next((at for at, char in enumerate(text) if ord(char) < 32 and char not in "\n\t\r"), None)
        if bad is not None:
            self._problems.append(
                FieldProblem(f"procedure.{name}", f"There is a control character at position {bad + 1}.")
            )
        if len(text) > LONGEST_FACT:
            self._problems.append(
                FieldProblem(f"procedure.{name}", f"Keep this under {LONGEST_FACT} characters.")
            )
        return text

    def _consents(self, *, phone: str | None, email: str | None, channel: Channel) -> tuple[bool, bool]:
        """Without an address and consent for the chosen channel nothing may be sent, so nothing is enrolled."""
        sms = self._request.flag("consent.sms") and phone is not None
        mail = self._request.flag("consent.email") and email is not None
        missing = {problem.field for problem in self._problems}
        if channel is Channel.sms and not sms and "patient.phone" not in missing:
            wrong = "consent.sms" if phone else "patient.phone"
            words = "The patient has to agree to texts first." if phone else "Texting needs a phone number."
            self._problems.append(FieldProblem(wrong, words))
        if channel is Channel.email and not mail and "patient.email" not in missing:
            wrong = "consent.email" if email else "patient.email"
            words = "The patient has to agree to email first." if email else "Email needs an address."
            self._problems.append(FieldProblem(wrong, words))
        return sms, mail


def _one_of(kind: Callable[[str], T], words: str, *, allowed: tuple[str, ...] = ()) -> Callable[[str], T]:
    def read(text: str) -> T:
        if allowed and text not in allowed:
            raise InvalidInput("choice", f"Choose {words}.")
        try:
            return kind(text)
        except ValueError:
            raise InvalidInput("choice", f"Choose {words}.") from None

    return read


def _choice(allowed: tuple[str, ...]) -> Callable[[str], str]:
    return _one_of(str, ", ".join(allowed), allowed=allowed)
