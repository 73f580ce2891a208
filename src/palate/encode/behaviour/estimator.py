"""An encoder of histories that stands alone, in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from palate import config
from palate.arrays import Floats
from palate.encode.behaviour.wording import EventWords, check_template, first_words, joined, said
from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.errors import BadInput

_TABLES = ("DataFrame", "LazyFrame", "Table", "RecordBatch")
_KEYS = ("item", "action", "time")


class BehaviourEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Histories -> vectors of a language model that reads them, newest event last.

    For blocks and models of a recipe use `behaviour.tokens.v1`, which fits histories into a budget
    of tokens event by event; here a history keeps its newest `last` events, and what the model
    cannot read is cut off from the oldest on. For single texts use `palate.TextEncoder`.

    Args:
        model: A folder, or a name on the Hugging Face hub; without "/" it is one of
            sentence-transformers.
        last: Most events of a history.
        item_words: Most words of an item's text.
        template: How one event is said, with `{item}`, `{action}` and `{time}`.
        separator: What stands between two events.
        cache: Whether the row cache is used.

    Example:
        `BehaviourEncoder().fit_transform([["red lipstick", "nail polish"], []])` is float32 [2,
        384], the second row zeros. An event is a text, or a mapping `{"item": "red lipstick",
        "action": "bought", "time": "last week"}`.
    """

    def __init__(
        self,
        model: str = "all-MiniLM-L6-v2",
        *,
        last: int = 50,
        item_words: int = 24,
        template: str = "{action} {item}, {time}",
        separator: str = "; ",
        cache: bool = True,
    ) -> None:
        self.model = model
        self.last = last
        self.item_words = item_words
        self.template = template
        self.separator = separator
        self.cache = cache

    def fit(self, X: Iterable[Any] = (), y: object = None) -> Self:
        """Find the model; nothing is learnt from `X`.

        Raises:
            BadRecipe: The template cannot be filled.
        """
        check_template(self.template, "template")
        self.part_ = Transformer(
            config.parse(TransformerSettings, {"model": self.model}, "BehaviourEncoder")
        )
        self.n_features_out_ = self.part_.width()
        return self

    def transform(self, X: Iterable[Sequence[str | Mapping[str, str]]]) -> Floats:
        """float32 [n, d]; an empty history gives a row of zeros.

        Args:
            X: Histories [n], each a list of events, oldest first.

        Raises:
            BadInput: It is no list or column of histories, or an event is neither a text nor a
                mapping with the key `item`.
        """
        if not hasattr(self, "part_"):
            self.fit()
        if isinstance(X, str | bytes | Mapping | Set) or type(X).__name__ in _TABLES:
            raise BadInput(
                f"a {type(X).__name__} was given",
                where="X",
                allowed="histories [n], each a list of events, oldest first",
                next_step="give one column of lists",
            )
        texts = [self._text(history, row) for row, history in enumerate(X)]
        return text_matrix(self.part_, texts, RowCache() if self.cache else None)[0]

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Names of the d columns."""
        return np.asarray(
            [f"behaviourencoder{i}" for i in range(self.n_features_out_)], dtype=object
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags

    def _text(self, history: Sequence[str | Mapping[str, str]], row: int) -> str | None:
        if isinstance(history, str | Mapping) or not isinstance(history, Sequence):
            raise BadInput(
                f"{history!r} is no history",
                where=f"X[{row}]",
                allowed="a list of events, oldest first",
            )
        events = [self._event(event, f"X[{row}][{i}]") for i, event in enumerate(history)]
        texts = [said(event, self.template) for event in events[-self.last :] if event.item]
        limit = self.part_.max_tokens - 1
        while texts:
            text = joined("", texts, self.separator)
            if (
                int(self.part_.tokeniser([self.part_.prompt + text]).text_lengths()[0]) <= limit
                or len(texts) == 1
            ):
                return text
            texts = texts[max(1, len(texts) // 8) :]
        return None

    def _event(self, event: str | Mapping[str, str], where: str) -> EventWords:
        if isinstance(event, str):
            return EventWords(first_words(event.strip(), self.item_words))
        if not isinstance(event, Mapping) or "item" not in event or not set(event) <= set(_KEYS):
            raise BadInput(
                f"{event!r} is no event",
                where=where,
                allowed=f"a text, or a mapping of {', '.join(_KEYS)}",
            )
        item = first_words(str(event["item"] or "").strip(), self.item_words)
        return EventWords(item, str(event.get("action") or ""), str(event.get("time") or ""))
