"""What every encoder has to keep."""

from __future__ import annotations

import copy
import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from palate import config
from palate.arrays import Floats, Rows, dense
from palate.capabilities import ReadsFiles
from palate.errors import PalateError
from palate.seeding import generator
from palate.stages import Encoder
from palate.tables import Block, Catalogue, Vocabulary
from palate.testing.files import made_picture, made_sound
from palate.testing.stored import refuses_other_states, size_of, stored

_WORDS = (
    "red",
    "blue",
    "old",
    "wine",
    "glass",
    "lip",
    "nail",
    "polish",
    "dragon",
    "queen",
    "river",
    "garden",
)


def made_catalogue(n_items: int = 60, seed: int = 0) -> Catalogue:
    """Items with texts, a number, a category, labels, a date, a picture and a sound, and gaps in
    some of them.

    Item 0 has nothing at all; items 1 and 2 are equal; item 3 is written in Chinese; item 4 has odd
    characters.
    """
    rng = generator(seed, "made catalogue")
    titles: list[str | None] = [" ".join(rng.choice(_WORDS, 1 + i % 5)) for i in range(n_items)]
    titles[1] = titles[2] = "old wine glass"
    titles[3] = "红楼梦 小说"
    titles[4] = "queen\u200b \U0001f451 <b>dragon</b>"
    prices = [None if i % 7 == 6 else float(rng.gamma(2.0, 10.0)) for i in range(n_items)]
    labels = [
        sorted(rng.choice(["a", "b", "c"], 1 + i % 2, replace=False).tolist())
        for i in range(n_items)
    ]
    fields = pl.DataFrame(
        {
            "title": titles,
            "price": prices,
            "brand": [
                None if i % 5 == 4 else ("acme", "zenith", "north")[i % 3] for i in range(n_items)
            ],
            "labels": labels,
            "released": [
                datetime.date(2015, 1, 1) + datetime.timedelta(days=37 * i) for i in range(n_items)
            ],
            "picture": [made_picture(seed * n_items + i) for i in range(n_items)],
            "sound": [made_sound(seed * n_items + i) for i in range(n_items)],
        }
    )
    empty = pl.DataFrame({c: [None] for c in fields.columns}, schema=fields.schema)
    equal = fields[1].vstack(fields[1])
    return Catalogue(
        Vocabulary.of(f"item{i}" for i in range(n_items)),
        pl.concat([empty, equal, fields[3:]]).with_columns(title=pl.Series([None, *titles[1:]])),
    )


class EncoderContract:
    """Give the encoder by overriding the fixture `part`, unfitted; it must be able to read
    `made_catalogue`.
    """

    @pytest.fixture
    def part(self) -> Encoder:
        """The encoder that is tried, unfitted."""
        raise NotImplementedError("give the encoder: override the fixture `part`")

    @pytest.fixture
    def catalogue(self) -> Catalogue:
        """What is encoded."""
        return made_catalogue()

    @pytest.fixture
    def rows(self, catalogue: Catalogue) -> Rows:
        """The training items: all but the last third."""
        return np.arange(2 * len(catalogue) // 3, dtype=np.int32)

    @pytest.fixture
    def block(self, part: Encoder, catalogue: Catalogue, rows: Rows) -> Block:
        """The catalogue, encoded."""
        return copy.deepcopy(part).fit(catalogue, rows).encode(catalogue)

    def test_one_row_of_float32_for_each_item(self, block: Block, catalogue: Catalogue) -> None:
        """Dense or CSR, finite, with a mask beside it and a name for every column or none."""
        assert block.matrix.shape == (len(catalogue), block.width)
        assert block.matrix.dtype == np.float32
        assert not sparse.issparse(block.matrix) or block.matrix.format == "csr"
        assert np.isfinite(dense(block.matrix)).all()
        assert block.present.shape == (len(catalogue),)
        assert block.present.dtype == np.bool_
        assert len(block.columns) in (0, block.width)
        assert len(set(block.columns)) == len(block.columns)

    def test_absence_is_explicit(self, block: Block) -> None:
        """Item 0 has no content: it is absent and its row is zero, like every absent item's; others
        are there.
        """
        assert not block.present[0]
        assert not dense(block.matrix)[~block.present].any()
        assert block.present[1:].mean() > 0.5

    def test_equal_content_gives_equal_rows(self, block: Block) -> None:
        """Items 1 and 2 are the same but for their id."""
        rows = dense(block.matrix)
        assert np.array_equal(rows[1], rows[2])
        assert len(np.unique(rows, axis=0)) > 10

    def test_the_same_input_gives_the_same_bytes(
        self, part: Encoder, block: Block, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Twice, and with the training items named in another order and twice."""
        shuffled = np.concatenate([rows[::-1], rows[:3]])
        again = copy.deepcopy(part).fit(catalogue, shuffled).encode(catalogue)
        assert dense(again.matrix).tobytes() == dense(block.matrix).tobytes()
        assert again.columns == block.columns
        assert again.origin.key() == block.origin.key()

    def test_nothing_is_learnt_from_other_items(
        self, part: Encoder, block: Block, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Other contents outside the training items leave the training items' rows as they were,
        bit for bit.
        """
        changed = _with_other_contents(catalogue, np.setdiff1d(np.arange(len(catalogue)), rows))
        other = copy.deepcopy(part).fit(changed, rows).encode(changed)
        assert other.columns == block.columns
        assert _rows_of(other, rows).tobytes() == _rows_of(block, rows).tobytes()

    def test_a_row_does_not_depend_on_the_other_rows(
        self, part: Encoder, block: Block, catalogue: Catalogue, rows: Rows
    ) -> None:
        """A fitted encoder gives the items of another catalogue the same rows, in whatever order
        and company.
        """
        order = generator(3, "contract").permutation(len(catalogue))[: len(catalogue) // 2]
        ids = Vocabulary.of(catalogue.items.names(order))
        some = (
            copy.deepcopy(part).fit(catalogue, rows).encode(Catalogue(ids, catalogue.fields[order]))
        )
        assert dense(some.matrix).tobytes() == _rows_of(block, order).tobytes()
        assert np.array_equal(some.present, block.present[order])

    def test_the_origin_says_everything(
        self, part: Encoder, block: Block, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Part, fields and every setting; another content is another origin."""
        settings: Any = getattr(part, "settings")  # noqa: B009 - the protocol does not promise it, the part rule does
        assert block.origin.settings == config.resolved(settings)
        if isinstance(part, ReadsFiles):  # vectors out of files do not change with the fields
            assert block.origin.data
            return
        assert block.origin.fields
        assert set(block.origin.fields) <= set(catalogue.fields.columns)
        assert block.origin.data
        changed = _with_other_contents(catalogue, np.array([5]))
        other = copy.deepcopy(part).fit(changed, rows).encode(changed)
        assert other.origin.key() != block.origin.key()

    def test_the_catalogue_is_left_as_it_was(
        self, part: Encoder, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Nothing is written into the caller's tables."""
        before = catalogue.fields.clone()
        copy.deepcopy(part).fit(catalogue, rows).encode(catalogue)
        assert catalogue.fields.equals(before)

    def test_a_catalogue_without_items_is_one(
        self, part: Encoder, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Fitted on some items, applied to none."""
        none = Catalogue(Vocabulary(()), catalogue.fields[:0])
        block = copy.deepcopy(part).fit(catalogue, rows).encode(none)
        assert block.matrix.shape[0] == 0
        assert block.matrix.shape[1] > 0

    @pytest.fixture
    def others(self, catalogue: Catalogue) -> Catalogue:
        """Items that were not there at `fit`."""
        return made_catalogue(len(catalogue) // 2, seed=4)

    def test_stored_and_loaded_it_gives_the_same_bytes(
        self,
        part: Encoder,
        catalogue: Catalogue,
        others: Catalogue,
        rows: Rows,
        tmp_path: Path,
    ) -> None:
        """For the items of `fit`, and for another catalogue."""
        fresh = copy.deepcopy(part)
        fitted = part.fit(catalogue, rows)
        loaded = fresh.load(stored(fitted.state(), tmp_path / "state"))
        for some in (catalogue, others):
            expected, found = fitted.encode(some), loaded.encode(some)
            assert dense(found.matrix).tobytes() == dense(expected.matrix).tobytes()
            assert np.array_equal(found.present, expected.present)
            assert found.columns == expected.columns
            assert found.origin.key() == expected.origin.key()

    def test_its_state_does_not_grow_with_the_items(
        self, part: Encoder, catalogue: Catalogue, rows: Rows
    ) -> None:
        """The same training items among fewer others take as much room."""
        few = np.arange(len(rows) + 3)
        smaller = Catalogue(Vocabulary.of(catalogue.items.names(few)), catalogue.fields[few])
        one = copy.deepcopy(part).fit(catalogue, rows).state()
        other = copy.deepcopy(part).fit(smaller, rows).state()
        assert size_of(other) == size_of(one)

    def test_other_states_are_refused(
        self, part: Encoder, catalogue: Catalogue, rows: Rows
    ) -> None:
        """Another part's, and one that is not whole."""
        state = copy.deepcopy(part).fit(catalogue, rows).state()
        refuses_other_states(lambda spoilt: copy.deepcopy(part).load(spoilt), state)

    def test_before_fit_it_has_no_state(self, part: Encoder) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.state()


def _rows_of(block: Block, rows: Any) -> Floats:
    return np.ascontiguousarray(dense(block.matrix)[rows])


def _with_other_contents(catalogue: Catalogue, rows: Any) -> Catalogue:
    donors = made_catalogue(len(catalogue), seed=9).fields.with_columns(
        title=pl.col("title") + " running shoes", price=pl.col("price") * 100 + 1
    )
    mask = pl.Series(np.isin(np.arange(len(catalogue)), rows))
    mixed = [
        (
            catalogue.fields[c].zip_with(~mask, donors[c])
            if c in donors.columns
            else catalogue.fields[c]
        )
        for c in catalogue.fields.columns
    ]
    return replace(catalogue, fields=pl.DataFrame(mixed))
