"""Where torch runs a model, and in which precision."""

import pytest

from palate.encode import torch_choice as choosing
from palate.encode.torch_choice import TorchChoice, torch_choice
from palate.errors import BadRecipe


@pytest.fixture
def machine(monkeypatch):
    """`machine(gpu, bf16)`: what this machine is taken for."""

    def make(gpu, bf16):
        monkeypatch.setattr(choosing, "_has_gpu", lambda: gpu)
        monkeypatch.setattr(choosing, "_multiplies_bf16", lambda: bf16)

    return make


def test_a_gpu_is_used_where_there_is_one(machine):
    machine(gpu=True, bf16=False)
    assert torch_choice("auto") == torch_choice("bf16") == TorchChoice("bf16", "cuda")
    assert torch_choice("f32") == TorchChoice("f32", "cuda")


def test_a_processor_takes_f32_unless_bf16_is_asked_for(machine):
    machine(gpu=False, bf16=True)
    assert torch_choice("auto") == torch_choice("f32") == TorchChoice("f32")
    assert torch_choice("bf16") == TorchChoice("bf16")
    machine(gpu=False, bf16=False)
    with pytest.raises(BadRecipe, match="does not multiply bf16"):
        torch_choice("bf16")


def test_without_a_driver_torch_is_not_asked(monkeypatch):
    monkeypatch.setattr(choosing.shutil, "which", lambda name: None)
    monkeypatch.setattr(choosing, "need", lambda *a, **k: pytest.fail("torch was imported"))
    assert torch_choice("auto").device == "cpu"


def test_with_a_driver_torch_decides(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(choosing.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(choosing, "has", lambda module: True)
    torch = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: True))
    monkeypatch.setattr(choosing, "need", lambda *a, **k: torch)
    assert torch_choice("auto").device == "cuda"


def test_the_flags_of_the_processor_are_read(monkeypatch, tmp_path):
    flags = tmp_path / "cpuinfo"
    monkeypatch.setattr(choosing, "Path", lambda name: flags)
    assert not choosing._multiplies_bf16()
    flags.write_text("flags : sse avx2")
    assert not choosing._multiplies_bf16()
    flags.write_text("flags : sse avx512_bf16")
    assert choosing._multiplies_bf16()
