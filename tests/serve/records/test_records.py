"""Items and users in a file and in PostgreSQL: one contract."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from tests.serve.contracts.records import Opener, RecordStoreContract, SharedRecordStoreContract

from palate.data.address import parsed
from palate.errors import BadInput
from palate.serve.records.postgres import PostgresRecords
from palate.serve.records.store import Records
from palate.serve.values import Encrypted
from palate.testing.servers import Postgres

SECRET = b"k" * 32


class TestRecords(RecordStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: Records(tmp_path / "records.db")


class TestEncryptedRecords(RecordStoreContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return lambda: Records(tmp_path / "records.db", Encrypted([SECRET]))


class TestPostgresRecords(SharedRecordStoreContract):
    @pytest.fixture
    def opener(self, postgres_server: Postgres) -> Opener:
        address = parsed(postgres_server.new_database())
        return lambda: PostgresRecords(address)


def test_fields_of_users_are_not_to_be_read_without_the_key(postgres_server: Postgres) -> None:
    url = postgres_server.new_database()
    records = PostgresRecords(parsed(url), Encrypted([SECRET]))
    records.put_user("u", {"diet": "vegan"})
    with psycopg.connect(url) as connection:
        assert "vegan" not in str(connection.execute("SELECT * FROM palate_users").fetchall())
    keyless = PostgresRecords(parsed(url))
    with pytest.raises(BadInput, match="the key is missing"):
        keyless.user("u")
    assert records.user("u") == {"diet": "vegan"}
    keyless.close()
    records.close()
