"""The page's views of a person's lists, of models, experiments and drift, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.serve.page.conftest import Open
from tests.serve.page.test_browser import accessible


def titles(page: Any, place: str = "#person") -> list[str]:
    found: list[str] = page.locator(f"{place} .slots .title a").all_inner_texts()
    return found


@pytest.mark.parametrize(("width", "theme"), [(1300, "light"), (390, "dark")])
def test_a_list_goes_on_page_by_page(
    open_page: Open, address: str, asks: httpx.Client, width: int, theme: str
) -> None:
    page = open_page(address, width, theme).go("/#people/u3")
    page.wait_for_selector("#person .slots li")
    long = asks.post("/v1/recommendations", json={"user": "u3", "k": 75}).json()["items"]
    wanted = [one["title"] for one in long]
    assert titles(page) == wanted[:10]
    more = page.get_by_role("button", name="More", exact=True).first
    more.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('#person .slots > li').length === 20")
    assert titles(page) == wanted[:20]
    assert page.evaluate("document.activeElement.textContent") == "More"  # it keeps the focus
    assert page.locator("#person .slots .rank").last.inner_text() == "20"
    for _ in range(10):
        if page.locator("#person .more-items button").count() == 0:
            break
        shown = page.locator("#person .slots > li").count()
        page.locator("#person .more-items button").click()
        page.wait_for_function(
            "n => document.querySelectorAll('#person .slots > li').length > n"
            " || !document.querySelector('#person .more-items button')",
            arg=shown,
        )
    assert titles(page) == wanted
    assert "That is all" in page.locator("#person .more-items").inner_text()
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_a_list_is_as_diverse_as_is_wanted(
    open_page: Open, address: str, asks: httpx.Client
) -> None:
    page = open_page(address).go("/#people/u3")
    page.wait_for_selector("#person .slots li")
    before = titles(page)
    page.get_by_label("Diversity").focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    wanted = {"user": "u3", "k": 10, "diversity": 1}
    answer = asks.post("/v1/recommendations", json=wanted).json()["items"]
    expected = [one["title"] for one in answer]
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('#person .slots .title a')]"
        ".map((one) => one.textContent)) === wanted",
        arg=_json(expected),
    )
    assert expected != before
    assert "unlike each other" in page.locator("#diversity-note").inner_text()


def _json(texts: list[str]) -> str:
    return json.dumps(texts, separators=(",", ":"))


@pytest.mark.parametrize(("width", "theme"), [(1300, "dark"), (390, "light")])
def test_rows_have_titles_and_go_on(
    open_page: Open, address: str, asks: httpx.Client, width: int, theme: str
) -> None:
    page = open_page(address, width, theme).go("/#people/u4")
    page.wait_for_selector("#rows .shelf li a")
    rows = asks.post("/v1/rows", json={"user": "u4", "rows": 6, "k": 10}).json()["rows"]
    shelves = page.locator("#rows .shelf")
    assert [one["title"] for one in rows] == page.locator("#rows .shelf h3 bdi").all_inner_texts()
    first = shelves.first
    assert first.locator("li a").all_inner_texts() == [one["title"] for one in rows[0]["items"]]
    first.get_by_role("button", name="More of").click()
    page.wait_for_function(
        "() => document.querySelector('#rows .shelf').querySelectorAll('li a').length > 10"
    )
    assert accessible(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_somebody_new_is_told_what_the_list_rests_on(open_page: Open, address: str) -> None:
    page = open_page(address).go("/#people/never-seen")
    page.wait_for_selector("#person .slots li")
    assert "what is popular with all" in page.locator("#person").inner_text()


def use_of(page: Any, model: str) -> Any:
    named = page.locator(".title").get_by_text(model, exact=True)
    return page.locator("#models .slots > li", has=named).locator(".tag")


def test_models_are_deployed_shadowed_and_rolled_back(open_page: Open, with_runs: str) -> None:
    page = open_page(with_runs).go("/#models")
    page.wait_for_selector("#models .slots li")
    page.get_by_role("button", name="Roll back").click()
    page.locator("#models [role=alert]", has_text="no model answered before").wait_for()
    page.get_by_label("A run, by the name of its folder").fill("nothing")
    page.get_by_role("button", name="Deploy").click()
    page.locator("#models [role=alert]", has_text="there is no run").wait_for()
    page.get_by_label("A run, by the name of its folder").fill("later")
    page.get_by_role("button", name="Deploy").click()  # it goes into the shadow
    use_of(page, "later").get_by_text("in the shadow").wait_for()
    httpx.post(f"{with_runs}/v1/recommendations", json={"user": "u1"})
    page.get_by_role("button", name="Let it rest: later").click()
    use_of(page, "later").get_by_text("rests").wait_for()
    page.get_by_role("button", name="Put in the shadow: later").press("Enter")
    use_of(page, "later").get_by_text("in the shadow").wait_for()
    assert "In the shadow for" in page.locator("#models .slots").inner_text()
    page.get_by_role("button", name="Let it answer: later").click()
    use_of(page, "later").get_by_text("answers").wait_for()
    assert httpx.get(f"{with_runs}/v1/models").json()["answering"] == "later"
    page.get_by_role("button", name="Roll back").click()
    use_of(page, "later").get_by_text("rests").wait_for()
    assert httpx.get(f"{with_runs}/v1/models").json()["answering"] == "run"


@pytest.mark.parametrize(("width", "theme"), [(1300, "light"), (390, "dark")])
def test_an_experiment_says_what_came_of_it(
    open_page: Open, with_runs: str, width: int, theme: str
) -> None:
    with httpx.Client(base_url=with_runs, timeout=60) as asks:
        names = {one["name"] for one in asks.get("/v1/models").json()["models"]}
        if "other" not in names:
            body = {"run": "later", "model": "ids", "name": "other", "use": "ready"}
            assert asks.post("/v1/models", json=body).status_code == 201
            halves = [{"model": name, "share": 0.5} for name in ("run", "other")]
            body = {"name": "words", "variants": halves, "planned_users": 40}
            assert asks.post("/v1/experiments", json=body).status_code == 201
            for number in range(30):
                user = f"u{number}"
                answer = asks.post("/v1/recommendations", json={"user": user}).json()
                event = {"user": user, "item": answer["items"][0]["item"], "action": "buy"}
                event["request_id"] = answer["request_id"]
                if number % 3 == 0:
                    asks.post("/v1/events", json=event)
        (found,) = asks.get("/v1/experiments").json()["experiments"]
    page = open_page(with_runs, width, theme).go("/#models")
    page.wait_for_selector("#experiments .trial")
    text = page.locator("#experiments").inner_text()
    assert "30 of 40 people" in text
    assert "too early to say" in text
    rows = page.locator("#experiments tbody tr")
    for row, variant in zip(rows.all(), found["variants"], strict=True):
        cells = [cell.inner_text() for cell in row.locator("td").all()]
        assert variant["model"] in row.locator("th").inner_text()
        assert cells[0] == f"{variant['users']}"
        assert cells[1] == f"{variant['lists']}"
        assert cells[2] == f"{variant['successes']}"
        assert f"{100 * variant['rate']:.1f} %" in cells[3]
        assert f"{100 * variant['high']:.1f} %" in cells[3]
    page.wait_for_selector("#drift tbody tr")
    assert accessible(page) == []
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]


def test_an_experiment_is_ended_and_begun(open_page: Open, with_runs: str) -> None:
    page = open_page(with_runs).go("/#models")
    page.wait_for_selector("#experiments .trial")
    page.get_by_role("button", name="End the experiment words").click()
    page.get_by_label("Its name").fill("words")
    page.get_by_label("the others").select_option("other")
    page.get_by_role("button", name="Start").click()
    page.locator("#experiments [role=alert]", has_text="words").wait_for()  # there was one
    page.get_by_label("Its name").fill("again")
    page.get_by_label("People it is planned for").fill("500")
    assert accessible(page) == []
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="End the experiment again").wait_for()
    found = httpx.get(f"{with_runs}/v1/experiments").json()["experiments"]
    assert {one["name"]: one["running"] for one in found} == {"words": False, "again": True}
    page.get_by_role("button", name="End the experiment again").click()
    page.get_by_label("Its name").wait_for()


def test_drift_is_said_in_words(open_page: Open, with_runs: str) -> None:
    with httpx.Client(base_url=with_runs, timeout=60) as asks:
        events = [{"user": f"n{n}", "item": f"new {n % 3}", "action": "view"} for n in range(200)]
        asks.post("/v1/events", json=events)
        found = asks.get("/v1/drift").json()
    page = open_page(with_runs).go("/#now")
    page.wait_for_selector("#drift tbody tr")
    text = page.locator("#drift").inner_text()
    rows = page.locator("#drift tbody th bdi").all_inner_texts()
    assert rows == [*found["blocks"], *(["Scores"] if found["scores"] else [])]
    items = page.locator("#drift tr", has_text="New items").inner_text()
    assert ("fit the model again" in items) == (found["unknown_items"] > 0.1)
    assert ("has moved away" in text or "have moved away" in text) == bool(found["alarms"])
