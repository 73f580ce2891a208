"""What every store of items and users must keep, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from palate.serve.records.items import Change, Create, FieldValue, Hide, ItemRecord, after
from palate.serve.records.record_store import RecordStore
from palate.serve.refusals import Conflict
from palate.testing.event_store import TEXTS

Opener: TypeAlias = Callable[[], RecordStore]
"""Opens the same records again, as a process does that starts."""

ALL_KINDS: dict[str, FieldValue] = {
    "text": "ü ✆",
    "number": 3,
    "half": 0.5,
    "is": True,
    "tags": ["a", "b"],
    "none": None,
}


def kept(store: RecordStore, *records: ItemRecord, known: int = 0) -> int:
    """Keep them, whatever others changed."""
    return store.change_items(known, lambda elsewhere: records)


class RecordStoreContract:
    """Subclass it with a fixture `opener`; nothing is known at first."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens the records; each call after `close` opens the same ones."""
        raise NotImplementedError

    @pytest.fixture
    def store(self, opener: Opener) -> Iterator[RecordStore]:
        """Empty records."""
        store = opener()
        yield store
        store.close()

    def test_items_stay_in_the_order_in_which_they_came(self, opener: Opener) -> None:
        """With all their fields, also after a change and after a restart."""
        store = opener()
        assert list(store.items().records) == []
        kept(store, ItemRecord("b", ALL_KINDS), ItemRecord("a", hidden=True))
        kept(store, ItemRecord("c", deleted=True), ItemRecord("d", pinned=True))
        kept(store, ItemRecord("b", {"text": ""}))
        expected = [
            ItemRecord("b", {"text": ""}),
            ItemRecord("a", hidden=True),
            ItemRecord("c", deleted=True),
            ItemRecord("d", pinned=True),
        ]
        assert list(store.items().records) == expected
        store.close()
        store = opener()
        assert list(store.items().records) == expected
        store.close()

    def test_what_is_known_is_not_given_again(self, store: RecordStore) -> None:
        """The version says up to where it is known."""
        kept(store, ItemRecord("a"))
        found = store.items()
        assert [record.item for record in found.records] == ["a"]
        assert list(store.items(found.version).records) == []
        given: list[ItemRecord] = []
        for version in (found.version, 0):
            store.change_items(version, lambda others: given.extend(others) or ())  # type: ignore[func-returns-value]
        assert [record.item for record in given] == ["a"]
        assert store.look_again() == found.version

    def test_all_of_a_change_is_kept_or_nothing(self, store: RecordStore) -> None:
        """An error of who decides comes through."""

        def refuse(elsewhere: Sequence[ItemRecord]) -> Sequence[ItemRecord]:
            raise Conflict("no")

        known = kept(store, ItemRecord("a"))
        with pytest.raises(Conflict):
            store.change_items(known, refuse)
        assert store.change_items(known, lambda elsewhere: ()) == known
        assert [record.item for record in store.items().records] == ["a"]

    @pytest.mark.parametrize("text", TEXTS)
    def test_any_text_stays_as_it_was(self, store: RecordStore, text: str) -> None:
        """As an id and as a value, of items and of users."""
        record = ItemRecord(text, {"said": text, text: [text]})
        kept(store, record)
        kept(store, record)
        assert list(store.items().records) == [record]
        store.put_user(text, {"said": text})
        assert store.user(text) == {"said": text}
        store.erase_user(text)
        assert store.erased(text)
        assert not store.erased(f"{text}x")

    def test_users_are_kept(self, opener: Opener) -> None:
        """With their fields; the last word holds."""
        store = opener()
        assert store.user("u") is None
        store.put_user("u", {})
        assert store.user("u") == {}
        store.put_user("u", ALL_KINDS)
        store.put_user("v", {"language": "zh"})
        store.close()
        store = opener()
        assert store.user("u") == ALL_KINDS
        assert store.user("v") == {"language": "zh"}
        store.close()

    def test_an_erased_user_is_gone_and_stays_erased(self, opener: Opener) -> None:
        """Though new fields may come."""
        store = opener()
        store.put_user("u", {"language": "en"})
        store.put_user("v", {})
        store.erase_user("u")
        store.erase_user("u")
        store.erase_user("never seen")
        assert [store.erased(user) for user in ("u", "v", "never seen")] == [True, False, True]
        assert store.user("u") is None
        store.close()
        store = opener()
        assert [store.erased(user) for user in ("u", "v", "never seen")] == [True, False, True]
        store.put_user("u", {"language": "zh"})
        assert store.user("u") == {"language": "zh"}
        store.close()


class SharedRecordStoreContract(RecordStoreContract):
    """What records that several processes open at the same time must keep besides; `opener` opens
    them again while they are open.
    """

    def test_what_one_changes_the_others_are_given(
        self, opener: Opener, store: RecordStore
    ) -> None:
        """When they look, and before they change anything themselves."""
        other = opener()
        known = other.items().version
        kept(store, ItemRecord("a"), ItemRecord("b"))
        assert other.look_again() > known
        found = other.items(known)
        assert [record.item for record in found.records] == ["a", "b"]
        kept(store, ItemRecord("a", hidden=True), known=found.version)
        given: list[ItemRecord] = []

        def decide(elsewhere: Sequence[ItemRecord]) -> Sequence[ItemRecord]:
            given.extend(elsewhere)
            return [ItemRecord("c")]

        version = other.change_items(found.version, decide)
        assert given == [ItemRecord("a", hidden=True)]
        assert list(other.items(version).records) == []
        assert [record.item for record in store.items().records] == ["a", "b", "c"]
        other.close()

    def test_two_cannot_create_one_item(self, opener: Opener) -> None:
        """Who comes second learns that it is there; no change is lost."""
        stores = [opener() for _ in range(4)]

        def create(number: int) -> bool:
            def decide(elsewhere: Sequence[ItemRecord]) -> Sequence[ItemRecord]:
                records = {record.item: record for record in elsewhere}
                item = f"i{number // 4}"
                if item in records:
                    return [after(Change(item, {str(number): 1}), records[item], False)]
                return [after(Create(item, {str(number): 0}), None, False)]

            return stores[number % 4].change_items(0, decide) > 0

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(create, range(40)))
        records = stores[0].items().records
        assert len(records) == 10
        for record in records:
            assert sorted(record.fields.values(), key=str) == [0, 1, 1, 1]
        for one in stores:
            one.close()

    def test_an_erased_user_is_erased_everywhere(self, opener: Opener, store: RecordStore) -> None:
        """After the others looked."""
        other = opener()
        other.put_user("u", {"language": "en"})
        store.erase_user("u")
        assert other.user("u") is None
        other.look_again()
        assert other.erased("u")
        other.erase_user("v")
        store.look_again()
        assert store.erased("v")
        assert after(Hide("x"), None, True).hidden
        other.close()
