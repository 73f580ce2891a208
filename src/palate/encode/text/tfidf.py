"""Counted words, weighted by how rare they are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from scipy import sparse

from palate import config
from palate.arrays import Mask, Rows, Sparse
from palate.capabilities import ReadsFields
from palate.encode.content import Layout, chosen_fields, digest_of, digest_of_rows, texts_of
from palate.encode.text.chinese import Chinese, cutting_libraries
from palate.encode.text.words import Cutting, word_runs
from palate.errors import BadInput
from palate.part_state import PartState, fitted, state_of, texts
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin


@dataclass(frozen=True)
class TfidfSettings:
    """Settings of `text.tfidf.v1`."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    word_runs: Annotated[int, Ge(1), Le(5)] = 1
    """Longest run of words that counts as a word of its own; 1 means single words."""

    stop_words: Literal["english", "none"] = "english"
    """Words that say nothing of a text (the, and, of) and are left out; those of other languages
    stay, for which `max_share` helps. On film plots this doubles what counted words find."""

    chinese: Chinese = "characters"
    """Chinese as single characters and pairs, or, with `"words"`, as single characters and the
    words of a dictionary (extra `chinese`): fewer columns, named by words."""

    simplify: bool = False
    """Count traditional Chinese characters as simplified ones (extra `chinese`)."""

    min_items: Annotated[int, Ge(1)] = 1
    """A word must occur in at least so many training items."""

    max_share: Annotated[float, Gt(0), Le(1)] = 1.0
    """A word that occurs in a larger share of the training items is left out."""

    max_words: Annotated[int, Ge(1)] | None = None
    """Keep only so many words, the most frequent ones; all by default."""

    sublinear: bool = True
    """Count a word that occurs n times as 1 + ln n."""

    normalise: bool = True
    """Scale every row to length one, so that products are cosines."""


class Tfidf(ReadsFields):
    """Sparse TF-IDF of the items' texts: the yardstick that a language model has to beat.

    Words and their weights come from the training items alone. An item without text, or without a
    single known word, is absent: its row is zero and `present` is false. Prefer
    `text.transformer.v1` for prose; on product titles, where brand and model names matter, this is
    hard to beat, and both together are best.

    Args:
        settings: See `TfidfSettings`.

    Cost: about 100,000 short texts in two seconds; memory is that of the words that occur.

    >>> import numpy as np, polars as pl
    >>> from palate.tables import Catalogue, Vocabulary
    >>> titles = pl.DataFrame({"title": ["red lipstick", "red nail polish", None]})
    >>> shop = Catalogue(Vocabulary.of("abc"), titles)
    >>> block = Tfidf().fit(shop, np.array([0, 1], np.int32)).encode(shop)
    >>> block.columns, block.present.tolist()
    (('lipstick', 'nail', 'polish', 'red'), [True, True, False])

    Paper: K. Spärck Jones, A statistical interpretation of term specificity, Journal of
        Documentation 28 (1972).
    """

    Settings = TfidfSettings
    name: ClassVar[str] = "text.tfidf.v1"

    def __init__(self, settings: TfidfSettings = TfidfSettings()) -> None:
        self.settings = settings

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn the words and their weights from the texts of the items `rows` alone.

        Raises:
            BadRecipe: The catalogue has no such field.
            BadInput: No word is left.
        MissingExtra: Chinese words are wanted and the extra `chinese` is not installed.
        """
        self.fields_ = chosen_fields(catalogue, self.settings.fields, rows)
        found = texts_of(catalogue, self.fields_, self.settings.layout)
        known = [found[r] for r in np.unique(rows) if found[r] is not None]
        vectoriser = _vectoriser(self.settings)
        try:
            vectoriser.fit(known)
        except ValueError as cause:
            raise BadInput(
                f"no word occurs in at least {self.settings.min_items} of the {len(known)} training"
                " items with text",
                where=", ".join(self.fields_),
                next_step="name other fields, or lower min_items",
            ) from cause
        self.words_ = tuple(map(str, vectoriser.get_feature_names_out()))
        self.rarity_ = np.asarray(vectoriser.idf_, np.float32)
        libraries = cutting_libraries(self.settings.chinese, self.settings.simplify)
        seen = {"texts": digest_of(known), "rows": digest_of_rows(rows)}
        self.fitted_on_ = digest({**seen, **({"libraries": libraries} if libraries else {})})
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """Sparse float32 [n_items, n_words]; the columns are named by their words."""
        found = texts_of(catalogue, fitted(self, "fields_"), self.settings.layout)
        matrix = self._weighted(found)
        present: Mask = np.diff(matrix.indptr) > 0
        origin = Origin(
            part=self.name,
            fields=self.fields_,
            settings=config.resolved(self.settings),
            data=digest({"texts": digest_of(found), "fitted_on": self.fitted_on_}),
        )
        return Block("text.tfidf", matrix, present, origin, self.words_)

    def state(self) -> Artefact:
        """The fields, the words in the order of the columns, and how rare each is.

        Raises:
            Refused: The encoder has not been fitted.
        """
        facts = {"fields": list(fitted(self, "fields_")), "fitted_on": self.fitted_on_}
        arrays = {**texts("words", self.words_), "rarity": self.rarity_}
        return state_of(self, arrays, facts, elsewhere=("fields",))

    def load(self, state: Artefact) -> Self:
        """Take up fields, words and their weights, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.words_ = kept.texts("words")
        self.rarity_ = kept.array("rarity", np.float32, len(self.words_))
        self.fitted_on_ = kept.fact("fitted_on", str)
        self.fields_ = kept.fact("fields", tuple[str, ...])
        return self

    def _weighted(self, found: Sequence[str | None]) -> Sparse:
        """CSR float32 [n, n_words], as `TfidfVectorizer` weighs them, from words and rarity
        alone.
        """
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.preprocessing import normalize

        counter = CountVectorizer(
            analyzer=_analyser(self.settings), vocabulary=self.words_, dtype=np.float32
        )
        # scikit-learn counts no empty list of texts
        counts = counter.transform([text or "" for text in found] or [""])[: len(found)]
        matrix = sparse.csr_matrix(counts, dtype=np.float32)
        if self.settings.sublinear:
            matrix.data = np.log(matrix.data) + np.float32(1)
        matrix.data *= self.rarity_[matrix.indices]
        if self.settings.normalise and matrix.shape[0]:
            matrix = normalize(matrix, norm="l2", copy=False)
        return _sorted(matrix)


def _analyser(settings: TfidfSettings) -> Callable[[str], list[str]]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    without = ENGLISH_STOP_WORDS if settings.stop_words == "english" else frozenset[str]()
    cutting = Cutting(settings.chinese, settings.simplify)
    return functools.partial(
        word_runs, longest=settings.word_runs, without=without, cutting=cutting
    )


def _vectoriser(settings: TfidfSettings) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=_analyser(settings),
        min_df=settings.min_items,
        max_df=settings.max_share,
        max_features=settings.max_words,
        dtype=np.float32,
    )


def _sorted(matrix: Any) -> Sparse:
    csr = sparse.csr_matrix(matrix, dtype=np.float32)
    csr.sort_indices()
    return csr
