"""Files that come with a text: the words are read first, and the file is taken from the carrier or not at all."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from sqlalchemy import func, select, text, update

from followup.audit.record import Actor
from followup.errors import NotFound
from followup.gateways.media import LARGEST_FILE, fetcher, is_public
from followup.gateways.twilio import TwilioAccount
from followup.intake.events import IncomingEvent
from followup.intake.states import EventKind
from followup.intake.store import store
from followup.kit.files import kind_of
from followup.ports import MediaContent, MediaRefused
from followup.replies.media import AGAIN, GIVEN_UP, fetch_due, files_of, read_file
from followup.replies.models import Reply, ReplyMedia
from followup.replies.process import process_events
from followup.settings import Settings
from tests.hostile_host import SECRET, HostileHost
from tests.household import INES, Household, move_in

JPEG = b"\xff\xd8\xff\xe0" + b"a photo of a wound" * 20
ACCOUNT, MESSAGE, MEDIA = "AC" + "a" * 32, "MM" + "b" * 32, "ME" + "c" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}/Media/{MEDIA}"
CARRIER = f"https://api.twilio.com{PATH}"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture
def host() -> Iterator[HostileHost]:
    with HostileHost.started() as started:
        yield started


@pytest.fixture
def fetch(host: HostileHost) -> Callable[[str], MediaContent | MediaRefused]:
    """Our fetcher, with the hostile host where the carrier should be."""
    account = TwilioAccount(ACCOUNT, "SK" + "d" * 32, SECRET, host.url)
    return fetcher(lambda: account, seconds=1.0)


class Rebinding(AbstractResolver):
    """A name server that says something else each time."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> Any:
        if host == "127.0.0.1":
            return await ThreadedResolver().resolve(host, port, family)
        self.asked += 1
        address = self.answers.pop(0)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]

    async def close(self) -> None:
        return None


def test_a_file_is_fetched_with_our_credential_from_the_path_of_our_account(host, fetch) -> None:
    host.answers(200, JPEG)
    assert fetch(CARRIER) == MediaContent(JPEG)
    assert host.asked == [(PATH, True)]


def test_over_a_redirect_the_credential_stays_at_home(host, fetch) -> None:
    host.answers(307, location="/short-lived/file")
    host.answers(200, JPEG)
    assert fetch(CARRIER) == MediaContent(JPEG)
    assert host.asked == [(PATH, True), ("/short-lived/file", False)]


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "http://127.0.0.1/latest", "https://evil.example" + PATH,
        "https://api.twilio.com.evil.example" + PATH, "https://api.twilio.com@evil.example" + PATH,
        CARRIER + "?next=https://evil.example", CARRIER.replace(ACCOUNT, "AC" + "f" * 32),
        CARRIER + "/../../../../Accounts.json", "http://169.254.169.254" + PATH, "gopher://x", "", "\x00",
        "https://api.twilio.com/2010-04-01/Accounts/" + ACCOUNT + ".json", "http://api.twilio.com" + PATH,
    ],
)  # fmt: skip
def test_b98_an_address_that_is_not_our_accounts_is_not_asked(host, fetch, address: str) -> None:
    found = fetch(address)
    assert isinstance(found, MediaRefused)
    assert not found.again
    assert host.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "https://[::ffff:169.254.169.254]/",
        "https://10.0.0.1/", "https://localhost/", "file:///etc/passwd", "http://media.twiliocdn.com/x",
        "https://evil.example/x", "https://eviltwiliocdn.com/x", "https://a:b@media.twiliocdn.com/x",
        "ftp://x/y", "",
    ],
)  # fmt: skip
def test_f84_a_redirect_to_anywhere_else_is_not_followed(host, fetch, location: str) -> None:
    host.answers(307, location=location)
    for _ in range(4):
        host.answers(307, location=location)
    found = fetch(CARRIER)
    assert isinstance(found, MediaRefused)
    assert all(path == PATH for path, _ in host.asked)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "0.0.0.0"])
def test_a_file_host_whose_name_points_into_a_private_network_is_refused_after_one_look(
    host: HostileHost, address: str
) -> None:
    names = Rebinding(address, "93.184.215.14")
    account = TwilioAccount(ACCOUNT, "SK" + "d" * 32, SECRET, host.url)
    host.answers(307, location=f"https://media.twiliocdn.com:{host.port}/file")
    found = fetcher(lambda: account, resolver=lambda: names, seconds=2.0)(CARRIER)
    assert found == MediaRefused("its address is inside a private network", again=False)
    assert names.asked == 1
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("::1", False), ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a9fe:a9fe", False), ("2002:7f00:1::", False), ("fd00::1", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
    ],
)  # fmt: skip
def test_an_address_is_looked_at_whatever_it_is_wrapped_in(address: str, *, expected: bool) -> None:
    assert is_public(address) is expected


def test_f84_a_slow_host_is_given_up_and_tried_again_later(host, fetch) -> None:
    host.drips(b"\xff\xd8\xff", every=0.3)
    assert fetch(CARRIER) == MediaRefused("the carrier was too slow", again=True)


@pytest.mark.parametrize("how", ["announced", "not announced", "packed"])
def test_b97_what_is_too_large_or_packed_is_not_read_to_its_end(host, fetch, how: str) -> None:
    if how == "packed":
        host.answers(200, b"\x1f\x8b" + b"0" * 100, headers={"Content-Encoding": "gzip"})
    else:
        host.answers(200, JPEG + b"0" * (LARGEST_FILE + 1), is_announced=how == "announced")
    found = fetch(CARRIER)
    assert isinstance(found, MediaRefused)
    assert not found.again


@pytest.mark.parametrize(
    ("status", "again"), [(404, False), (410, False), (500, True), (503, True), (429, True)]
)
def test_what_the_carrier_does_not_hand_out(host, fetch, status: int, *, again: bool) -> None:
    host.answers(status, b"")
    assert fetch(CARRIER) == MediaRefused(f"the carrier answered {status}", again=again)


@pytest.mark.parametrize(
    "content",
    [
        SVG,
        EICAR,
        b"<!doctype html><script>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"MZ\x90",
        b"BEGIN:VCARD\r\n",
        b"",
        b"GIF",
    ],
)
def test_b97_what_no_photo_film_or_recording_can_be_is_no_kind(content: bytes) -> None:
    assert kind_of(content) is None


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, "image/jpeg"), (b"\x89PNG\r\n\x1a\n....", "image/png"), (b"\0\0\0\x18ftypheic....", "image/heic"),
        (b"\0\0\0\x18ftypmp42....", "video/mp4"), (b"\0\0\0\x18ftyp3gp5....", "video/3gpp"),
        (b"#!AMR\n", "audio/amr"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"), (b"ID3\x04", "audio/mpeg"), (b"OggS", "audio/ogg"),
    ],
)  # fmt: skip
def test_a_kind_is_told_by_the_content(content: bytes, media_type: str) -> None:
    found = kind_of(content)
    assert found is not None
    assert found.media_type == media_type


# -- with the lab as carrier ------------------------------------------------------------------------------------


@pytest.fixture
def household(settings: Settings, lab: Any) -> Iterator[Household]:
    made = move_in(settings, lab)
    made.enroll()
    yield made
    made.house.database.dispose()


def sends(household: Household, body: str, *files: tuple[str, bytes]) -> None:
    """A text with files reaches the carrier; its webhook is stored and read as the workers do."""
    inbox = household.lab.server.inbox
    phone = household.lab.phone(INES)
    sent = phone.sends(body, media=files, wait=False)
    taken = household.lab.server.carrier.text(household.lab.account.sid, sent.sid)
    from followup.lab.inbound import inbound_form

    payload = inbound_form(taken) | inbox._media_fields(taken)
    with household.house.database.engine() as session:
        store(
            session,
            IncomingEvent(
                kind=EventKind.inbound_sms, provider_key=sent.sid, payload=payload, received_at=household.now,
                our_address=taken.to,
            ),
        )  # fmt: skip
    process_events(household.house.database, now=household.house.clock.now)


def fetched(household: Household) -> int:
    account = TwilioAccount(
        household.lab.account.sid, household.lab.account.sid, household.lab.auth_token, household.lab.url
    )
    return fetch_due(household.house.database, fetcher(lambda: account))


def test_a_photo_without_a_word_is_read_at_once_and_its_file_is_kept_sealed(household: Household) -> None:
    sends(household, "", ("image/svg+xml", JPEG), ("image/jpeg", SVG))
    assert household.only("SELECT state FROM reply") == "received"
    assert fetched(household) == 1
    with household.house.database.transaction(household.clinic_id) as session:
        reply = session.scalars(select(Reply)).one()
        first, second = files_of(session, [reply.id])[reply.id]
        assert (first.state, first.kind, first.size) == ("kept", "image/jpeg", len(JPEG))
        assert (second.state, second.reason) == ("refused", "it is no photo, film or recording")
        sealed = session.scalar(select(ReplyMedia.content_sealed).where(ReplyMedia.id == first.id))
        assert b"wound" not in sealed
        assert base64.b64encode(JPEG)[:20] not in sealed
        shown = read_file(session, first.id, now=household.now, actor=Actor("system"))
        assert (shown.content, shown.name) == (JPEG, "photo-1.jpg")
        with pytest.raises(NotFound):
            read_file(session, second.id, now=household.now, actor=Actor("system"))
        reads = session.scalar(text("SELECT count(*) FROM audit_event WHERE action = 'read file'"))
        assert reads == 1


def test_b97_ten_files_and_a_text_the_text_counts(household: Household) -> None:
    sends(household, "my leg is numb", *[("image/jpeg", JPEG)] * 10)
    assert household.only("SELECT media_count FROM reply") == 10
    assert fetched(household) == 10
    assert fetched(household) == 0


def test_f84_a_host_that_never_answers_costs_the_text_nothing_and_ends(household: Household) -> None:
    sends(household, "a photo", ("image/jpeg", JPEG))
    tried = 0

    def never(_address: str) -> MediaRefused:
        nonlocal tried
        tried += 1
        return MediaRefused("the carrier was too slow", again=True)

    for _ in range(len(AGAIN) + 3):
        fetch_due(household.house.database, never)
        with household.house.database.transaction(household.clinic_id) as session:
            session.execute(update(ReplyMedia).values(due_at=func.now()))
    assert tried == len(AGAIN) + 1
    assert household.rows("SELECT state, reason FROM reply_media") == [("refused", GIVEN_UP)]
    assert household.only("SELECT count(*) FROM reply WHERE state = 'received'") == 1
