"""The page: what it shows, what its forms do, and whom it lets in. No script is needed for any of it."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import requests

from followup.errors import FollowupError
from followup.kit.clock import ClockFile
from followup.lab import INSTANT, SENDER, Lab

PATIENT = "+14155550101"
NURSE = "+14155550131"
ASK = """<Response><Gather numDigits="1" action="/voice/keys" timeout="20"><Say>Press 1 to accept.</Say></Gather>
</Response>"""


def see(lab, **query):
    answer = requests.get(f"{lab.url}/lab", params=query, timeout=5)
    assert answer.status_code == 200
    return answer.text


def submit(lab, path, **form):
    answer = requests.post(f"{lab.url}{path}", data=form, timeout=5)
    assert (answer.status_code, answer.history[0].status_code) == (200, 303)
    return answer.text


def test_phones_are_listed_with_the_names_they_were_given(lab):
    people = [
        {"number": PATIENT, "name": "Ines Alvarez", "owner": "patient"},
        {"number": NURSE, "name": "Nurse Bea", "owner": "staff"},
    ]
    assert requests.post(f"{lab.url}/lab/phones", json=people, timeout=5).status_code == 200
    page = see(lab)
    order = [page.index(shown) for shown in (">Patients</h2>", "Ines Alvarez", ">Staff</h2>", "Nurse Bea")]
    assert order == sorted(order)


def test_a_conversation_shows_what_came_what_went_and_what_never_arrived(lab, sdk, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    phone = lab.phone(PATIENT, name="Ines", owner="patient")
    sdk.messages.create(to=PATIENT, from_=SENDER, body="How is your pain?")
    lab.wait_idle()
    phone.sends("much worse")
    clinic.answers = [500]
    phone.sends("hello?")
    phone.cannot_be_reached(30006)
    sdk.messages.create(to=PATIENT, from_=SENDER, body="Please call us")
    lab.wait_idle()
    page = see(lab, phone=PATIENT)
    for words in (
        "How is your pain?",
        "received by the clinic",
        "not received (500)",
        "undelivered: Landline or unreachable carrier (30006)",
    ):
        assert words in page
    assert page.rindex("How is your pain?") < page.rindex("much worse") < page.rindex("Please call us")


def test_what_people_write_is_shown_and_never_obeyed(lab):
    lab.phone(PATIENT, name='<b onmouseover="x">Ines</b>', owner="patient").sends(
        "<script>alert(1)</script>{{ 7*7 }}"
    )
    page = see(lab, phone=PATIENT)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in page
    assert "<b onmouseover" not in page


def test_a_link_in_a_text_can_be_followed(lab, sdk):
    sdk.messages.create(to=NURSE, from_=SENDER, body="Open https://followup.example/p/t0ken to accept")
    lab.wait_idle()
    assert 'href="https://followup.example/p/t0ken" rel="noopener noreferrer" target="_blank"' in see(
        lab, phone=NURSE
    )


def test_an_answer_typed_on_the_page_reaches_the_clinic(lab, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    lab.phone(PATIENT)
    page = submit(lab, f"/lab/phones/{PATIENT}/answer", body="my leg feels weaker", to=SENDER)
    assert "my leg feels weaker" in page
    lab.wait_idle()
    assert [form["Body"] for form in clinic.forms("/sms")] == ["my leg feels weaker"]


def test_an_empty_answer_or_an_unknown_number_sends_nothing(lab, clinic):
    lab.sender(inbound_url=f"{clinic.url}/sms")
    submit(lab, f"/lab/phones/{PATIENT}/answer", body="  ", to=SENDER)
    page = submit(lab, f"/lab/phones/{PATIENT}/answer", body="hello", to="+14155550188")
    assert "not a valid message-capable number" in page
    assert clinic.hooks == []


def test_a_call_is_answered_on_the_page_and_a_key_pressed(lab, sdk, clinic):
    clinic.documents |= {"/voice/page": ASK, "/voice/keys": "<Response><Say>Thank you.</Say></Response>"}
    lab.phone(NURSE, name="Nurse Bea", owner="staff")
    placed = sdk.calls.create(to=NURSE, from_=SENDER, url=f"{clinic.url}/voice/page")
    lab.phone(NURSE).expects_call()
    assert "ringing" in see(lab)
    page = submit(lab, f"/lab/calls/{placed.sid}/pick-up", phone=NURSE)
    assert "Press 1 to accept." in page
    assert 'aria-label="Key 1"' in page
    page = submit(lab, f"/lab/calls/{placed.sid}/press", phone=NURSE, keys="1")
    assert "Thank you." in page
    assert clinic.forms("/voice/keys")[0]["Digits"] == "1"


def test_a_phones_behavior_is_changed_on_the_page(lab, sdk):
    submit(lab, f"/lab/phones/{NURSE}/behavior", on_call="busy", texts="unreachable")
    placed = sdk.calls.create(to=NURSE, from_=SENDER, twiml="<Response/>")
    sent = sdk.messages.create(to=NURSE, from_=SENDER, body="Hi")
    lab.wait_idle()
    assert (sdk.calls(placed.sid).fetch().status, sdk.messages(sent.sid).fetch().error_code) == (
        "busy",
        30003,
    )
    submit(lab, f"/lab/phones/{NURSE}/behavior", on_call="rings", texts="reachable")
    sdk.messages.create(to=NURSE, from_=SENDER, body="Hi again")
    lab.phone(NURSE).expects("again")


def test_mails_are_read_and_answered_on_the_page(lab):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "care@clinic.example", "tom@patients.example", "¿Cómo está?"
    mail.set_content("0 a 10?")
    mail.add_alternative("<p>0 a 10?</p><script>alert(1)</script>", subtype="html")
    address = urlsplit(lab.smtp_url)
    with smtplib.SMTP(address.hostname, address.port) as smtp:
        smtp.send_message(mail)
    caught = lab.expect_mail("tom@patients.example")
    assert "¿Cómo está?" in see(lab)
    assert "0 a 10?" in see(lab, mail=caught.id)
    html = requests.get(f"{lab.url}/lab/mails/{caught.id}/html", timeout=5)
    assert "sandbox" in html.headers["Content-Security-Policy"]
    submit(lab, f"/lab/mails/{caught.id}/answer", body="siete", kind="reply")
    submit(lab, f"/lab/mails/{caught.id}/answer", body="", kind="bounce")
    submit(lab, f"/lab/mails/{caught.id}/answer", body="", kind="away")
    listed = requests.get(lab.mailbox_url.removeprefix("lab+"), timeout=5).json()["mails"]
    raw = [requests.get(one["url"], timeout=5).text for one in listed]
    assert ["siete" in raw[0], "multipart/report" in raw[1], "Auto-Submitted" in raw[2]] == [True] * 3


@pytest.fixture
def clock(tmp_path):
    file = ClockFile(tmp_path / "clock")
    file.set(datetime(2026, 3, 3, 17, 0, tzinfo=UTC), speed=0)
    return file


@pytest.fixture
def clocked(clock):
    with Lab.started(clock_file=clock.path, time_zone="America/Los_Angeles", pace=INSTANT) as lab:
        yield lab


def test_the_clock_is_shown_and_moved(clocked, clock, sdk_for):
    assert "Tue Mar 3, 2026 09:00 AM PST" in see(clocked)
    submit(clocked, "/lab/clock", do="hour")
    assert clock.now() == datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
    submit(clocked, "/lab/clock", do="set", instant="2026-07-01T09:30")
    assert clock.now() == datetime(2026, 7, 1, 16, 30, tzinfo=UTC)
    sdk_for(clocked).messages.create(to=PATIENT, from_=SENDER, body="Hi")
    clocked.wait_idle()
    assert "Wed Jul 1, 9:30 AM" in see(clocked, phone=PATIENT)
    submit(clocked, "/lab/clock", do="speed", speed="600")
    assert clock.speed == 600


def test_jumping_is_done_by_whoever_knows_what_is_due(clocked, clock):
    assert "Jump to the next due" not in see(clocked)

    def jump():
        clock.set(datetime(2026, 3, 4, 17, 0, tzinfo=UTC))
        return "6 touchpoints were due"

    clocked.on_jump_to_next_due(jump)
    assert "Jump to the next due" in see(clocked)
    page = submit(clocked, "/lab/clock", do="jump")
    assert "6 touchpoints were due" in page
    assert "Wed Mar 4, 2026 09:00 AM" in page


def test_a_jump_that_fails_says_why(clocked):
    def jump():
        raise FollowupError("after 30 s this still waits: messages.deliver")

    clocked.on_jump_to_next_due(jump)
    assert "this still waits: messages.deliver" in submit(clocked, "/lab/clock", do="jump")


def test_a_nonsense_date_is_refused_and_without_a_clock_nothing_moves(clocked, clock, lab):
    answer = requests.post(f"{clocked.url}/lab/clock", data={"do": "set", "instant": "tomorrow"}, timeout=5)
    assert answer.status_code == 400
    assert clock.now() == datetime(2026, 3, 3, 17, 0, tzinfo=UTC)
    assert "no clock" in submit(lab, "/lab/clock", do="hour")


def test_the_page_loads_nothing_from_elsewhere_and_runs_no_inline_script(lab):
    answer = requests.get(f"{lab.url}/lab", timeout=5)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in answer.text.replace(lab.url, "")
    for name in ("lab.css", "refresh.js"):
        assert requests.get(f"{lab.url}/lab/static/{name}", timeout=5).status_code == 200
    assert requests.get(f"{lab.url}/lab/static/settings.py", timeout=5).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
def test_another_site_cannot_use_the_lab(lab, headers):
    answer = requests.post(f"{lab.url}/lab/faults", json={"do": "refuse"}, headers=headers, timeout=5)
    assert answer.status_code == 403
    assert requests.get(f"{lab.url}/lab/faults", timeout=5).json() == {"faults": []}


def test_a_browser_on_the_page_itself_may_use_it(lab):
    headers = {"Origin": lab.url, "Sec-Fetch-Site": "same-origin"}
    assert (
        requests.post(f"{lab.url}/lab/faults", json={"do": "refuse"}, headers=headers, timeout=5).status_code
        == 201
    )


def test_the_pulse_tells_whether_anything_changed(lab):
    before = requests.get(f"{lab.url}/lab/pulse", timeout=5).json()["entries"]
    lab.phone(PATIENT).sends("hi")
    assert requests.get(f"{lab.url}/lab/pulse", timeout=5).json()["entries"] > before
