import math

import pytest

from palate.encode.attributes.gguf.model import LocalModel
from palate.errors import BadInput, DataUnavailable

WITHHELD = 228  # a token that ends in the middle of a letter


class Server:
    """Keeps what it read last, as llama.cpp does; how likely a token is says its number alone."""

    def __init__(self, lists=True):
        self.known, self.pieces, self.lists = [], [], lists

    def handle_completions(self, body):
        prompt = body["prompt"]
        same = [a == b for a, b in zip(self.known, prompt, strict=False)]
        shared = ([*same, False]).index(False) if body["cache_prompt"] else 0
        known = min(shared, len(prompt) - 1)
        self.known = list(prompt)
        self.pieces.append((known, len(prompt)))
        reply = {"choices": [{"logprobs": None}], "usage": {}, "timings": {"cache_n": known}}
        if body["n_predict"]:
            [[token, _]] = body["logit_bias"]
            n = min(body["n_probs"], 2000)
            listed = [{"id": i, "logprob": -i / 100} for i in range(n)] if self.lists else []
            entry = {"id": token, "logprob": -token / 100, "top_logprobs": listed}
            if token != WITHHELD:
                reply["choices"][0]["logprobs"] = {"content": [entry]}
        return reply


def model(server):
    made = LocalModel("none.gguf", 512, 1)
    made.__dict__ |= {"server": server, "_whole_token": 30}
    return made


def test_after_a_root_the_same_pieces_are_read():
    server = Server()
    local = model(server)
    read = []
    for before in ([1, 2, 3, 4, 5], [1, 2, 3, 9], [7, 7], [1, 2], [1, 2, 3, 4, 6]):
        with local.after([1, 2, 3]):
            local.likelihood(before, [10])
        with local.after([1, 2, 3]):
            start = len(server.pieces)
            local.likelihood([1, 2, 3, 4, 6, 8], [10, 11])
            read.append(server.pieces[start:])
    assert read == [[(3, 6), (6, 7)]] * 5


def test_a_root_is_read_afresh_only_where_something_else_was_read():
    server = Server()
    local = model(server)
    for _ in range(3):
        with local.after([1, 2, 3]):
            local.likelihood([1, 2, 3, 4], [10])
    assert server.pieces.count((0, 3)) == 1
    local.likelihood([5, 5], [10])
    with local.after([1, 2, 3]):
        pass
    assert server.pieces[-2:] == [(0, 3), (2, 3)]


def test_a_likelihood_is_the_mean_over_the_tokens():
    local = model(Server())
    assert local.likelihood([1], [10, 20]) == pytest.approx(-0.15)
    assert (local.used.requests, local.used.input_tokens, local.used.output_tokens) == (1, 1, 2)


def test_a_token_that_ends_within_a_letter_is_looked_up_among_the_others():
    server = Server()
    local = model(server)
    assert local.likelihood([1], [WITHHELD, 20]) == pytest.approx(-(WITHHELD + 20) / 200)
    before = len(server.pieces)
    local.likelihood([1], [WITHHELD])
    assert len(server.pieces) == before + 1  # it is known to be one


def test_an_unlikely_one_is_looked_up_among_all():
    local = model(Server())
    local._withheld.add(1500)
    assert math.isclose(local.likelihood([1], [1500]), -15)


def test_a_server_that_says_nothing_is_an_error():
    local = model(Server(lists=False))
    with pytest.raises(DataUnavailable, match="how likely a token is"):
        local.likelihood([1], [WITHHELD])


def test_a_refusal_is_told():
    class Refusing:
        def handle_completions(self, body):
            return {"error": {"message": "too long"}}

    with pytest.raises(BadInput, match="too long"):
        model(Refusing()).likelihood([1], [2])
