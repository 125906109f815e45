"""Tables of allowed moves between states, and ranks for states that only go forward.

A state changed outside its table is how a text is sent twice, or a delivered one shown as merely sent. The table is
data; the database guards the same moves with conditional updates. This file decides and never stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)


class ForbiddenMove(ValueError):
    """A change of state that the table does not hold."""

    def __init__(self, current: str, wanted: str) -> None:
        super().__init__(f"cannot go from {current} to {wanted}")
        self.current = current
        self.wanted = wanted


class Moves(Generic[State]):
    """The allowed moves of one kind of thing; a state that is missing as a key is final."""

    def __init__(self, table: Mapping[State, Iterable[State]]) -> None:
        self._table: dict[State, frozenset[State]] = {
            state: frozenset(after) for state, after in table.items()
        }

    def allows(self, current: State, wanted: State) -> bool:
        """Whether the table holds this move; staying in a state is not a move."""
        return wanted in self._table.get(current, frozenset())

    def check(self, current: State, wanted: State) -> None:
        """Raise ForbiddenMove unless the table holds this move."""
        if not self.allows(current, wanted):
            raise ForbiddenMove(current, wanted)

    def after(self, current: State) -> frozenset[State]:
        """Return the states that can follow."""
        return self._table.get(current, frozenset())

    def before(self, wanted: State) -> frozenset[State]:
        """Return the states from which ``wanted`` can be reached: the guard of a conditional update."""
        return frozenset(state for state, after in self._table.items() if wanted in after)

    def is_final(self, state: State) -> bool:
        """Whether nothing can follow."""
        return not self.after(state)

    def reachable(self, start: State) -> frozenset[State]:
        """Return every state that can be reached from ``start`` in any number of moves, itself included."""
        seen, ahead = {start}, [start]
        while ahead:
            fresh = self.after(ahead.pop()) - seen
            seen |= fresh
            ahead.extend(fresh)
        return frozenset(seen)


class Ranks(Generic[State]):
    """States that only go forward. States of equal rank (``delivered``, ``failed``) never replace each other."""

    def __init__(self, order: Sequence[State | Iterable[State]]) -> None:
        self._ranks: dict[State, int] = {}
        for position, entry in enumerate(order):
            for state in [entry] if isinstance(entry, StrEnum) else entry:
                self._ranks[state] = position

    def rank(self, state: State) -> int:
        """Return the position from 0; raise KeyError for a state without one."""
        return self._ranks[state]

    def is_forward(self, current: State, wanted: State) -> bool:
        """Whether ``wanted`` lies strictly ahead, whatever was missed between."""
        return self._ranks[wanted] > self._ranks[current]

    def below(self, wanted: State) -> frozenset[State]:
        """Return the states that ``wanted`` may replace: the guard of a conditional update."""
        return frozenset(state for state, rank in self._ranks.items() if rank < self._ranks[wanted])
