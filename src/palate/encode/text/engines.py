"""What runs a language model here: OpenVINO or torch, and in which precision."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from palate import store
from palate.arrays import Floats, Longs
from palate.encode.text.weights import ModelFolder, Pooling
from palate.errors import BadRecipe, DamagedArtefact
from palate.optional import has, need

Backend: TypeAlias = Literal["auto", "openvino", "torch"]
"""What runs the model; `"auto"`: torch on a GPU, else OpenVINO where installed, else torch."""

Precision: TypeAlias = Literal["auto", "f32", "bf16"]
"""Numbers inside the model; `"auto"`: bf16 where the hardware multiplies it natively, f32 elsewhere."""


class Engine(Protocol):
    """Runs padded batches."""

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        ...


@dataclass(frozen=True)
class Choice:
    """What was chosen for this machine.

    Attributes:
        backend: `"openvino"` or `"torch"`.
        precision: `"f32"` or `"bf16"`.
        device: `"cpu"` or `"cuda"`.
    """

    backend: Literal["openvino", "torch"]
    precision: Literal["f32", "bf16"]
    device: Literal["cpu", "cuda"] = "cpu"


def choose(backend: Backend, precision: Precision) -> Choice:
    """The engine for this machine.

    Raises:
        BadRecipe: bf16 is asked for where it would be many times slower than f32.
        MissingExtra: The backend is not installed.
    """
    if backend == "auto":
        backend = "torch" if _has_gpu() or not has("openvino") else "openvino"
    if backend == "openvino":
        fast = _cpu_has_bf16()
        device: Literal["cpu", "cuda"] = "cpu"
    else:
        need("torch", extra="text", purpose="run a language model")
        fast = _has_gpu()
        device = "cuda" if fast else "cpu"
    if precision == "bf16" and not fast:
        raise BadRecipe(
            f"{backend} on this machine has no fast bf16",
            where="precision",
            allowed="auto, f32",
            next_step='write precision = "auto"',
        )
    return Choice(backend, ("bf16" if fast else "f32") if precision == "auto" else precision, device)


def engine(choice: Choice, folder: ModelFolder, pooling: Pooling) -> Engine:
    """Load the model."""
    if choice.backend == "openvino":
        return OpenVinoEngine(folder, pooling, choice.precision)
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
            out = self._module(torch.from_numpy(tokens).to(self._device), torch.from_numpy(mask).to(self._device))
        return np.asarray(out.float().cpu().numpy(), np.float32)


class OpenVinoEngine:
    """OpenVINO on the CPU: one stream, all cores on one batch.

    The converted model is kept in the cache folder under the digest of the weights and checked when read, so
    that a second start needs no torch. OpenVINO's own cache of compiled models is not used: nothing would
    notice a damaged one, and compiling takes a second.
    """

    def __init__(self, folder: ModelFolder, pooling: Pooling, precision: str) -> None:
        openvino = need("openvino", extra="text", purpose="run a language model with OpenVINO")
        core = openvino.Core()
        model = _converted(core, folder, pooling)
        hints = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_PRECISION_HINT": precision}
        self._request = core.compile_model(model, "CPU", hints).create_infer_request()

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        self._request.infer([tokens, mask])
        return np.array(self._request.get_output_tensor(0).data, np.float32)


def _converted(core: Any, folder: ModelFolder, pooling: Pooling) -> Any:
    place = store.cache_folder() / "openvino" / store.digest([folder.weights, pooling, "v1"])[:40]
    try:
        kept = store.read(place)
    except DamagedArtefact:
        kept = None
    if kept is None:
        _convert(folder, pooling, place)
        kept = store.read(place)
    assert kept is not None  # noqa: S101 - it was written one line above
    openvino = need("openvino", extra="text", purpose="run a language model with OpenVINO")
    weights = openvino.Tensor(np.array(kept.arrays["weights"]))
    return core.read_model(model=kept.arrays["graph"].tobytes(), weights=weights)


def _convert(folder: ModelFolder, pooling: Pooling, place: Path) -> None:
    import tempfile
    import warnings

    from palate.encode.text.pooled import pooled_module, quiet

    openvino = need("openvino", extra="text", purpose="run a language model with OpenVINO")
    torch = need("torch", extra="text", purpose="convert a language model")
    transformers = need("transformers", extra="text", purpose="convert a language model")
    example = torch.ones((2, 8), dtype=torch.int64)
    with torch.no_grad(), warnings.catch_warnings(), quiet(transformers):
        # Tracing warns of every Python condition in the model's code; the shapes here are fixed by padding.
        warnings.simplefilter("ignore")
        model = openvino.convert_model(pooled_module(folder, pooling, traceable=True), example_input=(example, example))
    with tempfile.TemporaryDirectory() as temporary:
        openvino.save_model(model, Path(temporary) / "model.xml", compress_to_fp16=False)
        files = {name: Path(temporary) / f"model.{end}" for name, end in (("graph", "xml"), ("weights", "bin"))}
        arrays = {name: np.fromfile(file, np.uint8) for name, file in files.items()}
    store.write(place, arrays, {"weights": folder.weights, "pooling": pooling})


def _cpu_has_bf16() -> bool:
    flags = Path("/proc/cpuinfo")
    if flags.is_file():
        # The flags answer at once; loading OpenVINO to ask it takes longer than reading a whole cache.
        return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags.read_text(encoding="utf-8").split())
    openvino = need("openvino", extra="text", purpose="run a language model with OpenVINO")
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _has_gpu() -> bool:
    # Asking torch costs seconds of import; without the driver's tool there is nothing to ask it for.
    if shutil.which("nvidia-smi") is None or not has("torch"):
        return False
    return bool(need("torch", extra="text", purpose="run a language model").cuda.is_available())
