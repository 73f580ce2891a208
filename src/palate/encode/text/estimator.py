"""An encoder of texts that stands alone, in scikit-learn's manner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from palate import config
from palate.arrays import Floats
from palate.encode.content_encoder import text_matrix
from palate.encode.row_cache import RowCache
from palate.encode.text.transformer import Transformer, TransformerSettings
from palate.encode.text_column import texts_of


class TextEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Texts -> vectors of a language model, for scikit-learn pipelines and for anybody who wants
    only that.

    A vector that was once computed is taken from the row cache. For blocks of a recipe use
    `text.transformer.v1`, which has the same settings; for histories of users
    `palate.BehaviourEncoder`; for counted words scikit-learn's `TfidfVectorizer`.

    Args:
        model: A folder, or a name on the Hugging Face hub; without "/" it is one of
            sentence-transformers.
        pooling: `"mean"`, `"cls"`, `"max"`, `"last"`, `"weighted_mean"`; by default what the
            model's folder says.
        prompt: Put before every text; by default what the folder says.
        max_tokens: Longest text in tokens; by default what the folder says.
        long_texts: `"truncate"` or `"chunk"`.
        normalise: Scale to length one; by default what the folder says.
        backend: `"auto"`, `"openvino"`, `"onnx"` or `"torch"`.
        precision: `"auto"`, `"f32"`, `"bf16"` or `"int8"`.
        cache: Whether the row cache is used.

    Example:
        `TextEncoder().fit_transform(["red lipstick", "nail polish"])` is float32 [2, 384].
    """

    def __init__(  # noqa: PLR0913 - scikit-learn wants every parameter by name
        self,
        model: str = "all-MiniLM-L6-v2",
        *,
        pooling: str | None = None,
        prompt: str | None = None,
        max_tokens: int | None = None,
        long_texts: str = "truncate",
        normalise: bool | None = None,
        backend: str = "auto",
        precision: str = "auto",
        cache: bool = True,
    ) -> None:
        self.model = model
        self.pooling = pooling
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.long_texts = long_texts
        self.normalise = normalise
        self.backend = backend
        self.precision = precision
        self.cache = cache

    def fit(self, X: Iterable[str | None] = (), y: object = None) -> Self:
        """Find the model; nothing is learnt from `X`, which is looked at only to refuse what is no
        column of texts.

        Raises:
            BadInput: Something is not text, or there are several columns.
        """
        if not isinstance(X, Iterator):  # which can be read only once
            texts_of(X)
        settings = {
            k: v for k, v in self.get_params(deep=False).items() if k != "cache" and v is not None
        }
        self.part_ = Transformer(config.parse(TransformerSettings, settings, "TextEncoder"))
        self.n_features_out_ = self.part_.width()
        return self

    def transform(self, X: Iterable[str | None]) -> Floats:
        """float32 [n, d]; a missing or empty text gives a row of zeros.

        Args:
            X: Texts [n]: a list, an array, a column of pandas, polars or pyarrow. A frame of one
                column is taken as that column.

        Raises:
            BadInput: Something is not text, or there are several columns.
        """
        if not hasattr(self, "part_"):
            self.fit(())
        matrix, _ = text_matrix(self.part_, texts_of(X), RowCache() if self.cache else None)
        return matrix

    def get_feature_names_out(self, input_features: object = None) -> NDArray[Any]:
        """Names of the d columns."""
        return np.asarray([f"textencoder{i}" for i in range(self.n_features_out_)], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags
