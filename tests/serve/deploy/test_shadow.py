"""What a shadow says is compared with what was shown, and shown to nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from palate.serve.data_folder import Opened
from palate.serve.deploy.deployments import DeployedNow
from palate.serve.deploy.record import Deployment, Use
from palate.serve.deploy.shadow import Shadows
from palate.serve.engine.answers import ListRequest


@pytest.fixture
def shadows(opened: Opened) -> Iterator[Shadows]:
    engine = opened.engine

    def now(name: str, use: Use) -> DeployedNow:
        model = engine.opened_model(engine.opened, name)
        return DeployedNow(Deployment(name, "run", name, "", 0), model, use)

    models = [now("both", "shadow"), now("popularity", "shadow"), now("ids", "ready")]
    shadows = Shadows(lambda: models, most_waiting=4)
    yield shadows
    shadows.close()


def test_overlap_and_time_of_each(opened: Opened, shadows: Shadows) -> None:
    for user in ("u1", "u2", "u3"):
        wanted = ListRequest(user, k=5)
        shadows.ask(wanted, opened.engine.recommend(wanted))
    shadows.settle()
    assert set(shadows.figures) == {"both", "popularity"}
    same, other = shadows.figures["both"], shadows.figures["popularity"]
    assert (same.lists, same.overlap, same.failed) == (3, 3.0, 0)
    assert 0 <= other.overlap < 3
    assert 0 < same.slowest <= same.seconds


def test_a_list_without_items_is_the_same_everywhere(opened: Opened, shadows: Shadows) -> None:
    wanted = ListRequest("u1", candidates=())
    shadows.ask(wanted, opened.engine.recommend(wanted))
    shadows.settle()
    assert shadows.figures["popularity"].overlap == 1


def test_one_that_fails_is_counted(
    opened: Opened, shadows: Shadows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from palate.serve.engine.deployed import DeployedModel

    wanted = ListRequest("u1")
    answer = opened.engine.recommend(wanted)

    def broken(self: DeployedModel, wanted: ListRequest) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(DeployedModel, "recommend", broken)
    shadows.ask(wanted, answer)
    shadows.settle()
    assert (shadows.figures["both"].failed, shadows.figures["both"].lists) == (1, 0)


def test_people_do_not_wait_for_it(
    opened: Opened, shadows: Shadows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from palate.serve.engine.deployed import DeployedModel

    wanted, go = ListRequest("u1"), threading.Event()
    answer, real = opened.engine.recommend(wanted), DeployedModel.recommend

    def slow(self: DeployedModel, wanted: ListRequest) -> object:
        go.wait(10)
        return real(self, wanted)

    monkeypatch.setattr(DeployedModel, "recommend", slow)
    for _ in range(20):
        shadows.ask(wanted, answer)
    assert 15 <= shadows.passed_over <= 16  # one is being asked, or will be, and four wait
    go.set()
    shadows.settle()
    assert shadows.figures["both"].lists == 20 - shadows.passed_over
