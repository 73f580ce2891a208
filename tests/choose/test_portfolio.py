import pytest

from palate import registry
from palate.choose import portfolio as module
from palate.choose.portfolio import Portfolio, portfolio
from palate.tables import Event, Interactions

SEQUENTIAL = {"cooccurrence", "slist", "sasrec", "recent-popularity"}


@pytest.fixture
def log() -> Interactions:
    return Interactions.of_events([Event("u", "a", time=1), Event("u", "b", time=2)])


def names(found: Portfolio) -> set[str]:
    return {family.name for family in found.families}


@pytest.mark.parametrize("ordered", [True, False])
def test_every_setting_is_understood_by_its_part(log: Interactions, ordered: bool) -> None:
    for family in portfolio(log, ordered).families:
        for settings in family.grid:
            registry.spec({"part": family.part, **settings}, "scorer").build()


@pytest.mark.parametrize("ordered", [True, False])
def test_grids_are_small_and_without_twins(log: Interactions, ordered: bool) -> None:
    for family in portfolio(log, ordered).families:
        resolved = [
            registry.spec({"part": family.part, **settings}, "scorer") for settings in family.grid
        ]
        assert 1 <= len(resolved) <= 8
        assert all(a != b for i, a in enumerate(resolved) for b in resolved[:i])


def test_popularity_is_always_there_and_the_simplest(log: Interactions) -> None:
    for ordered in (True, False):
        first = min(portfolio(log, ordered).families, key=lambda family: family.simplicity)
        assert first.name == "popularity"


def test_without_order_nothing_looks_at_the_order(log: Interactions) -> None:
    found = portfolio(log, ordered=False)
    assert not names(found) & SEQUENTIAL
    assert {name for name, _ in found.left_out} == SEQUENTIAL
    for family in found.families:
        for settings in family.grid:
            query = settings.get("query", {})
            assert not {"last", "fade"} & set(query)


def test_simplicities_differ(log: Interactions) -> None:
    found = portfolio(log, ordered=True).families
    assert len({family.simplicity for family in found}) == len(found)


def test_what_does_not_fit_is_left_out_with_the_reason(
    log: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DENSE", 1)
    monkeypatch.setattr(module, "MOST_EVENTS_OF_SEQUENCES", 1)
    reasons = dict(portfolio(log, ordered=True).left_out)
    assert set(reasons) == {"slist", "sasrec"}
    assert "2 items" in reasons["slist"]


def test_without_torch_no_sequence_model(
    log: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "has", lambda name: False)
    assert "torch" in dict(portfolio(log, ordered=True).left_out)["sasrec"]
