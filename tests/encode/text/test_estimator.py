import numpy as np
import polars as pl
import pytest

from palate.errors import BadInput, BadRecipe

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture
def encoder(tiny):
    from palate.encode.text.estimator import TextEncoder

    return TextEncoder(model=str(tiny("bert")), backend="torch")


def test_texts_become_rows(encoder):
    X = encoder.fit_transform(["red wine", None, "", "red wine", float("nan")])
    assert X.shape == (5, 32)
    assert X.dtype == np.float32
    assert np.array_equal(X[0], X[3])
    assert not X[[1, 2, 4]].any()
    assert X[0].any()


def test_it_takes_what_people_have(encoder):
    texts = ["red wine", "old"]
    expected = encoder.fit_transform(texts)
    import pandas as pd

    for given in (tuple(texts), np.array(texts), pl.Series(texts), pd.Series(texts), iter(texts)):
        assert np.array_equal(encoder.transform(given), expected)


def test_it_is_a_scikit_learn_transformer(encoder, tiny):
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    assert clone(encoder).get_params() == encoder.get_params()
    assert encoder.set_params(pooling="cls").pooling == "cls"
    model = make_pipeline(encoder, LogisticRegression())
    assert model.fit(["red wine", "war and peace"] * 5, [0, 1] * 5).score(["red wine"], [0]) == 1
    frame = encoder.set_output(transform="polars").fit_transform(["red"])
    assert frame.columns[:2] == ["textencoder0", "textencoder1"]


def test_it_uses_the_row_cache(tiny, tmp_path, monkeypatch):
    from palate.encode.text.estimator import TextEncoder

    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    TextEncoder(model=str(tiny("bert")), backend="torch", cache=False).fit_transform(["red"])
    assert not list(tmp_path.rglob("*.sqlite"))
    TextEncoder(model=str(tiny("bert")), backend="torch").fit_transform(["red"])
    again = TextEncoder(model=str(tiny("bert")), backend="torch").fit(["red"])
    again.transform(["red"])
    assert "engine" not in vars(again.part_)


def test_what_is_no_text_is_refused(encoder):
    with pytest.raises(BadInput, match="one text was given"):
        encoder.fit_transform("red wine")
    with pytest.raises(BadInput, match=r"X\[1\]: 3 is not text"):
        encoder.fit_transform(["red", 3])


def test_settings_are_checked(tiny):
    from palate.encode.text.estimator import TextEncoder

    with pytest.raises(BadRecipe, match=r"TextEncoder\.pooling"):
        TextEncoder(model=str(tiny("bert")), pooling="average").fit(["red"])
