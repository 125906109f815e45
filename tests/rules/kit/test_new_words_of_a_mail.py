"""Telling a patient's new words from the history below them (B108)."""

from __future__ import annotations

import pytest

from followup.kit.mail import REPLY_MARKERS, new_words, parse_mail

ADDRESS = "care@riverbend.example"
RULE = "_" * 32
OURS = "Do you have a fever or a numb leg? Text STOP to end."
QUOTED = f"> {OURS}\n>\n> Riverbend Clinic"

HISTORIES = [
    pytest.param(
        f"\n\nOn Tue, Mar 3, 2026 at 9:00 AM Riverbend <care@riverbend.example> wrote:\n\n{QUOTED}",
        id="gmail-en",
    ),
    pytest.param(
        f"\n\nOn Tue, Mar 3, 2026 at 9:00 AM Riverbend Clinic\n<care@riverbend.example> wrote:\n{QUOTED}",
        id="gmail-wrapped",
    ),
    pytest.param(
        f"\n\nEl mar, 3 mar 2026 a las 9:00, Riverbend (<care@riverbend.example>) escribió:\n\n{QUOTED}",
        id="gmail-es",
    ),
    pytest.param(
        f"\n\nSent from my iPhone\n\nOn Mar 3, 2026, at 9:00 AM, Riverbend <{ADDRESS}> wrote:\n\n{QUOTED}",
        id="iphone-en",
    ),
    pytest.param(
        f"\n\nEnviado desde mi iPhone\n\nEl 3 mar 2026, a las 9:00, Riverbend <{ADDRESS}> escribió:\n\n{OURS}",
        id="iphone-es-without-marks",
    ),
    pytest.param(
        f"\n\n{RULE}\nFrom: Riverbend <{ADDRESS}>\nSent: Tuesday, March 3, 2026\n"
        f"To: Ines\nSubject: Your check-in\n\n{OURS}",
        id="outlook-en",
    ),
    pytest.param(
        f"\n\n{RULE}\nDe: Riverbend <{ADDRESS}>\nEnviado: martes, 3 de marzo\n"
        f"Para: Ines\nAsunto: Su control\n\n{OURS}",
        id="outlook-es",
    ),
    pytest.param(f"\n\n-----Original Message-----\nFrom: Riverbend\n\n{OURS}", id="outlook-old-en"),
    pytest.param(f"\n\n-----Mensaje original-----\nDe: Riverbend\n\n{OURS}", id="outlook-old-es"),
    pytest.param(f"\n\n{REPLY_MARKERS['en']}\n{OURS}", id="marker-en"),
    pytest.param(f"\n\n> {REPLY_MARKERS['es']}\n> {OURS}", id="marker-es"),
    pytest.param("\n\n-- \nInes Calder\nRiverbend Street 1", id="signature"),
    pytest.param("\n\nGet Outlook for iOS", id="outlook-phone"),
    pytest.param("\n\nEnviado desde Yahoo Mail para iPhone", id="yahoo-es"),
    pytest.param("", id="none"),
]


@pytest.mark.parametrize("history", HISTORIES)
def test_b108_only_the_new_part_is_judged(history: str) -> None:
    assert new_words(f"Pain is 3. No other trouble.{history}") == "Pain is 3. No other trouble."


def test_words_written_below_or_between_a_quotation_are_kept() -> None:
    mail = f"On Mar 3, 2026, at 9:00, Riverbend <c@r.example> wrote:\n\n{QUOTED}\n\nYes, a fever since last night\n"
    assert new_words(mail) == "Yes, a fever since last night"


@pytest.mark.parametrize(
    "written",
    [
        "On Monday I could not feel my foot.\nI wrote: help",
        "From: my couch. To: the bathroom. That is all I walk.",
        "On Monday my foot was numb.\nIt is 9:30 now.",
        "From: yesterday on\nit hurts more",
        "--\n" + "\n".join(f"line {n} about my pain" for n in range(12)),
        "Sent from the hospital, I have a fever",
    ],
)
def test_in_doubt_a_line_is_new(written: str) -> None:
    assert new_words(written) == written


def test_the_whole_text_is_always_kept() -> None:
    body = f"Pain is 3.\n\nOn Mar 3, 2026 at 9:00 AM Riverbend <c@r.example> wrote:\n{QUOTED}"
    mail = parse_mail(f"From: ines@example.com\nContent-Type: text/plain\n\n{body}".encode())
    assert OURS in mail.whole_text
    assert mail.new_text == "Pain is 3."


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(
            f'<div>Pain is 3.</div><div class="gmail_quote">'
            f"<div>On Mar 3, 2026 Riverbend &lt;c@r.example&gt; wrote:</div>"
            f"<blockquote><div>{OURS}</div></blockquote></div>",
            id="gmail",
        ),
        pytest.param(
            f'<p>Pain is 3.</p><hr><div id="divRplyFwdMsg">'
            f"<b>From:</b> Riverbend<br><b>Sent:</b> Tuesday</div><p>{OURS}</p>",
            id="outlook",
        ),
        pytest.param(
            f"<div>Pain is 3.</div><blockquote type=cite><div>{OURS}</div></blockquote>", id="apple"
        ),
    ],
)
def test_b108_history_in_html_is_not_judged_either(html: str) -> None:
    mail = parse_mail(f"From: ines@example.com\nContent-Type: text/html\n\n{html}".encode())
    assert mail.new_text == "Pain is 3."
    assert OURS in mail.whole_text


def test_a_quotation_in_html_ends_with_its_own_tag() -> None:
    html = f'<div class="gmail_quote"><div>{OURS}</div><div>Riverbend</div>STOP</div><div>Yes, fever</div>'
    mail = parse_mail(f"From: ines@example.com\nContent-Type: text/html\n\n{html}".encode())
    assert mail.new_text == "Yes, fever"


def test_words_after_a_quotation_in_html_are_kept() -> None:
    html = f"<blockquote><div>{OURS}</div></blockquote><div>Yes, fever</div>"
    mail = parse_mail(f"From: ines@example.com\nContent-Type: text/html\n\n{html}".encode())
    assert mail.new_text == "Yes, fever"


def test_a_line_of_the_patient_right_above_the_introduction_is_not_swallowed() -> None:
    mail = f"On Monday my foot went numb\nOn Tue, Mar 3, 2026 at 9:00 AM Riverbend <c@r.example>\nwrote:\n{QUOTED}"
    assert new_words(mail) == "On Monday my foot went numb"
