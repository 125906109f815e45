"""Where pathways are, for the commands that read them: by name, or by the folder of somebody who writes one."""

from __future__ import annotations

from pathlib import Path


def folder_of(name: str) -> Path:
    """Return the folder of a pathway by its name or its own path. Raises NotFound."""
    from followup.errors import NotFound

    written = Path(name)
    for folder in (written, _pathways_folder() / name):
        if folder.is_dir():
            return folder
    known = ", ".join(each.name for each in all_folders()) or "none"
    raise NotFound(f"There is no pathway {name!r}. The pathways are: {known}.")


def all_folders() -> list[Path]:
    """Return the folder of every pathway, in order."""
    return sorted(
        each for each in _pathways_folder().iterdir() if each.is_dir() and not each.name.startswith(".")
    )


def _pathways_folder() -> Path:
    from followup.settings import load

    return load().templates_folder / "pathways"
