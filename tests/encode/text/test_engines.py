import numpy as np
import pytest

from palate.encode.text import engines
from palate.encode.text.engines import Choice, OpenVinoEngine, TorchEngine, choose
from palate.encode.text.weights import read_folder
from palate.errors import BadRecipe, MissingExtra

pytest.importorskip("torch")
POOLINGS = ["mean", "cls", "max", "last", "weighted_mean"]


@pytest.fixture
def batch():
    random = np.random.default_rng(0)
    tokens = random.integers(4, 40, (3, 8))
    mask = (np.arange(8) < np.array([8, 5, 1])[:, None]).astype(np.int64)
    return tokens * mask, mask


def hidden(folder, tokens, mask):
    """What transformers gives, one text at a time and without padding."""
    import torch

    from palate.encode.text.pooled import load_body

    body = load_body(read_folder(folder))
    with torch.inference_mode():
        return [
            body(input_ids=torch.tensor(t[m > 0][None]), attention_mask=torch.ones(1, int(m.sum()), dtype=torch.long))
            .last_hidden_state[0]
            .numpy()
            for t, m in zip(tokens, mask, strict=True)
        ]


def pooled(states, pooling):
    n = np.arange(1, len(states) + 1)[:, None]
    return {
        "mean": states.mean(0),
        "cls": states[0],
        "max": states.max(0),
        "last": states[-1],
        "weighted_mean": (states * n).sum(0) / n.sum(),
    }[pooling]


@pytest.mark.parametrize("family", ["bert", "roberta", "gpt2", "t5"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_padding_and_pooling_do_not_show(tiny, batch, family, pooling):
    engine = TorchEngine(read_folder(tiny(family)), pooling, "f32", "cpu")
    expected = [pooled(states, pooling) for states in hidden(tiny(family), *batch)]
    np.testing.assert_allclose(engine.run(*batch), expected, atol=2e-5)


QUICK = [("bert", "mean"), ("gpt2", "last"), ("t5", "weighted_mean")]
SLOW = [("bert", "cls"), ("bert", "max"), ("roberta", "mean"), ("gpt2", "weighted_mean"), ("t5", "mean")]


@pytest.mark.parametrize(("family", "pooling"), QUICK + [pytest.param(*s, marks=pytest.mark.slow) for s in SLOW])
def test_openvino_gives_what_torch_gives(tiny, batch, family, pooling):
    pytest.importorskip("openvino")
    folder = read_folder(tiny(family))
    expected = TorchEngine(folder, pooling, "f32", "cpu").run(*batch)
    np.testing.assert_allclose(OpenVinoEngine(folder, pooling, "f32").run(*batch), expected, atol=2e-5)


def test_a_vector_does_not_depend_on_its_batch(tiny):
    folder = read_folder(tiny("bert"))
    made = [TorchEngine(folder, "mean", "f32", "cpu")]
    if engines.has("openvino"):
        made += [OpenVinoEngine(folder, "mean", p) for p in ("f32", choose("openvino", "auto").precision)]
    tokens = np.random.default_rng(1).integers(4, 40, (17, 24))
    mask = np.ones_like(tokens)
    for engine in made:
        whole = engine.run(tokens, mask)
        for rows in (slice(0, 1), slice(3, 5), slice(0, 16), slice(None, None, -1)):
            part = engine.run(np.ascontiguousarray(tokens[rows]), np.ascontiguousarray(mask[rows]))
            assert part.tobytes() == np.ascontiguousarray(whole[rows]).tobytes()


def test_the_converted_model_is_kept_and_a_damaged_one_made_again(tiny, batch, tmp_path, monkeypatch):
    pytest.importorskip("openvino")
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    folder = read_folder(tiny("bert"))
    first = OpenVinoEngine(folder, "mean", "f32").run(*batch)
    calls = []
    original = engines._convert
    monkeypatch.setattr(engines, "_convert", lambda *a: calls.append(1) or original(*a))
    assert np.array_equal(OpenVinoEngine(folder, "mean", "f32").run(*batch), first)
    assert not calls
    (file,) = tmp_path.rglob("weights-*.npy")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)
    assert np.array_equal(OpenVinoEngine(folder, "mean", "f32").run(*batch), first)
    assert calls == [1]


def test_what_a_machine_gets(monkeypatch):
    def on(gpu, openvino, bf16):
        monkeypatch.setattr(engines, "_has_gpu", lambda: gpu)
        monkeypatch.setattr(engines, "has", lambda module: openvino if module == "openvino" else True)
        monkeypatch.setattr(engines, "_cpu_has_bf16", lambda: bf16)
        return choose("auto", "auto")

    assert on(gpu=True, openvino=True, bf16=True) == Choice("torch", "bf16", "cuda")
    assert on(gpu=False, openvino=True, bf16=True) == Choice("openvino", "bf16")
    assert on(gpu=False, openvino=True, bf16=False) == Choice("openvino", "f32")
    assert on(gpu=False, openvino=False, bf16=True) == Choice("torch", "f32")
    assert choose("torch", "f32") == Choice("torch", "f32")


def test_slow_bf16_is_refused(monkeypatch):
    monkeypatch.setattr(engines, "_has_gpu", lambda: False)
    with pytest.raises(BadRecipe, match="no fast bf16"):
        choose("torch", "bf16")


def test_without_torch_the_extra_is_named(monkeypatch):
    from palate import optional

    def missing(module):
        raise ImportError(module)

    monkeypatch.setattr(engines, "_has_gpu", lambda: False)
    monkeypatch.setattr(optional.importlib, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"pip install 'palate\[text\]'"):
        choose("torch", "auto")


def test_the_machine_is_asked(monkeypatch):
    assert engines._has_gpu() in (True, False)
    assert engines._cpu_has_bf16() in (True, False)
    monkeypatch.setattr(engines.shutil, "which", lambda name: None)
    assert engines._has_gpu() is False
