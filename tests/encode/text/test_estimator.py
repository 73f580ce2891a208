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


def test_a_table_is_refused_and_a_frame_of_one_column_is_its_column(encoder):
    import pandas as pd

    frame = pd.DataFrame({"title": ["red wine", "old"], "brand": ["x", "y"]})
    expected = encoder.fit_transform(["red wine", "old"])
    assert np.array_equal(encoder.fit_transform(frame[["title"]]), expected)
    for call in (encoder.fit, encoder.transform, encoder.fit_transform):
        with pytest.raises(BadInput, match="the columns title, brand"):
            call(frame)
        with pytest.raises(BadInput, match="a dict was given"):
            call({"k": "a long text"})


@pytest.mark.parametrize("columns", [["title"], "title"])
def test_it_stands_in_a_column_transformer(encoder, columns):
    import pandas as pd
    from sklearn.compose import ColumnTransformer

    frame = pd.DataFrame({"title": ["red wine", "old", "new"], "price": [1.0, 2.0, 3.0]})
    steps = [("text", encoder, columns), ("price", "passthrough", ["price"])]
    found = ColumnTransformer(steps).fit(frame).transform(frame)
    assert found.shape == (3, 33)
    assert found[:, -1].tolist() == [1, 2, 3]
    named = ColumnTransformer(steps).set_output(transform="pandas").fit_transform(frame)
    assert named.columns[0] == "text__textencoder0"


@pytest.mark.parametrize("which", ["text", "behaviour"])
def test_scikit_learns_own_checks_hold(tiny, which):
    """It skips those that need numbers; the others are made again below, with texts."""
    import warnings

    from sklearn.exceptions import SkipTestWarning
    from sklearn.utils.estimator_checks import check_estimator

    from palate import BehaviourEncoder, TextEncoder

    kind = TextEncoder if which == "text" else BehaviourEncoder
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkipTestWarning)
        rows = check_estimator(kind(model=str(tiny("bert"))), on_fail=None, on_skip=None)
    assert [row["check_name"] for row in rows if row["status"] == "failed"] == []


@pytest.mark.parametrize("which", ["text", "behaviour"])
def test_scikit_learns_promises_hold_for_texts(tiny, which):
    import pickle

    from sklearn.base import clone

    from palate import BehaviourEncoder, TextEncoder

    texts = ["red wine", "old cheese", "", "green tea"]
    if which == "text":
        encoder, X = TextEncoder(model=str(tiny("bert")), backend="torch"), texts
    else:
        encoder = BehaviourEncoder(model=str(tiny("bert")))
        X = [[t, "bread"] if t else [] for t in texts]
    found = encoder.fit(X).transform(X)
    names = set(vars(encoder))
    again = encoder.fit(X).transform(X)
    assert np.array_equal(found, again)  # fitting again changes nothing
    assert set(vars(encoder)) == names  # nor does transform add anything
    assert np.allclose(encoder.transform(X[::-1]), found[::-1], atol=1e-6)  # rows by themselves
    assert np.allclose(encoder.transform(X[1:2]), found[1:2], atol=1e-6)
    assert len(encoder.get_feature_names_out()) == found.shape[1] == encoder.n_features_out_
    assert encoder.transform([]).shape == (0, found.shape[1])
    copied = pickle.loads(pickle.dumps(encoder))
    assert np.allclose(copied.transform(X), found, atol=1e-6)
    assert not hasattr(clone(encoder), "part_")
    assert np.array_equal(clone(encoder).fit_transform(X), found)


def test_a_table_is_no_list_of_histories(tiny):
    from palate import BehaviourEncoder

    encoder = BehaviourEncoder(model=str(tiny("bert")))
    frame = pl.DataFrame({"a": [["red"]], "b": [["old"]]})
    for wrong in (frame, {"k": ["red"]}, "red"):
        with pytest.raises(BadInput, match="was given"):
            encoder.transform(wrong)
