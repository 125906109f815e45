# ruff: noqa: F811 - pytest finds imported fixtures by the name of an argument
"""Every page in a real browser, light and dark, on a small phone and on a desk: axe finds nothing to mend.

The rules are those of WCAG 2.2, levels A and AA (axe-core 4.14, in ``tests/data/axe``). A page that scrolls
sideways on a phone of 320 pixels fails, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from followup.web.app import create_app
from tests.doors.conftest import SmallClinic, Story
from tests.journeys.test_pages_in_a_browser import (  # noqa: F401 - fixtures of the small clinic
    address,
    app,
    clinic,
    house,
    key,
    library,
    machine,
    make_clinic,
    sign_in,
    story,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from followup.bootstrap import House
    from followup.pathways.library import Library

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent.parent / "data" / "axe" / "axe-4.14.1.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIND = f"axe.run(document, {{runOnly: {{type: 'tag', values: {TAGS}}}}})"
SIZES = {"phone": (320, 640), "desk": (1280, 900)}
# Pages that are no pages: files, streams, and what leads elsewhere at once.
NOT_LOOKED_AT = ("/static", "/healthz", "/readyz", "/metrics", "/api", "/hooks", "/sign-out", "/live", ".csv")


@pytest.fixture
def busy(story: Story) -> dict[str, str]:
    """A clinic in which something of everything waits; returns what stands for the ids in addresses."""
    told = story.enroll()
    story.writes("my leg feels weaker since last night")
    story.enroll(name="Tom Becker", phone="+14155550124")
    story.writes("the blue thing from before is back, hm", "+14155550124")
    [(case,)] = story.rows("SELECT id FROM escalation")
    version = story.rows("SELECT id FROM pathway_version")[0].id
    [(link,)] = story.rows("SELECT link_token FROM page WHERE staff_id IS NOT NULL LIMIT 1")
    return {
        "patient_id": told["patient_id"], "enrollment_id": told["id"], "escalation_id": str(case),
        "case_id": str(case), "name": "stem-cell-back", "link": link, "token": link,
        "/pathways/{name}/changes": f"?old={version}",
    }  # fmt: skip


def pages_of(served: FastAPI, known: dict[str, str]) -> Iterator[str]:
    """The addresses of all pages that can be looked at; one whose ids this test does not know is left out."""
    for route in iter_route_contexts(served.routes):
        path = route.path or ""
        if "GET" not in (route.methods or ()) or any(part in path for part in NOT_LOOKED_AT):
            continue
        wanted = [each.strip("{}") for each in path.split("/") if each.startswith("{")]
        if all(each in known for each in wanted):
            yield path.format(**known) + known.get(path, "")


def faults(page: Page) -> list[str]:
    """What axe finds on the page, one line each, and whether it scrolls sideways."""
    page.evaluate(f"{AXE}\n;null")
    found = page.evaluate(FIND)
    lines = [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        lines.append("scrolls sideways")
    return lines


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("role", ["nurse", "clinic_admin"])
def test_no_page_has_anything_to_mend(
    browser: Browser, address: str, clinic: SmallClinic, house: House, library: Library, busy: dict[str, str],
    scheme: str, size: str, role: str,
) -> None:  # fmt: skip
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    found = {"/sign-in": faults(page)}
    sign_in(page, address, clinic, role)
    seen = 0
    for path in pages_of(create_app(house, library=library), busy):
        answer = page.goto(f"{address}{path}")
        if answer is None or answer.status in (401, 403, 404, 409):
            continue
        assert answer.status == 200, path
        seen += 1
        found[path] = faults(page)
    context.close()
    assert seen >= 10
    assert {path: lines for path, lines in found.items() if lines} == {}
