"""The repository as a stranger finds it: nothing of one machine in it, working links, locks that hold."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.house.source import ROOT, tracked_files

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIRED = (
    *("followup", "templates", "workers", "tests", "celeryconfig.py", "pyproject.toml", "docker-compose.yml"),
    *("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs"),
    *("requirements.lock", "requirements-dev.lock", "Dockerfile", "run", ".ci/run"),
)
# Written in two parts, so that this file does not name what no file may name.
REGISTRIES = re.compile(
    "|".join(("pypi[.]org", "pythonhosted[.]", "npmjs[.]", "deb[.]debian", "conda[.]anaconda"))
)
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:wo" r"rk|fa" r"rm|ro" r"ot|home/\w+|Users)/|[.]{2}/sha" r"red\b")
CARRIERS_OWN = re.compile(r"\+1500555\d{4}")  # the carrier's published test numbers
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
DIRECT = re.compile(r"^[A-Za-z0-9._-]+")


@cache
def text_files() -> dict[Path, str]:
    found = {}
    for path in tracked_files():
        data = (ROOT / path).read_bytes()
        if b"\0" not in data[:8000]:
            found[path] = data.decode("utf-8")
    return found


def pages() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md" and path.parts[0] != "tests"]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ \\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def test_everything_a_stranger_looks_for_is_at_the_top() -> None:
    assert [name for name in REQUIRED if not (ROOT / name).exists()] == []


def test_no_file_names_a_package_registry() -> None:
    assert [str(path) for path, text in text_files().items() if REGISTRIES.search(text)] == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        f"{path}: {match.group()}"
        for path, text in text_files().items()
        if (match := OF_A_MACHINE.search(text))
    ]
    assert found == []


def test_phone_numbers_in_the_repository_can_belong_to_nobody() -> None:
    """Only 555-0100 to 555-0199 are set aside for invented people in North America."""
    number = re.compile(r"\+1(?:[2-9]\d{2})(\d{3})(\d{4})(?!\d)")
    real = [
        f"{path}: {match.group()}"
        for path, text in text_files().items()
        if path.suffix in {".py", ".md", ".yaml", ".yml", ".html", ".txt"} and path.parts[0] != "tests"
        for match in number.finditer(text)
        if not ((match[1] == "555" and match[2].startswith("01")) or CARRIERS_OWN.match(match.group()))
    ]
    assert real == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (ROOT / page).parent / name if name else ROOT / page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_address_and_holds_a_hash_for_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|--index|--extra-index|--find-links|(^|\s)/", text)
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]
    assert len(entries) > 80
    assert [each.split()[0] for each in entries if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_covers_every_direct_dependency(lock: str) -> None:
    wanted = [
        *PYPROJECT["project"]["dependencies"],
        *PYPROJECT["project"]["optional-dependencies"]["embedded"],
        *PYPROJECT["dependency-groups"]["build"],
        *(PYPROJECT["dependency-groups"]["dev"] if "dev" in lock else ()),
    ]
    names = {match.group().lower().replace("_", "-") for each in wanted if (match := DIRECT.match(each))}
    assert names - pins(lock).keys() == set()


def test_developers_and_users_run_the_same_versions() -> None:
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: (pin, dev.get(name)) for name, pin in run.items() if dev.get(name) != pin} == {}


def test_what_is_installed_is_what_was_locked() -> None:
    """Celery and kombu pin two packages exactly; a wish for either would silently bring an older Celery."""
    locked = pins("requirements.lock")
    for name in ("celery", "kombu", "sqlalchemy", "psycopg", "fastapi", "twilio", "redis"):
        assert version(name) == locked[name]
    assert tuple(map(int, locked["celery"].split(".")[:2])) >= (5, 7)


def test_the_package_carries_its_templates_and_values(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "celeryconfig.py" in names
    assert any(name.startswith("templates/pathways/") for name in names)
    assert any(name.startswith("followup/migrations/versions/") for name in names)
    assert not any(name.startswith(("tests/", "bench/")) for name in names)


def test_the_readme_begins_with_the_two_commands() -> None:
    top = (ROOT / "README.md").read_text().split("\n## ")[0]
    assert "./run demo" in top
    assert "./run test" in top
