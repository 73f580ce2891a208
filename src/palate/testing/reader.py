"""What every reader must keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from palate import config
from palate.errors import BadRecipe, PalateError
from palate.stages import Reader
from palate.tables import Dataset


class ReaderContract:
    """Give the reader and its source by overriding the fixtures `part` and `broken`.

    `part` reads a source of at least two users, two items and three events; `broken` is a reader of
    a source that cannot be read.
    """

    @pytest.fixture
    def part(self, tmp_path: Path) -> Reader:
        """The reader that is tried."""
        raise NotImplementedError("give the reader: override the fixture `part`")

    @pytest.fixture
    def broken(self, tmp_path: Path) -> Reader:
        """A reader of the same kind whose source is not there or is damaged."""
        raise NotImplementedError("give a reader that must fail: override the fixture `broken`")

    @pytest.fixture
    def dataset(self, part: Reader) -> Dataset:
        """What was read."""
        return part.read()

    def test_rows_point_into_the_vocabularies(self, dataset: Dataset) -> None:
        """Every event is of a user and an item that exist."""
        log = dataset.interactions
        assert len(log) >= 3
        assert log.n_users >= 2
        assert log.n_items >= 2
        for rows, size in ((log.user, log.n_users), (log.item, log.n_items)):
            assert rows.dtype == np.int32
            assert rows.shape == (len(log),)
            assert 0 <= rows.min() <= rows.max() < size

    def test_ids_are_distinct_texts(self, dataset: Dataset) -> None:
        """A vocabulary names each thing once, by a text that is not empty."""
        for vocabulary in (dataset.interactions.users, dataset.interactions.items):
            assert len(set(vocabulary.ids)) == len(vocabulary)
            assert all(isinstance(name, str) and name.strip() for name in vocabulary.ids)

    def test_users_come_in_order_of_appearance(self, dataset: Dataset) -> None:
        """The first event of each user comes after that of the user before, and every user has
        one.
        """
        _, first = np.unique(dataset.interactions.user, return_index=True)
        assert len(first) == dataset.interactions.n_users
        assert np.all(np.diff(first) > 0)

    def test_values_and_times_are_numbers(self, dataset: Dataset) -> None:
        """Values are finite float32, times int64 or not there at all."""
        log = dataset.interactions
        assert log.value.dtype == np.float32
        assert log.value.shape == (len(log),)
        assert np.isfinite(log.value).all()
        if log.time is not None:
            assert log.time.dtype == np.int64
            assert log.time.shape == (len(log),)

    def test_the_catalogue_has_a_row_for_every_item(self, dataset: Dataset) -> None:
        """Catalogue, users and log speak of the same things in the same order."""
        fields = dataset.catalogue.fields
        assert dataset.catalogue.items == dataset.interactions.items
        assert not fields.width or fields.height == dataset.interactions.n_items
        assert dataset.users is None or dataset.users.height == dataset.interactions.n_users

    def test_sources_have_digests(self, dataset: Dataset) -> None:
        """The data's sources are named."""
        assert dataset.sources
        assert all(len(digest) == 64 for digest in dataset.sources.values())

    def test_reading_twice_gives_the_same(self, part: Reader, dataset: Dataset) -> None:
        """Nothing is kept, consumed or left to chance."""
        again = part.read()
        assert again.interactions.frame().equals(dataset.interactions.frame())
        assert again.catalogue.fields.equals(dataset.catalogue.fields)
        assert again.sources == dataset.sources
        assert again.guesses == dataset.guesses

    def test_a_broken_source_is_an_error_of_ours(self, broken: Reader) -> None:
        """With a message that says where."""
        with pytest.raises(PalateError) as caught:
            broken.read()
        assert len(caught.value.message()) > 20

    def test_settings_are_documented_and_checked(self, part: Reader) -> None:
        """A misspelt setting is refused."""
        settings = type(part).Settings  # type: ignore[attr-defined]
        with pytest.raises(BadRecipe):
            config.parse(settings, {"no_such_setting": 1})
        assert config.parse(settings, config.resolved(settings())) == settings()
