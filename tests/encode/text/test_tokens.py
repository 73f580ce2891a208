import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.encode.text.tokens import PAD_TO, Tokeniser, batches, chunks
from palate.encode.text.weights import read_folder
from palate.errors import BadInput

LENGTHS = st.lists(st.integers(0, 70), max_size=40).map(lambda v: np.asarray(v, np.int64))


def test_one_piece_a_text_with_special_tokens(tiny):
    pieces = Tokeniser(read_folder(tiny("bert")), 64, "truncate")(["red wine", "", "old old old"])
    assert pieces.tokens.lengths().tolist() == [4, 2, 5]
    assert pieces.owner.tolist() == [0, 1, 2]
    assert pieces.tokens[1].tolist() == [2, 3]


def test_long_texts_are_cut_off_or_go_on(tiny):
    text = "red wine old glass new lip nail polish"
    cut = Tokeniser(read_folder(tiny("bert")), 5, "truncate")([text, "red"])
    whole = Tokeniser(read_folder(tiny("bert")), 5, "chunk")([text, "red"])
    assert cut.tokens.lengths().tolist() == [5, 3]
    assert whole.tokens.lengths().tolist() == [5, 5, 4, 3]
    assert whole.owner.tolist() == [0, 0, 0, 1]
    assert whole.text_lengths().tolist() == [14, 3]
    inner = [t for piece in range(3) for t in whole.tokens[piece][1:-1]]
    everything = Tokeniser(read_folder(tiny("bert")), 64, "truncate")([text]).tokens[0][1:-1]
    assert inner == everything.tolist()


def test_pieces_of_chosen_texts(tiny):
    pieces = Tokeniser(read_folder(tiny("bert")), 5, "chunk")(["red " * 8, "old", "new " * 5])
    chosen, place = pieces.of_texts(np.array([2, 0]))
    assert pieces.owner[chosen].tolist() == [2, 2, 0, 0, 0]
    assert place.tolist() == [0, 0, 1, 1, 1]


def test_no_texts(tiny):
    pieces = Tokeniser(read_folder(tiny("bert")), 64, "truncate")([])
    assert len(pieces.tokens) == 0
    assert pieces.text_lengths().tolist() == []


def test_lone_surrogates_do_not_stop_anybody(tiny):
    assert (
        len(Tokeniser(read_folder(tiny("bert")), 64, "truncate")(["red \ud800 wine"]).tokens) == 1
    )


def test_a_folder_without_tokeniser_is_said(tiny, tmp_path):
    import shutil

    folder = shutil.copytree(tiny("bert"), tmp_path / "model")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(BadInput, match="tokeniser"):
        Tokeniser(read_folder(folder), 64, "truncate")(["red"])


@given(LENGTHS, st.integers(1, 200))
def test_chunks_hold_every_text_once_and_keep_the_budget(lengths, budget):
    parts = list(chunks(lengths, budget))
    assert sorted(np.concatenate([*parts, np.empty(0, int)]).tolist()) == list(range(len(lengths)))
    assert all(len(p) == 1 or np.maximum(lengths[p], 1).sum() <= budget for p in parts)
    longest = [lengths[p].max() for p in parts]
    assert longest == sorted(longest, reverse=True)


@given(LENGTHS.map(lambda v: v + 1), st.integers(8, 200))
def test_batches_hold_every_piece_once_padded_by_its_own_length(lengths, budget):
    tokens = Ragged.of([np.full(n, i + 1) for i, n in enumerate(lengths)])
    seen = []
    for places, ids, mask in batches(tokens, np.arange(len(lengths)), budget, padding=0):
        seen += places.tolist()
        assert ids.shape == mask.shape
        assert ids.size <= max(budget, ids.shape[1])
        assert ids.shape[1] % PAD_TO == 0
        for row, place in enumerate(places):
            n = lengths[place]
            assert ids.shape[1] - n < PAD_TO
            assert mask[row].tolist() == [1] * n + [0] * (ids.shape[1] - n)
            assert ids[row].tolist() == [place + 1] * n + [0] * (ids.shape[1] - n)
    assert sorted(seen) == list(range(len(lengths)))
