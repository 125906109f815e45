"""An amount of money as people write it ("0.0113 USD"): exact, with its currency, never a float. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_WRITTEN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ([A-Z]{3})")


class MoneyError(ValueError):
    """What was written is no amount with a currency."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency (ISO 4217)."""

    amount: Decimal
    currency: str

    @classmethod
    def parse(cls, written: str) -> Money:
        """Read ``0.0113 USD``. Raises MoneyError."""
        found = _WRITTEN.fullmatch(written.strip())
        if found is None:
            raise MoneyError("Write an amount and a currency, for example: 0.0113 USD")
        return cls(Decimal(found[1]), found[2])

    def times(self, count: int) -> Money:
        """Return this amount ``count`` times."""
        return Money(self.amount * count, self.currency)

    def __str__(self) -> str:
        """Show it to the cent, rounded."""
        return f"{self.amount:.2f} {self.currency}"
