"""Building mail: its headers, its two parts, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from followup.kit.mail import (
    MailAddressError,
    MailDraft,
    MailError,
    build_mail,
    new_message_id,
    parse_address,
)

DRAFT = MailDraft(
    sender="care@riverbend.example",
    sender_name="Riverbend Clinic",
    to="ines@example.com",
    to_name="Inés Núñez",
    subject="Your check-in for today",
    text="¿Cómo está su dolor hoy?\n",
    html="<p>¿Cómo está su dolor hoy?</p>\n",
    message_id=new_message_id("a1B2", "riverbend.example"),
    sent_at=datetime(2026, 3, 5, 15, 0, tzinfo=UTC),
)


def test_the_same_words_go_out_as_text_and_as_html() -> None:
    mail = message_from_bytes(build_mail(DRAFT).as_bytes(), policy=default)
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().strip() == "¿Cómo está su dolor hoy?"
    assert html.get_content().strip() == "<p>¿Cómo está su dolor hoy?</p>"


def test_a_planned_mail_says_that_no_person_sent_it() -> None:
    assert build_mail(DRAFT)["Auto-Submitted"] == "auto-generated"
    assert "Auto-Submitted" not in build_mail(replace(DRAFT, is_automatic=False))


def test_an_answer_finds_its_question() -> None:
    mail = build_mail(replace(DRAFT, in_reply_to="<q1@riverbend.example>"))
    assert mail["In-Reply-To"] == "<q1@riverbend.example>"
    assert mail["References"] == "<q1@riverbend.example>"
    earlier = ("<q0@riverbend.example>", "<q1@riverbend.example>")
    mail = build_mail(replace(DRAFT, in_reply_to=earlier[1], references=earlier))
    assert mail["References"] == " ".join(earlier)


def test_one_click_unsubscribe_survives_a_long_link() -> None:
    url = "https://followup.example/u/" + "a" * 300
    raw = build_mail(replace(DRAFT, unsubscribe_url=url)).as_bytes()
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_no_line_is_longer_than_a_mail_server_takes() -> None:
    long = "palabra " * 2000
    raw = build_mail(replace(DRAFT, text=long, html=f"<p>{long}</p>")).as_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("subject", "Hello\r\nBcc: x@example.com", id="B110"),
        pytest.param("subject", "Hello\nthere", id="B37-subject"),
        pytest.param("subject", "Hello\u2028there", id="B37-unicode-line"),
        pytest.param("to_name", "Ana\r\nBcc: x@example.com", id="B37-name"),
        pytest.param("sender_name", "Clinic\x00", id="B29-in-a-header"),
        pytest.param("to", "ana@example.com\nBcc: x@example.com", id="B109-line-break"),
        pytest.param("to", "ana@example.com, x@example.com", id="two-recipients"),
        pytest.param("message_id", "no-brackets", id="message-id"),
        pytest.param("in_reply_to", "<a b@example.com>", id="reference"),
        pytest.param("unsubscribe_url", "http://followup.example/u", id="not-https"),
        pytest.param("unsubscribe_url", "https://followup.example/u>, <x", id="two-addresses"),
    ],
)
def test_a_broken_header_is_refused_and_named(field: str, value: str) -> None:
    with pytest.raises(MailError) as refused:
        build_mail(replace(DRAFT, **{field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["{{ 7*7 }}", '"quoted", name', "Ana 🌸", "שרה"])
def test_b34_b35_a_name_is_quoted_and_never_breaks_out(name: str) -> None:
    mail = message_from_bytes(build_mail(replace(DRAFT, to_name=name)).as_bytes(), policy=default)
    assert [each.addr_spec for each in mail["To"].addresses] == ["ines@example.com"]
    assert mail["To"].addresses[0].display_name == name


def test_a_message_id_is_a_token_and_a_domain() -> None:
    with pytest.raises(MailError):
        new_message_id("with blank", "riverbend.example")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        pytest.param(" ines+care@Example.COM ", "ines+care@example.com", id="B109-plus"),
        pytest.param("o'brien@example.com", "o'brien@example.com", id="B109-quote"),
        pytest.param("ines@bücher.example", "ines@xn--bcher-kva.example", id="B109-idn"),
        pytest.param("Ines@example.com", "Ines@example.com", id="case-of-the-local-part"),
    ],
)
def test_an_address_is_stored_in_one_form(written: str, address: str) -> None:
    assert parse_address(written) == address


@pytest.mark.parametrize(
    ("written", "code"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("a@b@example.com", "at-sign", id="B109-two-at"),
        pytest.param("ines", "at-sign", id="no-at"),
        pytest.param("a" * 310 + "@example.com", "too-long", id="B109-320"),
        pytest.param("a@example.com\r\nBcc: x@example.com", "control-character", id="B109-crlf"),
        pytest.param('"ines m"@example.com', "local-part", id="B109-quotes"),
        pytest.param("ines..m@example.com", "local-part", id="two-dots"),
        pytest.param("inés@example.com", "local-part", id="non-ascii-local"),
        pytest.param("ines@localhost", "domain", id="no-domain"),
        pytest.param("ines@127.0.0.1", "domain", id="ip"),
        pytest.param("ines@-x.example", "domain", id="hyphen"),
        pytest.param("ines@" + "é" * 100 + ".example", "domain", id="long-label"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(written: str, code: str) -> None:
    with pytest.raises(MailAddressError) as refused:
        parse_address(written)
    assert refused.value.code == code
