"""Where torch runs a model here, and in which precision."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from palate.errors import BadRecipe
from palate.optional import has, need

Precision: TypeAlias = Literal["auto", "f32", "bf16"]
"""Numbers inside the model; `"auto"`: bf16 on a GPU, f32 elsewhere."""


@dataclass(frozen=True)
class TorchChoice:
    """What was chosen for this machine.

    Attributes:
        precision: `"f32"` or `"bf16"`.
        device: `"cpu"` or `"cuda"`.
    """

    precision: Literal["f32", "bf16"]
    device: Literal["cpu", "cuda"] = "cpu"


def torch_choice(precision: Precision) -> TorchChoice:
    """The device and precision for this machine; torch itself is not imported where there is no
    GPU.

    Raises:
        BadRecipe: bf16 is requested on a processor that does not multiply it, where it is many
            times slower than f32.
    """
    if _has_gpu():
        return TorchChoice("bf16" if precision == "auto" else precision, "cuda")
    if precision == "bf16" and not _multiplies_bf16():
        raise BadRecipe(
            "the processor of this machine does not multiply bf16",
            where="precision",
            allowed="auto, f32",
            next_step='write precision = "auto"',
        )
    return TorchChoice("bf16" if precision == "bf16" else "f32")


def _has_gpu() -> bool:
    # Asking torch costs seconds of import; without the driver's tool there is nothing to ask it
    # for.
    if shutil.which("nvidia-smi") is None or not has("torch"):
        return False
    return bool(need("torch", extra="text", purpose="run a model").cuda.is_available())


def _multiplies_bf16() -> bool:
    flags = Path("/proc/cpuinfo")
    if not flags.is_file():
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags.read_text(encoding="utf-8").split())
