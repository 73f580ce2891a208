"""The embedded log: who may open it, a full disk, what is left of the erased."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from palate.errors import BadInput, DamagedArtefact
from palate.serve.events.sqlite import APPLICATION, MIGRATIONS, SqliteEvents
from palate.serve.refusals import Conflict, Unavailable
from palate.testing.event_store import some_events

WRITES_AND_DIES = """
import os, sys
from pathlib import Path
from palate.serve.events.sqlite import SqliteEvents
from palate.testing.event_store import some_events
store = SqliteEvents(Path(sys.argv[1]))
print(len(store.append(some_events(50))), flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


def test_what_was_appended_outlives_a_kill(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITES_AND_DIES, str(path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (-9, "50\n")
    assert len(SqliteEvents(path).read()) == 50


def test_a_second_process_is_refused(path: Path) -> None:
    SqliteEvents(path)
    with pytest.raises(Conflict, match="another process uses the file"):
        SqliteEvents(path)


def test_it_syncs_at_every_commit(path: Path) -> None:
    store = SqliteEvents(path)
    with store._database.reading() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_full_disk_keeps_nothing_and_says_so(path: Path) -> None:
    store = SqliteEvents(path)
    store.append(some_events(3))
    with store._database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(Unavailable, match="full"):
        store.append(some_events(2000, "v"))
    assert len(store.read()) == 3
    with store._database.reading() as connection:
        connection.execute("PRAGMA max_page_count=100000")
    assert all(a.new for a in store.append(some_events(2000, "v")))


def test_no_byte_of_the_erased_is_left(path: Path) -> None:
    store = SqliteEvents(path)
    store.append(some_events(300, "Ms-Secret"))
    store.append(some_events(3, "v"))
    store.erase_user("Ms-Secret")
    store.close()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Ms-Secret" not in left


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(BadInput, match="belongs to something else"):
        SqliteEvents(path)


def test_a_damaged_file_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(DamagedArtefact, match="damaged"):
        SqliteEvents(path)


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    SqliteEvents(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(BadInput, match="written by a later palate"):
        SqliteEvents(path)


def test_a_migration_that_fails_leaves_the_old_version(path: Path) -> None:
    from palate.serve.database import Database

    SqliteEvents(path).close()
    with pytest.raises(Unavailable):
        Database(path, APPLICATION, [*MIGRATIONS, "CREATE TABLE more (x); CREATE TABLE events (x)"])
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "more" not in names
