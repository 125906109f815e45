"""Numbers as people and machines type them: finite, in range, or refused.

``NaN`` compares false with everything and ``1e400`` is infinite, so either would slip through a range check written
the usual way. Neither is a pain score or a temperature.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

MOST_CHARACTERS = 20


class NumberError(ValueError):
    """A number that was refused; ``code`` for programs, the message for the person who typed it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_number(value: object, *, low: Decimal | int, high: Decimal | int) -> Decimal:
    """Return a finite number from ``low`` to ``high``, both allowed; a comma may be the decimal point."""
    text = str(value).strip().replace(",", ".", 1)
    if isinstance(value, bool) or not text or len(text) > MOST_CHARACTERS:
        raise NumberError("not-a-number", f"Give a number from {low} to {high}.")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise NumberError("not-a-number", f"Give a number from {low} to {high}.") from None
    if not number.is_finite():
        raise NumberError("not-finite", f"Give a number from {low} to {high}.")
    if not low <= number <= high:
        raise NumberError("out-of-range", f"The number must be from {low} to {high}.")
    return number


def parse_whole_number(value: object, *, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``; ``7.0`` is one, ``7.5`` is not."""
    number = parse_number(value, low=low, high=high)
    if number != number.to_integral_value():
        raise NumberError("not-whole", f"Give a whole number from {low} to {high}.")
    return int(number)
