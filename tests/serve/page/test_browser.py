"""The page in a real browser: every view, on a desk and on a phone, in both themes, by keyboard."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from tests.serve.page.conftest import Open

PLACES = {
    "/#now": "#minutes canvas",
    "/#people": "#what-if",
    "/#people/u1": "#person .slots li",
    "/#items": "#find",
    "/#items/i1": "#words .reasons li",
    "/#models": "#models",
    "/#keys": "#new-key",
    "/docs": ".route",
}
"""Place -> what is there when it is drawn."""


def accessible(page: Any) -> list[str]:
    """What axe finds wrong, in words."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}" for one in found]


@pytest.mark.parametrize(("width", "theme"), [(1300, "light"), (390, "dark")])
def test_every_view(open_page: Open, address: str, width: int, theme: str) -> None:
    watched = open_page(address, width, theme)
    for place, drawn in PLACES.items():
        page = watched.go(place)
        page.wait_for_selector(drawn)
        if place != "/docs":
            page.wait_for_selector("#connection[data-state=live]")
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], place
        assert accessible(page) == [], place
        assert page.title().endswith("palate")
        page.goto("about:blank")  # the next place is a load of its own


def test_colours_are_those_that_were_chosen(open_page: Open, address: str) -> None:
    page = open_page(address, theme="dark").go("/#now")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Light colours").press("Enter")
    assert page.evaluate(paper) != dark
    page.reload()
    page.wait_for_selector("h1")
    assert page.evaluate(paper) != dark
    assert page.get_by_role("button", name="Dark colours").is_visible()


def test_figures_come_by_themselves(open_page: Open, address: str, asks: httpx.Client) -> None:
    page = open_page(address).go("/#now")
    shown = page.locator("#state .facts div", has_text="events in the log").locator("dd")
    before = int(shown.inner_text().replace(",", ""))
    asks.post("/v1/events", json=[{"user": "u9", "item": "i9"}] * 3)
    page.wait_for_function(
        "n => [...document.querySelectorAll('#state .facts div')].some("
        "(one) => one.textContent.includes('events in the log')"
        " && Number(one.querySelector('dd').textContent.replace(',', '')) === n)",
        arg=before + 3,
    )


def test_a_person_with_reasons_and_what_a_click_would_change(
    open_page: Open, address: str, asks: httpx.Client
) -> None:
    asks.post("/v1/events", json={"user": "u2", "item": "i5", "action": "like"})
    offset = asks.get("/health/ready").json()["offset"]
    page = open_page(address).go("/#people")
    page.get_by_label("A person's id").fill("u2")
    page.get_by_role("button", name="Show").click()
    wanted = asks.post("/v1/recommendations", json={"user": "u2", "k": 10}).json()["items"]
    page.wait_for_selector("#person .slots li")
    titles = page.locator("#person .slots .title a").all_inner_texts()
    assert titles == [one["title"] for one in wanted]
    first = page.locator("#person .slots li").first
    assert len(first.locator(".reasons li").all()) >= 1
    assert "like" in page.locator(".past").inner_text()
    first.get_by_role("button", name="What if they took").click()
    page.wait_for_selector("#what-if .slots li")
    assert page.locator("#what-if .moved").count() == 10
    assert titles[0] not in page.locator("#what-if .slots .title a").all_inner_texts()
    page.get_by_role("button", name=f"Without {titles[0]}").click()
    page.wait_for_selector("#what-if .slots", state="detached")
    assert asks.get("/health/ready").json()["offset"] == offset  # tried, not kept


def test_an_item_is_found_pinned_and_hidden(
    open_page: Open, address: str, asks: httpx.Client
) -> None:
    fields = {"title": "<img src=x onerror=alert(1)><script>alert(2)</script> violin"}
    asks.post("/v1/items", json={"item": "n/1 #?", "fields": fields})
    page = open_page(address).go("/#items")
    page.keyboard.press("/")
    page.keyboard.type("violin")
    page.keyboard.press("Enter")
    page.wait_for_selector(".found li")
    page.get_by_label("Words, or an id").fill("n/1 #?")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="alert(1)").click()
    page.wait_for_selector("#words .reasons li")
    assert page.locator("#item-title").inner_text() == fields["title"]
    page.get_by_role("button", name="Pin to the top").click()
    page.get_by_role("button", name="Pinned").wait_for()
    listed = asks.post("/v1/recommendations", json={"user": "u3"}).json()["items"]
    assert (listed[0]["item"], listed[0]["source"]) == ("n/1 #?", "pinned")
    page.get_by_role("button", name="Hide").click()
    page.get_by_role("button", name="Hidden").wait_for()
    listed = asks.post("/v1/recommendations", json={"user": "u3"}).json()["items"]
    assert listed[0]["source"] == "model"
    page.goto(f"{address}/#items/no-such-item")
    page.locator("[role=alert]", has_text="there is no item").wait_for()


def test_the_keyboard_is_enough(open_page: Open, address: str) -> None:
    page = open_page(address).go("/#now")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("3")
    page.wait_for_selector("#find")
    assert page.locator(".top nav [aria-current]").inner_text() == "Items"
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("2")  # a word, not a view
    assert page.get_by_label("Words, or an id").input_value() == "2"


def test_without_a_key_nothing_is_shown(
    open_page: Open, locked: tuple[str, dict[str, str]]
) -> None:
    address, keys = locked
    watched = open_page(address)
    page = watched.go("/#now")
    page.get_by_label("Key", exact=True).wait_for()
    assert not re.search(r"both|by-words|\bi1\b", page.content())
    page.get_by_label("Key", exact=True).fill("palate_no_key")
    page.get_by_role("button", name="Use it").click()
    page.locator("[role=alert]").wait_for()
    page.get_by_label("Key", exact=True).fill(keys["read"])
    page.get_by_role("button", name="Use it").click()
    page.wait_for_selector("#minutes canvas")
    assert keys["read"] in page.evaluate("JSON.stringify(sessionStorage)")
    assert keys["read"] not in page.evaluate("JSON.stringify(localStorage) + document.cookie")
    assert keys["read"] not in page.url
    page.goto(f"{address}/#people/u1")
    page.wait_for_selector("#person .slots li")
    assert "role admin" in page.locator("#person").inner_text()
    page.goto(f"{address}/#keys")
    page.locator("[role=alert]").wait_for()


def test_keys_are_made_and_revoked(open_page: Open, locked: tuple[str, dict[str, str]]) -> None:
    address, keys = locked
    page = open_page(address).go("/#keys")
    page.get_by_label("Key", exact=True).fill(keys["admin"])
    page.get_by_role("button", name="Use it").click()
    page.get_by_label("What it is for").fill("a shop")
    page.get_by_role("button", name="Make a key").click()
    secret = page.locator(".fresh code").inner_text()
    mine = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{address}/v1/live", headers=mine).status_code == 200
    row = page.locator("tr", has_text="a shop")
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Really revoke").click()
    row.get_by_text("revoked").wait_for()
    assert httpx.get(f"{address}/v1/live", headers=mine).status_code == 401
    page.get_by_role("button", name="Forget it now").click()
    page.get_by_label("Key", exact=True).wait_for()
    assert keys["admin"] not in page.evaluate("JSON.stringify(sessionStorage)")
