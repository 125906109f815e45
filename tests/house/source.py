"""What the structure tests look at: the tracked files of this repository, and the syntax trees of the product."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Return every file that is, or is about to be, part of the repository, relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(sorted(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file()))


def product_files() -> list[Path]:
    """Return the Python files of the product: the domain, its doors and the workers, not the migrations."""
    return [
        each
        for each in tracked_files()
        if each.suffix == ".py"
        and each.parts[0] in {"followup", "workers", "celeryconfig.py"}
        and "migrations" not in each.parts
    ]


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of one tracked Python file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))


def calls_in(path: Path) -> Iterator[tuple[int, str, ast.Call]]:
    """Yield every call of one file: line, the called name as written, the call."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func), node


def is_in(path: Path, *places: str) -> bool:
    """Return whether a file is one of the places, or lies in one of them."""
    return any(path == Path(place) or path.is_relative_to(place) for place in places)
