"""Which column of a file means what: by name, in English and Spanish, or as a person has said.

A column that is taken for the wrong thing goes unnoticed in every row, so two columns for one field are a question
and a column nobody knows is left out and named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from followup.enrollment.request import FACT_FIELDS
from followup.errors import FieldProblem, InvalidInput
from followup.kit.names import search_words

FIRST_NAME, LAST_NAME, CLINIC, SAME_PERSON, CONFIRMED = (
    "first_name", "last_name", "clinic", "same_person", "confirmed",
)  # fmt: skip
IGNORED = "-"

# Folded words of a header, joined by blanks. Several names of one field stand beside each other.
SYNONYMS: Mapping[str, str] = {
    "patient.name": "name|full name|patient|patient name|nombre completo|paciente|"
    "nombre del paciente|nombre y apellidos",
    FIRST_NAME: "first name|firstname|given name|first|nombre|nombres|primer nombre",
    LAST_NAME: "last name|lastname|surname|family name|last|apellido|apellidos",
    "patient.phone": "phone|mobile|cell|cell phone|mobile phone|phone number|telephone|tel|telefono|celular|movil|"
    "numero de telefono|telefono movil|patient phone",
    "patient.email": "email|e mail|mail|email address|correo|correo electronico|patient email",
    "patient.birth_date": "birth date|birthdate|date of birth|dob|birthday|fecha de nacimiento|nacimiento",
    "patient.language": "language|lang|preferred language|idioma|lengua|idioma preferido",
    "patient.time_zone": "time zone|timezone|zone|zona horaria|huso horario",
    "patient.preferred_hours": "preferred hours|hours|horario|horario preferido",
    "procedure.performed_on": "procedure date|date of procedure|performed on|surgery date|date|dos|date of service|"
    "fecha|fecha del procedimiento|fecha de procedimiento|fecha de cirugia",
    "procedure.performed_at": "procedure time|performed at|time|hora|hora del procedimiento",
    "procedure.harvest": "harvest|harvest method|cell source|source|metodo|extraccion|metodo de extraccion",
    "pathway": "pathway|plan|program|programa|ruta",
    "channel": "channel|contact by|canal|medio",
    "consent.sms": "consent sms|sms consent|agreed to texts|text consent|consent|texts|sms|consentimiento sms|"
    "consentimiento|acepta sms|acepta mensajes",
    "consent.email": "consent email|email consent|agreed to email|consentimiento email|"
    "consentimiento correo|acepta correo",
    "consent.how": "consent how|how|consent given|consentimiento como",
    "consent.obtained_by": "obtained by|consent obtained by|consent by|obtenido por|consentimiento obtenido por",
    CLINIC: "clinic|clinic id|clinic slug|site|clinica|sede",
    SAME_PERSON: "same person|misma persona",
    CONFIRMED: "confirmed|date confirmed|confirmado|fecha confirmada",
    **{f"procedure.{fact}": fact.replace("_", " ") for fact in FACT_FIELDS},
}  # fmt: skip
_FIELD_OF = {name: field for field, names in SYNONYMS.items() for name in names.split("|")}
NEEDED = (
    ("patient.name", "the patient's name"),
    ("procedure.performed_on", "the date of the procedure"),
    ("procedure.harvest", "the harvest method"),
    ("pathway", "the pathway"),
    ("patient.language", "the patient's language"),
    ("consent.obtained_by", "who obtained the consent"),
)
# Written beside a refused row in the file of the bad rows; it means nothing when that file comes back.
OUR_COLUMNS = ("line", "what is wrong")


@dataclass(frozen=True, slots=True)
class Columns:
    """The field of each column, in the order of the file; None where a column is left out."""

    fields: tuple[str | None, ...]
    left_out: tuple[str, ...]


def known_columns(header: Sequence[str]) -> int:
    """Count the columns whose meaning is known by name."""
    return sum(_by_name(cell) is not None for cell in header)


def parse_mapping(told: Sequence[str]) -> dict[str, str]:
    """Read ``COLUMN=FIELD`` from a person; raises InvalidInput for a field that does not exist."""
    said: dict[str, str] = {}
    for each in told:
        column, equals, field = each.rpartition("=")
        if not equals or field not in {*SYNONYMS, IGNORED}:
            raise InvalidInput(
                "mapping",
                f"{each!r}: write COLUMN=FIELD; a field is one of {', '.join(SYNONYMS)}, or - for none.",
            )
        said[_folded(column)] = field
    return said


def map_columns(
    header: Sequence[str],
    said: Mapping[str, str],
    *,
    given: frozenset[str] = frozenset(),
    remembered: Mapping[str, str] | None = None,
) -> Columns:
    """Return what each column means; ``said`` wins over ``remembered`` over the name, ``given`` needs no column.

    Raises InvalidInput with every column that is missing or there twice.
    """
    unknown = set(said) - {_folded(cell) for cell in header}
    problems = [
        FieldProblem("mapping", f"There is no column {each!r} in the file.") for each in sorted(unknown)
    ]
    fields: list[str | None] = []
    said = {**(remembered or {}), **said}
    for cell in header:
        field = said.get(_folded(cell)) or _by_name(cell)
        fields.append(None if field == IGNORED else field)
    fields = _one_word_name(fields)
    for field in sorted({each for each in fields if each}):
        names = [cell for cell, each in zip(header, fields, strict=True) if each == field]
        if len(names) > 1:
            told = ", ".join(repr(name) for name in names)
            problems.append(
                FieldProblem("file", f"The columns {told} all mean {field}. Rename one, or map it to - .")
            )
    problems.extend(_missing({*fields, *given}))
    if problems:
        raise InvalidInput(problems)
    left = [
        cell for cell, field in zip(header, fields, strict=True)
        if field is None and said.get(_folded(cell)) != IGNORED and _folded(cell) not in ("", *OUR_COLUMNS)
    ]  # fmt: skip
    return Columns(tuple(fields), tuple(left))


def _one_word_name(fields: list[str | None]) -> list[str | None]:
    """``nombre`` alone is the whole name; beside ``apellidos`` it is the first one."""
    if FIRST_NAME in fields and not {LAST_NAME, "patient.name"} & set(fields):
        return ["patient.name" if field == FIRST_NAME else field for field in fields]
    return fields


def _missing(there: set[str | None]) -> list[FieldProblem]:
    if {FIRST_NAME, LAST_NAME} <= there:
        there = {*there, "patient.name"}
    found = [
        FieldProblem(
            field, f"No column for {words}. Say which column it is, COLUMN={field}, or set it for every row."
        )
        for field, words in NEEDED
        if field not in there
    ]
    if not {"patient.phone", "patient.email"} & there:
        found.append(FieldProblem("file", "No column for a phone or an email address."))
    return found


def _by_name(cell: str) -> str | None:
    folded = _folded(cell)
    dotted = cell.strip().lower()
    return dotted if dotted in SYNONYMS else _FIELD_OF.get(folded)


def _folded(cell: str) -> str:
    apart = re.sub(r"[_\-./]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cell))
    return " ".join(word for each in apart.split() for word in search_words(each))
