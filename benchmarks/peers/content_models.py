"""What a stranger builds by hand of words: TF-IDF of the catalogue, added to the scores of a model
of ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from peers.id_models import Model
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from palate.arrays import Floats, Sparse
from palate.data.describe import field_kinds
from palate.tables import Catalogue, Histories

WEIGHTS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 3.0)
MOST_WORDS = 20_000


@dataclass(frozen=True, eq=False)
class Words:
    """Cosine of an item's words and the mean of the history's.

    Attributes:
        rows: float32 [n_items, n_words], of length 1.
    """

    rows: Sparse

    @classmethod
    def of(cls, catalogue: Catalogue) -> Words | None:
        """All text, categories and lists of the catalogue; None where it has none."""
        kinds = field_kinds(catalogue)
        names = [k.name for k in kinds if k.kind in ("text", "category", "multi")]
        texts = [text or "" for text in catalogue.texts(names)] if names else []
        if not any(texts):
            return None
        vectorizer = TfidfVectorizer(
            max_features=MOST_WORDS, min_df=2, max_df=0.5, sublinear_tf=True, dtype=np.float32
        )
        try:
            return cls(sparse.csr_matrix(vectorizer.fit_transform(texts)))
        except ValueError:  # no word is left
            return None

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items], 0 for an empty history."""
        profiles = histories.matrix(self.rows.shape[0]) @ self.rows
        length = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1))).ravel()
        cosine = np.asarray((profiles @ self.rows.T).todense(), np.float32)
        return np.asarray(cosine / np.maximum(length, 1e-9)[:, None], np.float32)


@dataclass(frozen=True, eq=False)
class Hybrid:
    """Both scores of each case brought to mean 0 and spread 1, the words' times `weight`."""

    ids: Model
    words: Words
    weight: float

    def score(self, histories: Histories) -> Floats:
        """float32 [m, n_items]."""
        first, second = (standard(model.score(histories)) for model in (self.ids, self.words))
        return np.asarray(first + self.weight * second, np.float32)


def standard(scores: Any) -> Floats:
    """Each row [n_items] with mean 0 and spread 1."""
    scores = np.asarray(scores, np.float32)
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray(
        (scores - scores.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1), np.float32
    )
