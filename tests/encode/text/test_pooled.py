import json
import shutil

import numpy as np
import pytest

from palate.encode.pretrained import quiet
from palate.encode.text.pooled import load_body, pooled_module
from palate.encode.text.weights import read_folder
from palate.errors import BadInput

torch = pytest.importorskip("torch")


@pytest.fixture
def dense(tiny, tmp_path):
    """A sentence-transformers folder with a dense layer, 32 -> 5."""
    from safetensors.torch import save_file

    from palate.testing.language_models import as_sentence_transformer

    folder = as_sentence_transformer(
        shutil.copytree(tiny("bert"), tmp_path / "model"), normalise=False
    )
    modules = json.loads((folder / "modules.json").read_text())
    modules.append(
        {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}
    )
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "2_Dense").mkdir()
    told = {"in_features": 32, "out_features": 5, "bias": True}
    (folder / "2_Dense" / "config.json").write_text(
        json.dumps({**told, "activation_function": "torch.nn.modules.activation.Tanh"})
    )
    weights = {"linear.weight": torch.randn(5, 32) * 0.1, "linear.bias": torch.randn(5)}
    save_file(weights, folder / "2_Dense" / "model.safetensors")
    return folder, weights


def test_dense_layers_are_applied_after_pooling(dense, tiny):
    folder, weights = dense
    tokens = torch.tensor([[2, 5, 6, 3]])
    with torch.inference_mode():
        plain = pooled_module(read_folder(tiny("bert")), "mean")(tokens, torch.ones_like(tokens))
        found = pooled_module(read_folder(folder), "mean")(tokens, torch.ones_like(tokens))
        expected = torch.tanh(plain @ weights["linear.weight"].T + weights["linear.bias"])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert read_folder(folder).width == 5


def test_a_dense_layer_that_is_pickled_or_strange_is_refused(dense):
    folder, _ = dense
    told = json.loads((folder / "2_Dense" / "config.json").read_text())
    (folder / "2_Dense" / "config.json").write_text(
        json.dumps({**told, "activation_function": "os.system"})
    )
    with pytest.raises(BadInput, match='"system" is not known'):
        pooled_module(read_folder(folder), "mean")
    (folder / "2_Dense" / "model.safetensors").rename(folder / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(BadInput, match="pickled weights are never loaded"):
        pooled_module(read_folder(folder), "mean")


def test_a_whole_t5_gives_its_encoder(tmp_path):
    import transformers

    config = transformers.T5Config(
        vocab_size=80, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4
    )
    transformers.T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    body = load_body(read_folder(tmp_path))
    assert not any("decoder" in name for name, _ in body.named_parameters())


def test_an_encoder_decoder_of_another_family_gives_its_encoder(tmp_path):
    import transformers

    config = transformers.BartConfig(
        vocab_size=80,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_position_embeddings=32,
    )
    transformers.BartModel(config).save_pretrained(tmp_path)
    tokens = torch.tensor([[2, 5, 6, 3]])
    out = pooled_module(read_folder(tmp_path), "mean")(tokens, torch.ones_like(tokens))
    assert out.shape == (1, 32)


def test_a_model_that_cannot_be_loaded_is_said(tiny, tmp_path):
    folder = shutil.copytree(tiny("bert"), tmp_path / "model")
    (folder / "config.json").write_text(
        json.dumps({"model_type": "no-such-architecture", "hidden_size": 32})
    )
    with pytest.raises(BadInput, match="transformers cannot load this model"):
        load_body(read_folder(folder))


def test_a_model_without_some_of_its_weights_is_refused_and_one_without_a_pooler_is_not(
    tiny, tmp_path
):
    from safetensors.torch import load_file, save_file

    for name, missing in (("pooler", "pooler."), ("layer", "encoder.layer.0.")):
        folder = shutil.copytree(tiny("bert"), tmp_path / name)
        weights = load_file(folder / "model.safetensors")
        kept = {key: value for key, value in weights.items() if missing not in key}
        assert len(kept) < len(weights)
        save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_body(read_folder(tmp_path / "pooler")) is not None
    with pytest.raises(BadInput, match=r"weights are missing, the first .*layer\.0"):
        load_body(read_folder(tmp_path / "layer"))


def test_transformers_is_left_as_talkative_as_it_was():
    import transformers

    logging = transformers.utils.logging
    before = (logging.get_verbosity(), logging.is_progress_bar_enabled())
    with quiet(transformers):
        assert not logging.is_progress_bar_enabled()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
