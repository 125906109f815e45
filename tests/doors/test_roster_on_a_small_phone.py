# ruff: noqa: F811 - pytest finds imported fixtures by the name of an argument
"""The roster in a real browser on the smallest phone, without a script: nothing is wider than the screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doors.conftest import PASSWORD, SmallClinic
from tests.doors.test_roster_pages import people  # noqa: F401 - a published roster
from tests.journeys.test_pages_in_a_browser import address  # noqa: F401 - the application behind a real server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
LOOK_AT = os.environ.get("FOLLOWUP_SCREENSHOTS", "")


def is_no_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def look(page: Page, name: str) -> None:
    if LOOK_AT:
        page.screenshot(path=Path(LOOK_AT) / f"{name}.png", full_page=True)


def test_a_replacement_is_put_on_the_roster_with_a_thumb(
    browser: Browser, address: str, clinic: SmallClinic, people: dict[str, str]
) -> None:
    phone = browser.new_context(viewport={"width": 320, "height": 568}, has_touch=True)
    page = phone.new_page()
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email").fill(clinic.address("clinic_admin"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Roster").click()
    page.get_by_role("heading", name="On call now").wait_for()
    assert page.locator("ol.week > li").count() == 7
    assert is_no_wider_than_the_screen(page)
    look(page, "roster-320")
    page.get_by_label("Replace somebody").check()
    page.get_by_label("Duty").select_option("nurse")
    page.get_by_label("Who", exact=True).select_option(people["physician"])
    page.get_by_label("Instead of").select_option(people["nurse"])
    page.get_by_role("textbox", name="From").fill("2026-03-04T07:00")
    page.get_by_role("textbox", name="Until").fill("2026-03-05T07:00")
    page.get_by_role("button", name="Check for gaps").click()
    page.get_by_text("Nothing is saved yet").wait_for()
    assert is_no_wider_than_the_screen(page)
    look(page, "roster-checked-320")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("replaces").first.wait_for()
    page.goto(f"{address}/account/phones")
    assert is_no_wider_than_the_screen(page)
    look(page, "phones-320")
    phone.close()
