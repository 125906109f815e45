# ruff: noqa: F811 - pytest finds imported fixtures by the name of an argument
"""Every state of a case on a phone of 320 pixels, without a script: nothing is wider, every button fits a thumb."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doors.conftest import (  # noqa: F401 - fixtures of the small clinic
    SmallClinic,
    Story,
    app,
    clinic,
    house,
    key,
    library,
    machine,
    make_clinic,
    story,
)
from tests.journeys.test_pages_in_a_browser import address, sign_in  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

THUMB = 44  # pixels; WCAG 2.2, 2.5.5
SMALL = {"width": 320, "height": 640}


def phone_of(browser: Browser, address: str, clinic: SmallClinic, role: str) -> Page:
    context = browser.new_context(viewport=SMALL, has_touch=True, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    sign_in(page, address, clinic, role)
    return page


@pytest.fixture
def case(story: Story, address: str) -> str:
    """The address of the page of an urgent case that nobody has."""
    story.enroll(usual_symptoms="numb left toes", helper_name="Joan", helper_phone="(415) 555-0129")
    story.writes("my leg feels weaker since last night")
    [(case_id,)] = story.rows("SELECT id FROM escalation")
    return f"{address}/escalations/{case_id}"


@pytest.fixture
def nurse(browser: Browser, address: str, clinic: SmallClinic) -> Iterator[Page]:
    page = phone_of(browser, address, clinic, "nurse")
    yield page
    page.context.close()


@pytest.fixture
def physician(browser: Browser, address: str, clinic: SmallClinic) -> Iterator[Page]:
    page = phone_of(browser, address, clinic, "physician")
    yield page
    page.context.close()


def fits(page: Page, name: str) -> None:
    """Fail for a page that scrolls sideways and for a button that a thumb misses; keep pictures if asked to."""
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest <= SMALL["width"], f"{name} is {widest} px wide"
    for button in page.locator("main button:visible, main a.button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["height"] >= THUMB, f"{name}: {button.inner_text()} is {box['height']} px high"
    folder = os.environ.get("FOLLOWUP_PICTURES")
    for width in (320, 375, 1280) if folder else ():
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(folder or "") / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]


def try_in_vain(page: Page) -> None:
    page.get_by_label("no answer").check()
    page.get_by_role("button", name="Write it down").tap()


def test_a_case_is_accepted_called_and_handed_over_with_a_thumb(
    case: str, nurse: Page, physician: Page
) -> None:
    nurse.goto(case)
    fits(nurse, "case-open")
    assert nurse.locator("mark").first.is_visible()
    assert nurse.get_by_text("numb left toes").is_visible()
    assert nurse.get_by_role("link", name="415-555-0123").get_attribute("href") == "tel:+14155550123"
    nurse.get_by_role("button", name="I take this case").tap()
    nurse.get_by_text("You have this case").wait_for()
    fits(nurse, "case-mine")
    options = nurse.get_by_label("To whom").locator("option").all_inner_texts()
    nurse.get_by_label("To whom").select_option(next(each for each in options if "(physician" in each))
    nurse.get_by_role("button", name="Offer the case").tap()
    nurse.get_by_text("Until then it stays with you").wait_for()
    fits(nurse, "case-offering")
    physician.goto(case)
    fits(physician, "case-offered")
    physician.get_by_role("button", name="I take this case over").tap()
    physician.get_by_text("You have this case").wait_for()


def test_a_physician_decides_about_a_patient_whom_nobody_reaches_with_a_thumb(
    case: str, nurse: Page, physician: Page
) -> None:
    nurse.goto(case)
    nurse.get_by_role("button", name="I take this case").tap()
    for _ in range(3):
        try_in_vain(nurse)
    nurse.get_by_text("A physician has to decide").wait_for()
    fits(nurse, "case-unreachable-nurse")
    physician.goto(case)
    fits(physician, "case-unreachable")
    physician.get_by_role("button", name="Decide").tap()
    physician.get_by_role("link", name="Choose what is to be done.").wait_for()
    fits(physician, "case-decision-wrong")
    physician.get_by_label("welfare check").check()
    physician.get_by_label("Why", exact=True).first.fill("lives alone; county sheriff asked at 3:20")
    physician.get_by_role("button", name="Decide").tap()
    physician.get_by_text("The decision is on record").wait_for()
    physician.get_by_label("What was done").select_option("welfare_check")
    physician.get_by_label("What was said and done").fill("found at home, phone was off")
    physician.get_by_role("button", name="Close the case").tap()
    physician.get_by_text("Saved and closed").wait_for()
    fits(physician, "case-closed")
    physician.get_by_role("link", name="Timeline of this case").tap()
    physician.get_by_role("heading", name="What had to happen").wait_for()
    fits(physician, "case-evidence")
    physician.goto(case.rpartition("/")[0] + "/quality")
    fits(physician, "case-quality")


def test_the_link_of_a_page_shows_a_button_in_reach_and_nothing_of_the_patient(
    case: str, story: Story, browser: Browser, address: str
) -> None:
    [(link,)] = story.rows("SELECT link_token FROM page WHERE staff_id IS NOT NULL LIMIT 1")
    context = browser.new_context(viewport=SMALL, has_touch=True, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/c/{link}")
    fits(page, "accept-open")
    assert "Ines" not in page.content()
    page.get_by_role("button", name="I take this case").tap()
    page.get_by_text("You have this case").wait_for()
    fits(page, "accept-mine")
    assert "Ines" not in page.content()
    page.goto(f"{address}/c/{link}")
    assert page.get_by_text("You have this case").is_visible()
    context.close()
