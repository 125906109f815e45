"""F13, F14: the next version beside this one, and its migration that fails half-way.

There is one version so far, so the next one is made here: this code in a folder of its own, with a column more that
it fills and a migration that adds it. Both run as real workers on one database.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.case import Case
from tests.faults.crowd import enroll_many, numbers
from tests.faults.processes import ROOT, worker
from tests.faults.ring import ring
from tests.servers_of_the_run import superuser
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

COLUMN = '    handled_by: Mapped[str | None] = mapped_column(default="next version")\n'
BEFORE = '    to: Sealed[str] = Sealed("to_sealed")\n'
MIGRATION = """\
from alembic import op

revision = "9999"
down_revision = {after!r}
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE message ADD COLUMN handled_by varchar")
    op.execute("CREATE TABLE of_the_next_version (id uuid PRIMARY KEY)")
    op.execute("GRANT SELECT, INSERT ON of_the_next_version TO followup_app")
{more}
"""
UPGRADE = (
    "import sys; from alembic import command; from followup.db.migrate import alembic_config;"
    " command.upgrade(alembic_config(sys.argv[1]), 'head')"
)


def next_version(folder: Path, *, breaks: bool = False) -> Path:
    """Write the next version into a folder; ``breaks``: its migration fails after its first statements."""
    root = folder / "next"
    for part in ("followup", "workers", "templates"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "celeryconfig.py", root)
    models = root / "followup" / "messaging" / "models.py"
    words = models.read_text()
    assert words.count(BEFORE) == 1
    models.write_text(words.replace(BEFORE, COLUMN + BEFORE))
    versions = root / "followup" / "migrations" / "versions"
    newest = max(each.name[:4] for each in versions.glob("*.py"))
    more = '    op.execute("ALTER TABLE attempt ADD COLUMN state integer")' if breaks else ""
    (versions / "9999_next.py").write_text(MIGRATION.format(after=newest, more=more))
    return root


def migrate(root: Path, owner_url: str) -> subprocess.CompletedProcess[str]:
    """Run the migrations of a version."""
    command = [sys.executable, "-c", UPGRADE, owner_url]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)


def revision(owner_url: str) -> str:
    with superuser(owner_url) as looking:
        found = looking.execute("SELECT version_num FROM alembic_version").fetchone()
    assert found
    return str(found[0])


def has_told(case: Case, many: int) -> bool:
    """Ring, and see whether so many patients have their text."""
    for bell in ("messages.dispatch", "messages.deliver"):
        ring(case, bell)
    return all(len(case.lab.phone(each).inbox) == 1 for each in numbers(many))


def enroll_more(case: Case, upto: int) -> None:
    """Enroll until there are so many patients."""
    have = case.home.only("SELECT count(*) FROM patient")
    enroll_many(case, upto, start=have)


def handled_by(case: Case, owner_url: str) -> set[str | None]:
    with superuser(owner_url) as looking:
        return {row[0] for row in looking.execute("SELECT DISTINCT handled_by FROM message").fetchall()}


@pytest.mark.timeout(400)
def test_f13_this_version_and_the_next_work_side_by_side_and_send_each_text_once(
    case: Case, tmp_path: Path, owner_url: str
) -> None:
    root = next_version(tmp_path)
    enroll_more(case, 10)
    with worker(case, tmp_path, "old") as old:
        wait_for(lambda: has_told(case, 10), within=100, what="the texts of the version alone")
        case.injected()
        done = migrate(root, owner_url)
        assert done.returncode == 0, done.stderr
        with worker(case, tmp_path, "new", root=root):
            for upto in range(20, 90, 10):  # both take their part, whoever hears the bell first
                enroll_more(case, upto)
                wait_for(lambda upto=upto: has_told(case, upto), within=100, what=f"{upto} texts")
                if handled_by(case, owner_url) == {None, "next version"} and upto > 40:
                    break
            assert old.poll() is None
            old.send_signal(signal.SIGTERM)
            assert old.wait(40) == 0
            enroll_more(case, 100)
            case.over()
            wait_for(lambda: has_told(case, 100), within=100, what="the texts of the next version alone")
            case.normal()
    assert handled_by(case, owner_url) == {None, "next version"}
    assert case.home.only("SELECT max(attempts) FROM message") == 1
    for log in ("old.log", "new.log"):
        assert "Traceback" not in (tmp_path / log).read_text()
        assert "[error" not in (tmp_path / log).read_text()


def test_f14_a_migration_that_fails_half_way_leaves_nothing_and_this_version_works_on(
    case: Case, tmp_path: Path, owner_url: str
) -> None:
    before = revision(owner_url)
    root = next_version(tmp_path, breaks=True)
    enroll_more(case, 5)
    with worker(case, tmp_path, "old") as old:
        wait_for(lambda: has_told(case, 5), within=100, what="a worker that works")
        case.injected()
        done = migrate(root, owner_url)
        case.over()
        assert done.returncode != 0
        assert 'column "state" of relation "attempt" already exists' in done.stderr
        enroll_more(case, 10)
        wait_for(lambda: has_told(case, 10), within=100, what="the texts after it")
        case.normal()
        assert old.poll() is None
    assert revision(owner_url) == before
    with superuser(owner_url) as looking:
        left = "SELECT to_regclass('of_the_next_version'), count(*) FROM information_schema.columns"
        found = looking.execute(f"{left} WHERE column_name = 'handled_by'").fetchone()
    assert found == (None, 0)
    assert "Traceback" not in (tmp_path / "old.log").read_text()
