import pytest

from palate.encode.attributes.prices import price_for
from palate.encode.attributes.wires.chat import Chat, ChatSettings
from palate.errors import BadRecipe


def test_a_name_is_found_with_its_house_and_its_date():
    plain = price_for("gpt-4o-mini")
    assert plain is not None
    assert plain.date
    assert price_for("gpt-4o-mini-2024-07-18") == plain
    assert price_for("openai/gpt-4o-mini") == plain
    assert price_for("gpt-4o-mini-tts") is None
    assert price_for("claude-haiku-4-5-20251001") == price_for("claude-haiku-4-5")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_costs_nothing(host):
    assert (price_for("gpt-4o-mini", host).input, price_for("x", host).output) == (0.0, 0.0)


def test_what_a_recipe_says_goes_first():
    url = "https://example.org/v1"
    listed = Chat(ChatSettings(url=url, model="gpt-4o-mini", served="x"))
    assert (listed.price.input, listed.price.output) == (0.15, 0.6)
    assert "0.15 a million tokens read and 0.6 written" in listed.terms()
    assert f"as of {listed.price.date}" in listed.terms()
    assert "no price is known" in Chat(ChatSettings(url=url, model="none")).terms()
    half = Chat(ChatSettings(url=url, model="gpt-4o-mini", price=1.0))
    assert (half.price.input, half.price.output) == (1.0, 0.6)
    assert Chat(ChatSettings(url=url, model="none")).price is None
    assert Chat(ChatSettings(url=url, model="none", output_price=2.0)).price.input == 0.0


def test_until_when_a_model_knows_the_world():
    url = "https://example.org/v1"
    chat = Chat(ChatSettings(url=url, model="gpt-4o-mini", served="gpt-4o-mini-2024-07-18"))
    assert chat.knowledge().until == "2023-10-01"
    assert chat.knowledge().model == "gpt-4o-mini-2024-07-18"
    own = ChatSettings(url=url, model="gpt-4o-mini", served="x", knows_until="2024-02-29")
    assert Chat(own).knowledge().until == "2024-02-29"
    with pytest.raises(BadRecipe, match="no day"):
        ChatSettings(knows_until="February")
