# ruff: noqa: F811 - pytest finds imported fixtures by the name of an argument
"""The pages in a real browser: enroll, read the inbox, take a case with one thumb. Nothing here needs a script."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn

from followup.bootstrap import House
from followup.web.app import create_app
from tests.doors.conftest import (  # noqa: F401 - fixtures of the small clinic
    PASSWORD,
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

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from followup.pathways.library import Library

pytestmark = pytest.mark.browser


@pytest.fixture
def address(house: House, library: Library) -> Iterator[str]:
    """The real application behind a real server, at the address the house believes to have."""
    listening = socket.create_server(("127.0.0.1", 0))
    public_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = house.settings.model_copy(update={"public_url": public_url})
    served = create_app(house_at(house, settings), library=library)
    server = uvicorn.Server(uvicorn.Config(served, log_level="warning", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield public_url
    server.should_exit = True
    thread.join(timeout=20)
    listening.close()


def house_at(built: House, settings: object) -> House:
    """The same house under another address."""
    return replace(built, settings=settings)


def sign_in(page: Page, address: str, clinic: SmallClinic, role: str = "coordinator") -> None:
    """Sign a person in as a person does."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("Email").fill(clinic.address(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Today").wait_for()


def test_a_coordinator_enrolls_a_patient_and_sees_the_timeline(
    page: Page,
    address: str,
    clinic: SmallClinic,
) -> None:
    sign_in(page, address, clinic)
    page.get_by_role("link", name="Enroll", exact=True).click()
    page.get_by_label("Full name").fill("Ines Ortega")
    page.get_by_label("Mobile phone").fill("(415) 555-0123")
    page.get_by_label("Date", exact=True).fill("2026-03-05")
    page.get_by_label("Bone marrow").check()
    page.get_by_label("The patient agrees to texts").check()
    page.get_by_role("button", name="Show the calendar").click()
    page.get_by_role("heading", name="texts planned").wait_for()
    page.get_by_role("button", name="Enroll").click()
    page.get_by_role("heading", name="Ines Ortega").wait_for()
    assert page.get_by_text("Now, Tue, Mar 3").is_visible()
    assert page.locator("ol.time-line > li").count() > 10


def test_a_reply_leaves_the_inbox_with_one_press(
    page: Page,
    address: str,
    clinic: SmallClinic,
    story: Story,
) -> None:
    story.enroll()
    story.writes("the blue thing from before is back, hm")
    sign_in(page, address, clinic)
    page.get_by_role("link", name="Inbox").click()
    assert page.get_by_text("the blue thing from before is back, hm").is_visible()
    page.get_by_label("Note").fill("meant the bruise")
    page.get_by_role("button", name="Called the patient").click()
    page.get_by_text("No reply waits for you").wait_for()


def test_a_nurse_takes_a_case_with_one_thumb(
    browser: Browser,
    address: str,
    clinic: SmallClinic,
    story: Story,
) -> None:
    story.enroll()
    story.writes("my leg feels weaker since last night")
    [(link,)] = story.rows("SELECT link_token FROM page WHERE staff_id IS NOT NULL LIMIT 1")
    phone = browser.new_context(
        viewport={"width": 320, "height": 568}, has_touch=True, java_script_enabled=False
    )
    page = phone.new_page()
    page.goto(f"{address}/c/{link}")
    button = page.get_by_role("button", name="I take this case")
    box = button.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["width"] >= 200
    assert box["y"] + box["height"] < 568, "the button can be pressed without scrolling"
    button.tap()
    page.get_by_text("You have this case").wait_for()
    page.get_by_role("link", name="Sign in and open it").tap()
    page.get_by_label("Email").fill(clinic.address("nurse"))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    page.get_by_role("link", name="415-555-0123").wait_for()
    phone.close()


def test_today_shows_a_new_case_by_itself(
    page: Page,
    address: str,
    clinic: SmallClinic,
    story: Story,
) -> None:
    story.enroll()
    page.clock.install()
    sign_in(page, address, clinic)
    assert page.get_by_text("No open escalation").is_visible()
    story.writes("my leg feels weaker since last night")
    page.clock.fast_forward(21_000)
    page.get_by_text("Nobody has accepted it.").wait_for()


def test_no_page_is_wider_than_a_small_phone(
    browser: Browser,
    address: str,
    clinic: SmallClinic,
    story: Story,
) -> None:
    told = story.enroll(
        performed_on="2026-02-24", name="Maximiliana Wolfeschlegelsteinhausenbergerdorff-Ortega"
    )
    story.writes("the blue thing from before is back, hm")
    story.writes("my leg feels weaker since last night")
    context = browser.new_context(viewport={"width": 320, "height": 700})
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    sign_in(page, address, clinic, "nurse")
    [(case,)] = story.rows("SELECT id FROM escalation")
    for path in (
        "/", "/enroll", "/patients", f"/patients/{told['patient_id']}", "/inbox", "/tasks", "/escalations",
        f"/escalations/{case}", f"/enrollments/{told['id']}/move-date", "/account",
    ):  # fmt: skip
        page.goto(address + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, f"{path} is {width} px wide"
        photograph(page, path)
    assert refused == [], "the browser refused something that a page of ours does"
    context.close()


def photograph(page: Page, path: str) -> None:
    """Keep a picture of a page where FOLLOWUP_PICTURES names a folder."""
    folder = os.environ.get("FOLLOWUP_PICTURES")
    if not folder:
        return
    name = path.strip("/").split("/")[0] or "today"
    name += "-one" if path.count("/") > 1 else ""
    for width, scheme in ((375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 700})
