"""What a test may ask of a lab afterwards: what happened, and what should not have.

Every expectation claims what it found; ``expect_nothing_else`` names the rest. A test that ends with it fails on
any text, call or mail that nobody asked for.
"""

from __future__ import annotations

from abc import abstractmethod

from followup.lab.journal import Entry, Journal, Kind
from followup.lab.postbox import Mail


class Witness:
    """The questions; ``Lab`` is the one who answers them."""

    def __init__(self) -> None:
        self._claimed: set[str] = set()

    @property
    @abstractmethod
    def journal(self) -> Journal:
        """Everything that happened."""

    @property
    @abstractmethod
    def mails(self) -> list[Mail]:
        """The mails that were caught, oldest first."""

    @abstractmethod
    def wait_idle(self, within: float = 20.0) -> None:
        """Wait until nothing is left to happen."""

    def requests(self, operation: str | None = None) -> list[Entry]:
        """The API requests so far, oldest first."""
        found = self.journal.entries(Kind.REQUEST)
        return [entry for entry in found if operation in {None, entry["operation"]}]

    def webhooks(self, what: str | None = None) -> list[Entry]:
        """The webhooks so far (every try), oldest first: ``status``, ``inbound``, ``voice``, ``call-status``."""
        found = self.journal.entries(Kind.WEBHOOK)
        return [entry for entry in found if what in {None, entry["what"]}]

    def alarms(self) -> list[Entry]:
        """What the carrier would have complained about in its debugger."""
        return self.journal.entries(Kind.ALARM)

    def claim(self, key: str) -> None:
        """Note that a test expected this text, call or mail."""
        self._claimed.add(key)

    def is_claimed(self, key: str) -> bool:
        """Whether a test already expected it."""
        return key in self._claimed

    def expect_mail(self, to: str, *words: str, within: float = 10.0) -> Mail:
        """Wait for a mail to this address with these words (subject or text, any case); claim and return it."""

        def look() -> Mail | None:
            return next((mail for mail in self.mails if self._is_new_mail(mail, to, words)), None)

        found: Mail | None = self.journal.wait_for(look, within=within)
        if found is None:
            got = [mail.subject for mail in self.mails if to in mail.to and mail.id not in self._claimed]
            raise AssertionError(f"{to} got no mail with {words!r} within {within:g} s, but {got!r}")
        self._claimed.add(found.id)
        return found

    def _is_new_mail(self, mail: Mail, to: str, words: tuple[str, ...]) -> bool:
        if to not in mail.to or mail.id in self._claimed:
            return False
        text = f"{mail.subject}\n{mail.body('plain')}".casefold()
        return all(word.casefold() in text for word in words)

    def expect_nothing_else(self) -> None:
        """Raise AssertionError if a text, call or mail reached anybody that no test expected.

        Waits until the lab is idle first. The carrier's own STOP and HELP answers are nobody's surprise.
        """
        self.wait_idle()
        texts = [
            f"text to {entry['to']}: {entry['body']}"
            for entry in self.journal.entries(Kind.TEXT_REACHED_PHONE)
            if not entry["by_carrier"] and entry["sid"] not in self._claimed
        ]
        calls = {
            entry["sid"]: f"call to {entry['to']}"
            for entry in self.journal.entries(Kind.CALL)
            if entry["sid"] not in self._claimed
        }
        mails = [
            f"mail to {', '.join(entry['to'])}: {entry['subject']}"
            for entry in self.journal.entries(Kind.MAIL)
            if entry["id"] not in self._claimed
        ]
        surprises = [*texts, *calls.values(), *mails]
        if surprises:
            raise AssertionError("nobody expected this:\n  " + "\n  ".join(surprises))

    def expect_webhooks_answered(self) -> None:
        """Raise AssertionError if a webhook was answered badly, or in a way the carrier complains about."""
        bad = [
            f"{e['what']} {e['url']}: {e['status'] or e['trouble']}" for e in self.webhooks() if e["trouble"]
        ]
        bad += [f"{entry['code']} {entry['words']}" for entry in self.alarms()]
        if bad:
            raise AssertionError("webhooks were not answered well:\n  " + "\n  ".join(bad))
