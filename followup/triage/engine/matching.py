"""Find the lexicon's classes and patterns in a row of tokens, in bounded work.

Every step spends from a budget; a text that exhausts it raises ``TooMuchWork`` and goes to a person.
Nothing here may decide what a match means: polarity, time and tier come later.
"""

from __future__ import annotations

from dataclasses import dataclass

from followup.triage.engine.lexicon import Element, Lexicon, Pattern
from followup.triage.engine.tokens import BREAKS, Tokens

#: Steps one text may cost. The costliest development reply takes 1,309.
BUDGET = 12_000
_REACH = 8


class TooMuchWork(Exception):
    """The text asked for more steps than any honest message needs."""


@dataclass(frozen=True, slots=True)
class Match:
    """One pattern found from token ``first`` to token ``last`` (included)."""

    pattern: Pattern
    first: int
    last: int


class Scan:
    """The classes at each token and the pieces of sentence they stand in; finds patterns on request."""

    def __init__(self, tokens: Tokens, lexicon: Lexicon, stops: frozenset[str]) -> None:
        self.tokens = tokens
        self.lexicon = lexicon
        self.words = tokens.words
        self.size = len(tokens.words)
        self.spent = 0
        #: classes[i] maps a class name to the lengths (in tokens) of its occurrences that begin at token i.
        self.classes: list[dict[str, tuple[int, ...]]] = [
            dict.fromkeys(lexicon.classes_of(word), (1,)) for word in self.words
        ]
        self._phrases()
        self.places: dict[str, list[int]] = {}
        for index, found in enumerate(self.classes):
            for name in found:
                self.places.setdefault(name, []).append(index)
        self.clause = self._clauses(stops)

    def _phrases(self) -> None:
        phrases, words = self.lexicon.phrases, self.words
        for index, word in enumerate(words):
            for parts, name in phrases.get(word, ()):
                if tuple(words[index : index + len(parts)]) == parts:
                    known = self.classes[index].get(name, ())
                    self.classes[index][name] = (*known, len(parts))

    def _clauses(self, stops: frozenset[str]) -> list[int]:
        numbers, current = [], 0
        for index, word in enumerate(self.words):
            numbers.append(current)
            if word in BREAKS or (word in stops and index):
                current += 1
        return numbers

    def spend(self, steps: int) -> None:
        """Count work; raise ``TooMuchWork`` beyond the budget."""
        self.spent += steps
        if self.spent > BUDGET:
            raise TooMuchWork

    def matches(self) -> list[Match]:
        """Return every pattern found, each at its longest, in the order of the text."""
        best: dict[tuple[int, str], Match] = {}
        by_word, by_class = self.lexicon.by_word, self.lexicon.by_class
        for index, word in enumerate(self.words):
            for pattern in by_word.get(word, ()):
                self._try(pattern, index, best)
            for name in self.classes[index]:
                for pattern in by_class.get(name, ()):
                    self._try(pattern, index, best)
        here = set(self.words)
        here.update("{" + name + "}" for name in self.places)
        for heads, pattern in self.lexicon.unordered:
            if not any(head.isdisjoint(here) for head in heads):
                self._try_unordered(pattern, best)
        return sorted(best.values(), key=lambda match: (match.first, -match.last, match.pattern.finding))

    def _try(self, pattern: Pattern, index: int, best: dict[tuple[int, str], Match]) -> None:
        end = self._sequence(pattern.parts[0], index)
        if end > index:
            self._keep(Match(pattern, index, end - 1), best)

    @staticmethod
    def _keep(match: Match, best: dict[tuple[int, str], Match]) -> None:
        key = (match.first, match.pattern.finding)
        if key not in best or best[key].last < match.last:
            best[key] = match

    def _sequence(self, elements: tuple[Element, ...], start: int) -> int:
        """Return the token after the longest match of ``elements`` at ``start``; -1 when there is none."""
        return self._walk(elements, 0, start)

    def _walk(self, elements: tuple[Element, ...], place: int, at: int) -> int:
        self.spent += 1
        if self.spent > BUDGET:
            raise TooMuchWork
        if place == len(elements):
            return at
        element = elements[place]
        if element.gap:
            return self._jump(elements, place, at)
        if at < self.size:
            lengths = self._lengths(element, at)
            best = -1
            for length in lengths:
                best = max(best, self._walk(elements, place + 1, at + length))
            if best >= 0:
                return best
        if element.optional:
            return self._walk(elements, place + 1, at)
        return -1

    def _jump(self, elements: tuple[Element, ...], place: int, at: int) -> int:
        for skipped in range(elements[place].gap + 1):
            spot = at + skipped
            if spot >= self.size or (skipped and self.clause[spot] != self.clause[at]):
                return -1
            end = self._walk(elements, place + 1, spot)
            if end >= 0:
                return end
        return -1

    def _lengths(self, element: Element, at: int) -> tuple[int, ...]:
        if self.words[at] in element.words:
            return (1,)
        found = self.classes[at]
        if not found or not element.classes:
            return ()
        if len(element.classes) == 1:
            for name in element.classes:
                return found.get(name, ())
        return tuple({length for name in element.classes for length in found.get(name, ())})

    def _try_unordered(self, pattern: Pattern, best: dict[tuple[int, str], Match]) -> None:
        spans: list[list[tuple[int, int]]] = []
        for part in pattern.parts:
            starts = self._starts(part[0])
            self.spend(4 + len(starts))
            found = [(spot, self._sequence(part, spot)) for spot in starts]
            found = [(first, end - 1) for first, end in found if end > first]
            if not found:
                return
            spans.append(found)
        for first, last in spans[0]:
            joined = self._join(first, last, spans[1:])
            if joined:
                self._keep(Match(pattern, *joined), best)

    def _starts(self, element: Element) -> list[int]:
        spots = [spot for name in element.classes for spot in self.places.get(name, ())]
        if element.words:
            spots += [spot for spot, word in enumerate(self.words) if word in element.words]
        return sorted(set(spots))[:16]

    def _join(self, first: int, last: int, rest: list[list[tuple[int, int]]]) -> tuple[int, int] | None:
        """Return the span that covers one occurrence of each part near the first, within one clause."""
        low, high = first, last
        for options in rest:
            self.spend(len(options))
            near = [
                (max(a - high, low - b), a, b)
                for a, b in options
                if self.clause[a] == self.clause[first] and (b < low or a > high)
            ]
            if not near or min(near)[0] > _REACH:
                return None
            _, a, b = min(near)
            low, high = min(low, a), max(high, b)
        return low, high
