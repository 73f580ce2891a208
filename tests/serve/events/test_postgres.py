"""The log that processes share: the contract on a real server, and a server that is killed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from palate.data.address import parsed
from palate.errors import BadInput
from palate.serve.events.postgres import MIGRATIONS, PostgresEvents
from palate.serve.postgres import PostgresDatabase, kept_text, read_text
from palate.serve.refusals import Unavailable
from palate.serve.values import Encrypted
from palate.testing.event_store import (
    TEXTS,
    Opener,
    SharedEventStoreContract,
    some_events,
)
from palate.testing.servers import PASSWORD, Postgres, postgres

SECRET = b"k" * 32


@pytest.fixture
def url(postgres_server: Postgres) -> str:
    return postgres_server.new_database()


class TestPostgresEvents(SharedEventStoreContract):
    @pytest.fixture
    def opener(self, url: str) -> Opener:
        return lambda: PostgresEvents(parsed(url))


def test_contexts_are_not_to_be_read_without_the_key(url: str) -> None:
    store = PostgresEvents(parsed(url), Encrypted([SECRET]))
    store.append(some_events(3))
    with psycopg.connect(url) as connection:
        kept = str(connection.execute("SELECT * FROM palate_events").fetchall())
    assert "phone" not in kept
    keyless = PostgresEvents(parsed(url))
    with pytest.raises(BadInput, match="the key is missing"):
        keyless.read()
    assert [s.event for s in store.read()] == [g.event for g in some_events(3)]
    keyless.close()
    store.close()


def test_what_was_acknowledged_is_synced_whatever_the_defaults_say(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.execute("SELECT current_database()").fetchone()
        assert name is not None
        connection.execute(f"ALTER DATABASE {name[0]} SET synchronous_commit = off".encode())
    store = PostgresEvents(parsed(url))
    with store._database.reading() as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    store.close()


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_kept_without_the_character_that_postgres_refuses(text: str) -> None:
    assert "\0" not in kept_text(text)
    assert read_text(kept_text(text)) == text


def test_tables_of_a_later_version_are_refused(url: str) -> None:
    PostgresEvents(parsed(url)).close()
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE palate_versions SET version = version + 1")
    with pytest.raises(BadInput, match="written by a later palate"):
        PostgresEvents(parsed(url))


def test_a_migration_that_fails_leaves_the_old_version(url: str) -> None:
    PostgresEvents(parsed(url)).close()
    more = [*MIGRATIONS, "CREATE TABLE more (x INT); CREATE TABLE palate_log (x INT)"]
    with pytest.raises(BadInput, match="refuses"):
        PostgresDatabase(parsed(url), "events", more)
    with psycopg.connect(url) as connection:
        version = connection.execute("SELECT version FROM palate_versions").fetchone()
        assert version == (len(MIGRATIONS),)
        assert connection.execute("SELECT to_regclass('more')").fetchone() == (None,)


def test_many_may_be_first(url: str) -> None:
    found: list[PostgresEvents] = []
    threads = [
        threading.Thread(target=lambda: found.append(PostgresEvents(parsed(url)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.last_offset() for store in found] == [0] * 4
    for store in found:
        store.close()


def test_a_password_is_in_no_message(postgres_server: Postgres) -> None:
    wrong = postgres_server.url("nowhere")
    with pytest.raises(Unavailable, match="nowhere") as caught:
        PostgresEvents(parsed(wrong))
    assert PASSWORD not in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def mortal() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def test_what_was_appended_outlives_the_server(mortal: Postgres) -> None:
    store = PostgresEvents(parsed(mortal.new_database()))
    offsets = [a.offset for a in store.append(some_events(50))]
    mortal.server.kill()
    with pytest.raises(Unavailable, match="does not answer"):
        store.append(some_events(1, "v"))
    with pytest.raises(Unavailable, match="does not answer"):
        store.read()
    mortal.server.start()
    for _ in range(100):
        try:
            assert [s.offset for s in store.read()] == offsets
            break
        except Unavailable:
            threading.Event().wait(0.1)
    assert store.append(some_events(1, "v"))[0].offset == offsets[-1] + 1
    store.close()
