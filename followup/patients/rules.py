"""Pure decisions about a patient's data: how a name is found again, and what an address is compared by."""

from __future__ import annotations

from followup.kit.names import search_words

# A prefix of two letters finds half the clinic; below that a search is refused rather than slow.
SHORTEST_PREFIX = 2
LONGEST_PREFIX = 12


def name_prefixes(name: str) -> tuple[str, ...]:
    """Return every prefix by which a name can be found, folded, each once.

    Prefixes are blind-indexed: the database can answer "who begins with ine" without knowing a single name.
    """
    found: dict[str, None] = {}
    for word in search_words(name):
        for length in range(min(SHORTEST_PREFIX, len(word)), min(len(word), LONGEST_PREFIX) + 1):
            found[word[:length]] = None
    return tuple(found)


def same_person(first: str, second: str) -> bool:
    """Whether two names are written for the same person: the same words, whatever case, accents or order."""
    return sorted(search_words(first)) == sorted(search_words(second))
