"""Writes the reference pages that follow from the code, so that they can't drift from it. Run by ./run docs.

With ``--check`` it changes nothing and ends with 1 when a page is not what it would write; a test runs that.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from followup.settings import PREFIX, Settings

REFERENCE = Path(__file__).resolve().parent / "reference"


def settings_page() -> str:
    """Return the page of settings: name, whether it may come from a file, default, meaning, example."""
    lines = [
        "# Settings",
        "",
        "Generated from `followup/settings.py` by `./run docs`. Every secret can also be given as `NAME_FILE`, the path of",
        "a file that holds it. `followup doctor` says what is missing.",
        "",
        "| name | secret | default | meaning | example |",
        "|---|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        secret = "yes" if "SecretStr" in str(field.annotation) else ""
        example = f"`{field.examples[0]}`" if field.examples else ""
        lines.append(
            f"| `{PREFIX}{name.upper()}` | {secret} | {default_of(field.default)} | {field.description or ''} | {example} |"
        )
    return "\n".join(lines) + "\n"


def asvs_page() -> str:
    """Return the table of security requirements that were traced to code and a test."""
    found = tomllib.loads((REFERENCE / "asvs.toml").read_text(encoding="utf-8"))["requirement"]
    verdicts = ("met", "operator", "open", "absent")
    counts = {each: sum(one["verdict"] == each for one in found) for each in verdicts}
    lines = [
        "# Security requirements (OWASP ASVS 5.0, level 2)",
        "",
        "Generated from `docs/reference/asvs.toml` by `./run docs`. Every requirement of levels 1 and 2, in our own words:",
        f"{counts['met']} met, {counts['operator']} left to the operator, {counts['open']} open, and"
        f" {counts['absent']} about things that are not here. Open ones say what is missing.",
        "",
        "| requirement | demand | verdict | code | test |",
        "|---|---|---|---|---|",
    ]
    for each in found:
        where = (f"`{each['code']}`", f"`{each['test']}`") if each["verdict"] == "met" else (each["why"], "")
        lines.append(f"| {each['id']} | {each['demand']} | {each['verdict']} | {where[0]} | {where[1]} |")
    return "\n".join(lines) + "\n"


def default_of(value: object) -> str:
    """Return a default as a reader writes it in an environment; paths of the checkout are shortened."""
    root = str(REFERENCE.parent.parent)
    if value is None or value in ((), ""):
        return ""
    return f"`{str(value).replace(root + '/', '')}`"


PAGES = {REFERENCE / "asvs.md": asvs_page, REFERENCE / "settings.md": settings_page}


def main(*, check: bool) -> int:
    """Write the pages, or compare them; return the number of pages that differed."""
    stale = [path for path, page in PAGES.items() if not path.exists() or path.read_text() != page()]
    for path in stale:
        print(f"{'stale' if check else 'wrote'} {path.relative_to(REFERENCE.parent)}")
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(PAGES[path]())
    return len(stale) if check else 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
