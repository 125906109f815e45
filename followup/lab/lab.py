"""The lab in one's own process: starting and stopping it, and holding it from a test.

Everything that changes the carrier's memory is run on the lab's own event loop; calling from any other thread is
safe, calling from that loop is not.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self, TypeVar

from followup.lab.faults import Effect, Fault
from followup.lab.journal import Journal
from followup.lab.phone import Phone
from followup.lab.postbox import Mail
from followup.lab.records import Owner, Sender, Service
from followup.lab.server import LabServer
from followup.lab.settings import AUTH_TOKEN, SENDER, Account, LabSettings
from followup.lab.webhooks import Answered
from followup.lab.witness import Witness

T = TypeVar("T")


class Lab(Witness):
    """A running lab. Make one with ``Lab.started()``."""

    def __init__(self, settings: LabSettings) -> None:
        self.settings = settings
        self._server: LabServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._live, name="followup-lab", daemon=True)
        self._ready: Future[LabServer] = Future()
        super().__init__()

    @classmethod
    @contextmanager
    def started(cls, settings: LabSettings | None = None, **changes: Any) -> Iterator[Self]:
        """Run a lab on a free port until the block ends; ``changes`` are fields of LabSettings."""
        lab = cls(replace(settings or LabSettings(), **changes))
        lab.start()
        try:
            yield lab
        finally:
            lab.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises what the start raised."""
        self._thread.start()
        self._server = self._ready.result(timeout=30)

    def stop(self) -> None:
        """Stop it and wait until its port is free."""
        if self._loop and self._server:
            self._loop.call_soon_threadsafe(self._server.ask_to_stop)
        self._thread.join(timeout=30)

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_fast_loop) as runner:
                runner.run(self._serve())
        except BaseException as wrong:
            if not self._ready.done():
                self._ready.set_exception(wrong)
            else:
                raise

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = LabServer(self.settings, self._loop)
        await server.serve(lambda: self._ready.set_result(server))

    # -- where it is -------------------------------------------------------------------------------------------

    @property
    def server(self) -> LabServer:
        """The server with all its parts; for the lab's own pages and for tests that look deeper."""
        assert self._server is not None, "the lab is not started"
        return self._server

    @property
    def url(self) -> str:
        """The base URL of API and pages, without a slash at the end."""
        return self.server.url

    @property
    def smtp_url(self) -> str:
        """The address of the mail catcher (``smtp://host:port``)."""
        return self.server.postbox.url

    @property
    def mailbox_url(self) -> str:
        """Where the clinic's mailbox is read (``lab+http://…``)."""
        return f"lab+{self.url}/lab/mailbox"

    @property
    def account(self) -> Account:
        """The first account."""
        return next(iter(self.server.carrier.accounts.values()))

    @property
    def auth_token(self) -> str:
        """The secret that signs webhooks of the first account."""
        return self.account.auth_tokens[0] if self._server else AUTH_TOKEN

    @property
    def journal(self) -> Journal:
        """Everything that happened."""
        return self.server.carrier.journal

    # -- who takes part ----------------------------------------------------------------------------------------

    def phone(self, number: str, *, name: str = "", owner: Owner | str = Owner.OTHER) -> Phone:
        """The phone with this number; a name and an owner label it on the page."""

        async def find() -> Phone:
            handset = self.server.carrier.handset(number)
            if name:
                self.server.carrier.label(number, name=name, owner=Owner(owner))
            return Phone(self, handset)

        return self.call(find())

    @property
    def phones(self) -> list[Phone]:
        """All phones that were seen or labelled."""
        return [Phone(self, handset) for handset in list(self.server.carrier.handsets.values())]

    def sender(self, number: str = SENDER, *, account: str | None = None, **webhooks: str) -> Sender:
        """A number of the clinic (of the first account, unless its SID is given).

        ``webhooks``: inbound_url, fallback_url, voice_url, status_url, name.
        """

        async def change() -> Sender:
            sender = self.server.carrier.add_sender(number, account_sid=account)
            for name, value in webhooks.items():
                setattr(sender, name, value)
            return sender

        return self.call(change())

    def service(self, sid: str, senders: tuple[str, ...], **webhooks: str) -> Service:
        """A messaging service over these senders; ``webhooks``: inbound_url, status_url."""

        async def change() -> Service:
            service = self.server.carrier.add_service(sid, senders)
            for name, value in webhooks.items():
                setattr(service, name, value)
            return service

        return self.call(change())

    def route(self, public: str, actual: str) -> None:
        """Reach webhooks below ``public`` at ``actual``, while the signature covers the public address."""
        self.server.carrier.webhooks.routes[public.rstrip("/")] = actual.rstrip("/")

    def rotate_token(self, new: str, *, keep_old: bool = True) -> None:
        """Sign with a new auth token from now on; the API takes the old one too while ``keep_old``."""

        async def change() -> None:
            old = self.account
            tokens = (new, *old.auth_tokens) if keep_old else (new,)
            self.server.carrier.accounts[old.sid] = replace(old, auth_tokens=tokens)
            self.server.api.forget_credentials()

        self.call(change())

    # -- mail --------------------------------------------------------------------------------------------------

    @property
    def mails(self) -> list[Mail]:
        """The mails that were caught, oldest first."""
        return list(self.server.postbox.mails)

    def answer_mail(self, mail: Mail, words: str, *, headers: Mapping[str, str] | None = None) -> int:
        """Answer a mail as its receiver would; return the answer's number in the clinic's mailbox."""

        async def answer() -> int:
            return self.server.postbox.reply(mail, words, headers=headers)

        return self.call(answer())

    def puts_in_mailbox(self, raw: bytes) -> int:
        """Put raw bytes into the clinic's mailbox, a mail or not; return their number there."""

        async def put() -> int:
            return self.server.postbox.deliver_raw(raw)

        return self.call(put())

    # -- the page ------------------------------------------------------------------------------------------------

    def on_jump_to_next_due(self, jump: Callable[[], str | None]) -> None:
        """What the page's "jump to the next due instant" does; ``jump`` moves the clock and says what it did.

        It is called on a thread of its own and may use the database.
        """
        self.server.on_jump_to_next_due = jump

    # -- time and trouble --------------------------------------------------------------------------------------

    def fault(self, do: Effect | str, **fields: Any) -> int:
        """Script a fault (see ``Fault``); return its number for ``clear_faults``."""
        fault = Fault(do, **fields)

        async def add() -> int:
            return self.server.carrier.faults.add(fault)

        return self.call(add())

    def clear_faults(self, number: int | None = None) -> None:
        """Lift one fault or all."""

        async def clear() -> None:
            self.server.carrier.faults.clear(number)

        self.call(clear())

    def advance(self, seconds: float | None = None) -> None:
        """Let the carrier's time pass at once (None: to its next appointment)."""
        self.call(self.server.carrier.agenda.advance(seconds))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way and nothing will happen by itself (as ``wait_idle`` waits for)."""
        return self.server.carrier.agenda.is_idle()

    def wait_idle(self, within: float = 20.0) -> None:
        """Wait until every text is at its end and every webhook was answered. Raises TimeoutError.

        In stepped mode all steps are taken at once. A phone that rings for a person does not count.
        """
        self.call(self.server.carrier.agenda.idle(), within=within)

    def posts(self, url: str, form: dict[str, str], *, token: str | None = None) -> Answered:
        """Post any form as a webhook, well signed (or with another token): for hostile and odd cases."""
        webhooks = self.server.carrier.webhooks
        return self.call(webhooks.post(url, form, token=token or self.auth_token, what="scripted"))

    def call(self, errand: Coroutine[Any, Any, T], *, within: float = 30.0) -> T:
        """Run something on the lab's loop and wait for it."""
        assert self._loop is not None
        waiting = asyncio.run_coroutine_threadsafe(errand, self._loop)
        try:
            return waiting.result(timeout=within)
        except TimeoutError:
            waiting.cancel()
            raise


def serve(settings: LabSettings) -> None:
    """Run a lab in this process until SIGINT or SIGTERM; print its addresses first."""
    # Everything the lab remembers is kept to the end: looking through it for garbage costs a third of its time.
    gc.set_threshold(200_000, 50, 1000)
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    with Lab.started(settings) as lab:
        sys.stdout.write(f"lab {lab.url}/lab  api {lab.url}  mail {lab.smtp_url}\n")
        sys.stdout.flush()
        asked.wait()


def _fast_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
