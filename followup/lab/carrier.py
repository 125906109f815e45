"""The carrier's memory and its parts in one place: accounts, senders, handsets, texts, calls, what is blocked.

Lives on the lab's own event loop. Knows nothing of HTTP answers; ``api`` and ``control`` are its doors.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from followup.kit.clock import ClockFile
from followup.lab.agenda import Agenda
from followup.lab.faults import Faults
from followup.lab.journal import Journal, Kind
from followup.lab.optout import Blocked
from followup.lab.records import Call, Handset, Media, Owner, Sender, Service, Text, new_sid
from followup.lab.refusals import RefusedError
from followup.lab.settings import Account, LabSettings
from followup.lab.webhooks import Webhooks


class Carrier:
    """Everything the simulated carrier knows."""

    def __init__(self, settings: LabSettings, loop: asyncio.AbstractEventLoop) -> None:
        self.settings = settings
        self.journal = Journal()
        self.agenda = Agenda(loop, stepped=settings.stepped)
        self.faults = Faults()
        self.blocked = Blocked()
        self.webhooks = Webhooks(self.journal, self.agenda.now)
        self.accounts: dict[str, Account] = {account.sid: account for account in settings.accounts}
        self.senders: dict[str, Sender] = {}
        self.services: dict[str, Service] = {}
        self.handsets: dict[str, Handset] = {}
        self.texts: dict[str, Text] = {}
        self.texts_to: defaultdict[str, list[Text]] = defaultdict(list)
        self.texts_from: defaultdict[str, list[Text]] = defaultdict(list)
        self.media: dict[str, Media] = {}
        self.calls: dict[str, Call] = {}
        self.url = ""
        self.requests_in_flight = 0
        self.latency = settings.latency
        self.clock = ClockFile(settings.clock_file) if settings.clock_file else None
        for number in settings.senders:
            self.add_sender(number)

    def add_sender(self, number: str, *, account_sid: str | None = None, name: str = "") -> Sender:
        """Let an account own a number; the same number again returns what is there."""
        if number not in self.senders:
            account = account_sid or next(iter(self.accounts))
            self.senders[number] = Sender(number, account, new_sid("PN"), name)
        return self.senders[number]

    def add_service(self, sid: str, senders: tuple[str, ...], *, account_sid: str | None = None) -> Service:
        """Make a messaging service out of senders (they are added where they are new)."""
        account = account_sid or next(iter(self.accounts))
        for number in senders:
            self.add_sender(number, account_sid=account)
        self.services[sid] = Service(sid, account, senders)
        return self.services[sid]

    def service_of(self, number: str) -> Service | None:
        """The messaging service whose pool holds this sender."""
        return next((service for service in self.services.values() if number in service.senders), None)

    def line_of(self, number: str) -> str:
        """What a STOP blocks: the whole messaging service that a sender belongs to, or the sender alone."""
        service = self.service_of(number)
        return service.sid if service else number

    def handset(self, number: str) -> Handset:
        """The phone with this number; made on first sight."""
        if number not in self.handsets:
            self.handsets[number] = Handset(number)
        return self.handsets[number]

    def label(self, number: str, *, name: str, owner: Owner) -> Handset:
        """Say whose phone it is."""
        handset = self.handset(number)
        handset.name, handset.owner = name, owner
        return handset

    def token_of(self, account_sid: str) -> str:
        """The secret that signs webhooks of an account."""
        return self.accounts[account_sid].auth_tokens[0]

    def keep(self, text: Text) -> None:
        """Remember a text in every list where it can be found."""
        self.texts[text.sid] = text
        self.texts_to[text.to].append(text)
        self.texts_from[text.sender].append(text)

    def forget(self, text: Text) -> None:
        """Delete a text from the carrier's lists; the journal and the handset keep it."""
        del self.texts[text.sid]
        self.texts_to[text.to].remove(text)
        self.texts_from[text.sender].remove(text)

    def text(self, account_sid: str, sid: str) -> Text:
        """One text of an account. Raises RefusedError (20404) where there is none."""
        text = self.texts.get(sid)
        if text is None or text.account_sid != account_sid or text.hidden:
            raise RefusedError(20404)
        return text

    def care_now(self) -> str | None:
        """Care time for the page (ISO, UTC); None without a clock file."""
        return self.clock.now().isoformat(timespec="seconds") if self.clock else None

    def alarm(self, code: int, words: str, **facts: str) -> None:
        """What the carrier's debugger would show to the account's owner."""
        self.journal.write(Kind.ALARM, self.agenda.now(), code=code, words=words, **facts)
