"""What runs a language model here: OpenVINO, ONNX Runtime or torch, and in which precision."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np

from palate.arrays import Floats, Longs
from palate.encode.text.weights import ModelFolder, Pooling
from palate.errors import BadRecipe
from palate.optional import has, need

Backend: TypeAlias = Literal["auto", "openvino", "onnx", "torch"]
"""What runs the model; `"auto"`: torch on a GPU, else OpenVINO, ONNX Runtime or torch, the first
that is installed."""

Precision: TypeAlias = Literal["auto", "f32", "bf16", "int8"]
"""Numbers inside the model; `"auto"`: bf16 where the hardware multiplies it natively, f32
elsewhere."""

CONVERSIONS = {"openvino": "v2", "onnx": "v1", "torch": "v1"}
"""Version of what becomes of a model on each backend: another one gives other numbers."""

_PRECISIONS = {
    "openvino": ("f32", "bf16", "int8"),
    "onnx": ("f32", "int8"),
    "torch": ("f32", "bf16"),
}


class Engine(Protocol):
    """Runs padded batches."""

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        ...


@dataclass(frozen=True)
class Choice:
    """What was chosen for this machine.

    Attributes:
        backend: `"openvino"`, `"onnx"` or `"torch"`.
        precision: `"f32"`, `"bf16"` or `"int8"`.
        device: `"cpu"` or `"cuda"`.
    """

    backend: Literal["openvino", "onnx", "torch"]
    precision: Literal["f32", "bf16", "int8"]
    device: Literal["cpu", "cuda"] = "cpu"


def choose(backend: Backend, precision: Precision) -> Choice:
    """The engine for this machine.

    Raises:
        BadRecipe: The backend has no such precision, or bf16 is requested where it would be many
            times slower than f32.
        MissingExtra: The backend is not installed.
    """
    if backend == "auto":
        backend = _best()
    fast = _has_fast_bf16(backend)
    if precision != "auto" and (
        precision not in _PRECISIONS[backend] or (precision == "bf16" and not fast)
    ):
        allowed = [p for p in _PRECISIONS[backend] if p != "bf16" or fast]
        raise BadRecipe(
            f"{backend} on this machine has no fast {precision}",
            where="precision",
            allowed=", ".join(["auto", *allowed]),
            next_step='write precision = "auto"',
        )
    device: Literal["cpu", "cuda"] = "cuda" if backend == "torch" and _has_gpu() else "cpu"
    return Choice(
        backend, ("bf16" if fast else "f32") if precision == "auto" else precision, device
    )


def usable() -> bool:
    """Whether a language model can be run here, found out without loading anything."""
    runs = has("openvino") or (has("onnxruntime") and has("onnx")) or has("torch")
    return runs and has("transformers")


def _best() -> Literal["openvino", "onnx", "torch"]:
    if _has_gpu():
        return "torch"
    if has("openvino"):
        return "openvino"
    return "onnx" if has("onnxruntime") and has("onnx") else "torch"


def _has_fast_bf16(backend: str) -> bool:
    if backend == "openvino":
        return _cpu_has_bf16()
    if backend == "onnx":
        need("onnxruntime", extra="onnx", purpose="run a language model with ONNX Runtime")
        return False
    need("torch", extra="text", purpose="run a language model")
    return _has_gpu()


def engine(choice: Choice, folder: ModelFolder, pooling: Pooling) -> Engine:
    """Load the model."""
    if choice.backend == "openvino":
        from palate.encode.text.engine_openvino import OpenVinoEngine

        return OpenVinoEngine(folder, pooling, choice.precision)
    if choice.backend == "onnx":
        from palate.encode.text.engine_onnx import OnnxEngine

        return OnnxEngine(folder, pooling, choice.precision)
    return TorchEngine(folder, pooling, choice.precision, choice.device)


class TorchEngine:
    """torch, on the CPU in fp32 or on a GPU."""

    def __init__(self, folder: ModelFolder, pooling: Pooling, precision: str, device: str) -> None:
        from palate.encode.text.pooled import pooled_module

        self._torch = need("torch", extra="text", purpose="run a language model")
        self._module = pooled_module(folder, pooling).to(device)
        if precision == "bf16":
            self._module.body.to(self._torch.bfloat16)
        self._device = device

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        torch = self._torch
        with torch.inference_mode():
            out = self._module(
                torch.from_numpy(tokens).to(self._device), torch.from_numpy(mask).to(self._device)
            )
        return np.asarray(out.float().cpu().numpy(), np.float32)


def _cpu_has_bf16() -> bool:
    flags = Path("/proc/cpuinfo")
    if flags.is_file():
        # The flags answer at once; loading OpenVINO to ask it takes longer than reading a whole
        # cache.
        return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags.read_text(encoding="utf-8").split())
    openvino = need("openvino", extra="text", purpose="run a language model with OpenVINO")
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _has_gpu() -> bool:
    # Asking torch costs seconds of import; without the driver's tool there is nothing to ask it
    # for.
    if shutil.which("nvidia-smi") is None or not has("torch"):
        return False
    return bool(need("torch", extra="text", purpose="run a language model").cuda.is_available())
