"""Items like one that the model does not know: by content, with true scores and reasons."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from palate.arrays import dense, l2_normalised
from palate.encode.fitted import FittedBlock
from palate.errors import PalateError
from palate.event_store import NewEvent
from palate.serve.data_folder import Opened, open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.engine.engine import Engine
from palate.serve.records.items import Create, Delete, Hide
from palate.serve.refusals import NotFound
from palate.tables import Event

TEXT = "violin bow string number 7"


@pytest.fixture
def by_ids(run_folder: Path, tmp_path: Path) -> Iterator[Opened]:
    """A model of behaviour alone: of a new item it knows nothing."""
    opened = open_engine(run_folder, tmp_path / "data", "ids")
    yield opened
    opened.close()


def post(engine: Engine, item: str, **fields: str) -> None:
    engine.change_items([Create(item, fields)]).result(10)


def test_a_new_item_has_the_cosines_of_its_content(by_ids: Opened) -> None:
    engine = by_ids.engine
    post(engine, "n1", title=TEXT)
    answer = engine.similar("n1", ListRequest(k=5))
    assert (answer.model, answer.basis, answer.degraded) == ("content", "content", False)
    assert "does not know" in answer.why
    fitted = engine.opened.fitted.blocks["words"]
    rows = dense(l2_normalised(fitted.block.matrix))
    query = dense(l2_normalised(fitted.encode([TEXT])[0]))[0]
    wanted = np.sort(rows @ query)[::-1][:5]
    np.testing.assert_allclose([one.score for one in answer.items], wanted, rtol=1e-5)
    assert len(answer.items) == 5
    for one in answer.items:
        assert one.source == "content"
        assert one.title.startswith("violin")
        assert [(reason.kind, reason.member) for reason in one.reasons] == [("block", "words")]
        assert sum(reason.value for reason in one.reasons) == pytest.approx(one.score)
    plain = engine.similar("n1", ListRequest(k=5, explain=False))
    assert [one.reasons for one in plain.items] == [()] * 5


def test_new_items_are_like_each_other_and_hidden_ones_like_none(by_ids: Opened) -> None:
    engine = by_ids.engine
    for item in ("n1", "n2"):
        post(engine, item, title="violin of a planet")
    first = engine.similar("n1", ListRequest(k=3)).items[0]
    assert (first.item, first.score) == ("n2", pytest.approx(1.0))
    engine.change_items([Hide("n2")]).result(10)
    assert "n2" not in [one.item for one in engine.similar("n1", ListRequest(k=75)).items]
    engine.change_items([Delete("n1")]).result(10)
    with pytest.raises(NotFound):
        engine.similar("n1", ListRequest())


def test_a_model_that_reads_content_answers_itself(engine: Engine) -> None:
    post(engine, "n1", title=TEXT)
    answer = engine.similar("n1", ListRequest(k=3))
    assert answer.model == "both"
    assert {one.source for one in answer.items} == {"model"}
    assert answer.items[0].score > 0


@pytest.mark.parametrize("fields", [{}, {"title": "zeppelin"}])
def test_an_item_without_content_says_so(by_ids: Opened, fields: dict[str, str]) -> None:
    engine = by_ids.engine
    post(engine, "n1", **fields)
    answer = engine.similar("n1", ListRequest(k=3))
    popular = engine.recommend(ListRequest(k=3))
    assert [one.item for one in answer.items] == [one.item for one in popular.items]
    assert (answer.model, answer.basis) == ("popularity", "popularity")
    assert "nothing is known of this item" in answer.why


def test_items_of_the_run_and_what_people_did_stay_the_models(by_ids: Opened) -> None:
    engine = by_ids.engine
    answer = engine.similar("i7", ListRequest(k=3))
    assert answer.model == "ids"
    assert not engine.may_be_unknown("i7")
    assert engine.may_be_unknown("n1")
    # a history with the new item is no reason to pass over what the model knows of the others
    post(engine, "n1", title=TEXT)
    new = [NewEvent("a", Event("w", "n1")), NewEvent("b", Event("w", "i7"))]
    engine.take_in(new).result(10)
    assert engine.recommend(ListRequest("w")).model == "ids"


def test_without_its_encoder_the_list_is_degraded(
    by_ids: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: FittedBlock, catalogue: object) -> object:
        raise PalateError("the endpoint is away")

    engine = by_ids.engine
    monkeypatch.setattr(FittedBlock, "extend", away)
    post(engine, "n1", title=TEXT)
    assert engine.similar("n1", ListRequest(k=3)).degraded
    monkeypatch.undo()
    engine.models.renew()
    assert engine.similar("n1", ListRequest(k=3)).model == "content"


@pytest.fixture
def engine(opened: Opened) -> Engine:
    return opened.engine
