"""The page in a real browser: on a phone's width and a laptop's, light and dark, with and without scripts."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from followup.lab import SENDER

pytestmark = pytest.mark.browser

PATIENT = "+14155550101"
NURSE = "+14155550131"
OPEN = f"/lab?phone={quote(PATIENT)}"

# Every element with text of its own must stand out from its ground by WCAG's measure (AA: 4.5, large text 3).
PALE = """
() => {
  const parse = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (value) => (value /= 255) <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}`);
  }
  return pale;
}
"""


@pytest.fixture
def busy(lab, sdk):
    """A lab in which everything that the page can show has happened."""
    lab.phone(PATIENT, name="Ana María de la Cruz Hernández-Lindqvist", owner="patient")
    nurse = lab.phone(NURSE, name="Nurse Bea", owner="staff")
    sdk.messages.create(to=PATIENT, from_=SENDER, body="How is your pain? " + "x" * 120)
    sdk.messages.create(to=PATIENT, from_=SENDER, body="See https://followup.example/" + "long" * 30)
    lab.phone(PATIENT).sends("STOP")
    nurse.cannot_be_reached(30006)
    sdk.messages.create(to=NURSE, from_=SENDER, body="Page")
    sdk.calls.create(to=NURSE, from_=SENDER, twiml="<Response><Gather><Say>Press 1</Say></Gather></Response>")
    call = nurse.expects_call()
    nurse.picks_up(call)
    sdk.calls.create(to=PATIENT, from_=SENDER, twiml="<Response/>")
    lab.phone(PATIENT).expects_call()
    return lab


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_too_pale_or_too_wide(busy, page, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for path in ("/lab", OPEN, f"/lab?phone={quote(NURSE)}&told=Done"):
        page.goto(busy.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(PALE) == [], path


def test_a_new_text_appears_by_itself_and_what_is_being_typed_stays(lab, page, sdk):
    lab.phone(PATIENT, name="Ines", owner="patient")
    page.goto(lab.url + OPEN)
    page.get_by_label("Text from Ines").fill("my leg feels")
    sdk.messages.create(to=PATIENT, from_=SENDER, body="How is your pain?")
    page.locator("#conversation").get_by_text("How is your pain?").wait_for()
    assert page.get_by_label("Text from Ines").input_value() == "my leg feels"


def test_updates_can_be_paused(lab, page, sdk):
    lab.phone(PATIENT, name="Ines", owner="patient")
    page.goto(lab.url + OPEN)
    page.get_by_role("button", name="Pause").click()
    sdk.messages.create(to=PATIENT, from_=SENDER, body="How is your pain?")
    lab.wait_idle()
    with page.expect_response(re.compile("/lab/pulse"), timeout=6000) as seen:
        page.get_by_role("button", name="Resume").click()
    assert seen.value.ok
    page.locator("#conversation").get_by_text("How is your pain?").wait_for()


def test_a_text_is_answered_and_a_call_taken_without_scripts(busy, browser, clinic):
    busy.sender(inbound_url=f"{clinic.url}/sms")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(busy.url + OPEN)
    page.get_by_label(re.compile("Text from")).fill("my leg feels weaker")
    page.get_by_role("button", name="Send").click()
    page.locator("#conversation").get_by_text("my leg feels weaker").wait_for()
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("completed").first.wait_for()
    context.close()
    busy.wait_idle()
    assert [form["Body"] for form in clinic.forms("/sms")] == ["my leg feels weaker"]


def test_the_page_breaks_none_of_its_own_rules(busy, page):
    trouble = []
    page.on("console", lambda told: trouble.append(told.text))
    page.on("pageerror", lambda wrong: trouble.append(str(wrong)))
    page.goto(busy.url + OPEN)
    with page.expect_response(re.compile("/lab/pulse"), timeout=6000):
        pass
    assert trouble == []
