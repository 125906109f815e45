"""Secrets in the repository: every tracked text file is searched for what looks like one."""

from __future__ import annotations

import re
import subprocess

from review.dependencies import ROOT
from review.findings import Check

PATTERNS = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n[A-Za-z0-9+/=\s]{64,}"),
    "carrier key": re.compile(r"\b(?:AC|SK)(?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{32}\b"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "repository token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    "key of ours": re.compile(r"\bfu_[A-Za-z0-9_-]{43}\b"),
    "address with a password": re.compile(
        r"\b(?:postgres(?:ql)?|redis|smtps?|imaps?)://[^\s:@/]+:(?P<word>[^\s:@/\"'<>{}$]{8,})@"
    ),
}
PLAIN = re.compile(r"secret|password|pass|hunter|example|invented|test", re.IGNORECASE)


def secrets() -> Check:
    """Search every tracked file."""
    check = Check("Secrets in the repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git is here
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    for name in names:
        data = (ROOT / name).read_bytes()
        if b"\0" not in data[:8000]:
            for kind, found in search(data.decode("utf-8", "replace")):
                check.wrong.append(f"{name}: {kind} ({found[:8]}…)")
    check.expect(bool(names), "no file was looked at")
    check.lines.append(f"{len(names)} files looked at for {', '.join(PATTERNS)}")
    return check


def search(text: str) -> list[tuple[str, str]]:
    """Return what looks like a secret: its kind and its text. One character repeated is an example."""
    found = []
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            word = match.groupdict().get("word", match.group())
            if len(set(word[2:])) > 4 and not ("word" in match.groupdict() and PLAIN.search(word)):
                found.append((kind, match.group()))
    return found
