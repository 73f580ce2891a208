"""A language model as a table of token vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse

from palate.adapt.distil import Distil, DistilSettings, fitted_table
from palate.errors import Refused
from palate.tables import Catalogue, Training


def test_the_table_is_the_ridge_solution() -> None:
    random = np.random.default_rng(0)
    X = sparse.csr_matrix(random.random((30, 8)) * (random.random((30, 8)) < 0.5))
    Y, start = random.standard_normal((30, 3)), random.standard_normal((8, 3))
    exact = np.linalg.solve((X.T @ X).toarray() + 0.5 * np.eye(8), X.T @ Y + 0.5 * start)
    assert fitted_table(X, Y, start, 0.5) == pytest.approx(exact, abs=1e-2)
    assert fitted_table(X, Y, start, 1e9) == pytest.approx(start, abs=1e-4)


def test_the_student_is_near_the_teacher_and_nearer_than_its_start(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    teacher = encoder.encode(catalogue).matrix
    agreement = {}
    for ridge in (0.01, 1e6):
        student = Distil(DistilSettings(ridge=ridge)).tune(encoder, catalogue, training)
        block = student.fit(catalogue, np.arange(40, dtype=np.int32)).encode(catalogue)
        agreement[ridge] = float((block.matrix * teacher).sum(1)[:-1].mean())
        assert block.present.tolist() == [True] * 39 + [False]
        assert not block.matrix[-1].any()
    assert agreement[0.01] > 0.95
    assert agreement[0.01] > agreement[1e6]


def test_new_texts_are_encoded_and_unknown_words_give_nothing(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    student = Distil().tune(encoder, catalogue, training)
    known = str(catalogue.fields["family"][0])
    vectors = student.vectors([f"{known} {known}", known])
    assert vectors[0] @ vectors[1] > 0.9
    fields = catalogue.fields.with_columns(
        pl.lit(None, pl.String).alias("family"), pl.lit(None, pl.String).alias("other")
    )
    empty = Catalogue(catalogue.items, fields)
    assert not student.encode(empty).matrix.any()
    with pytest.raises(Refused, match="has a text"):
        Distil().tune(encoder, empty, training)


def test_only_texts_of_the_training_part_count(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    log = training.log
    few = replace(training, log=log.take(log.item < 10))
    known = set(Distil().tune(encoder, catalogue, few).state().arrays["tokens"].tolist())
    words = {w for t in encoder.texts(catalogue)[:10] if t for w in t.split()}
    assert known == {1, 2} | {3 + int(w[1:]) for w in words}
