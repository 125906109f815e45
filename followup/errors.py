"""The errors of the house, worded for the person who will read them.

The docstring of a class is its message when none is given. Errors of the domain know nothing of HTTP: one table
in ``web/problems.py`` maps a class to a status. ``permanent`` says whether trying again can help.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class FollowupError(Exception):
    """Something went wrong."""

    permanent: ClassVar[bool] = True
    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().split("\n")[0])

    @property
    def message(self) -> str:
        """The sentence for the person who reads it."""
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One thing that is wrong with one field, and what to do about it."""

    field: str
    message: str


class InvalidInput(FollowupError):
    """Something in this form needs to be corrected."""

    code = "invalid-input"

    def __init__(self, problems: Iterable[FieldProblem] | str, message: str | None = None) -> None:
        """Take a field and a message, or several problems found together."""
        if isinstance(problems, str):
            problems = [FieldProblem(problems, message or "needs to be corrected")]
        self.problems: tuple[FieldProblem, ...] = tuple(problems)
        super().__init__("; ".join(f"{each.field}: {each.message}" for each in self.problems))


class NotFound(FollowupError):
    """There is nothing here, or it belongs to another clinic."""

    code = "not-found"


class NotAllowed(FollowupError):
    """Your role does not include this."""

    code = "not-allowed"


class NotSignedIn(FollowupError):
    """Please sign in first."""

    code = "not-signed-in"


class Conflict(FollowupError):
    """Somebody else was quicker, or this was done already."""

    code = "conflict"


class AlreadyEnrolled(Conflict):
    """This patient is already enrolled for this procedure."""

    code = "already-enrolled"

    def __init__(self, enrollment_id: str) -> None:
        """Remember the first enrollment, so that a page can link to it."""
        self.enrollment_id = enrollment_id
        super().__init__()


class ForbiddenState(Conflict):
    """This can't be done in the state it is in."""

    code = "forbidden-state"


class ConfigurationError(FollowupError):
    """A setting is missing or wrong."""

    code = "configuration"


class Unreachable(FollowupError):
    """A server could not be reached."""

    permanent = False
    code = "unreachable"
