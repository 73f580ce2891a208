"""Where the keys of a service are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from palate.errors import BadInput
from palate.serve.documents import Document, FileDocument
from palate.serve.extras import check_cluster
from palate.serve.stores import StoreSettings

KEYS: Final = "keys.json"
"""Name of the file; it is a promise."""


@contextmanager
def opened_keys(
    folder: Path | None, key_file: Path | None, where: StoreSettings
) -> Iterator[Document]:
    """Where the keys of a service are.

    Args:
        folder: Of the service.
        key_file: The file of keys, wherever the service keeps other things.
        where: Where it keeps them; keys of several processes are in their PostgreSQL.

    Raises:
        BadInput: There are keys in the folder, too: it is not said which count.
        Unavailable: The server does not answer.
    """
    file = folder / KEYS if key_file is None and folder is not None else key_file
    if file is not None and (key_file is not None or not where.store):
        yield FileDocument(file, private=True)
        return
    if folder is not None and (folder / KEYS).exists():
        raise BadInput(
            f"there are keys in {folder / KEYS}; where processes share a store, keys are there",
            where="--store",
            next_step="palate key new --store, and delete the file; or give it as --key-file",
        )
    check_cluster()
    from palate.serve.shared_documents import PostgresDocuments

    documents = PostgresDocuments(where.store_address())
    try:
        yield documents.of("keys")
    finally:
        documents.close()
