"""Weights out of a pickled model (TorchXRayVision's own files), without running it.

Those files hold a whole model, classes and all. Here every class they may name is an empty shell that only keeps what
it is given; the tensors are then collected from the shells. Any other name is refused by torch's reader.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.errors import BadInput
from tools.segmenters.weighted.files import read_pickle, read_tensors

_LAYERS = (
    "activation.ReLU",
    "pooling.MaxPool2d",
    "pooling.AvgPool2d",
    "conv.Conv2d",
    "linear.Linear",
    "batchnorm.BatchNorm2d",
    "container.Sequential",
    "dropout.Dropout",
)
_OWN = ("DenseNet", "_DenseBlock", "_DenseLayer", "_Transition")
# `models`: as they were saved from the training script; `torchvision.models.densenet`: the class they were copied from.
_HOMES = ("torchxrayvision.models", "models", "torchvision.models.densenet")
_MOST = 200_000


class Shell:
    """Stands for any class: keeps its state, does nothing."""

    def __setstate__(self, state: Any) -> None:
        self.__dict__.update(state if isinstance(state, Mapping) else {})


def tensors_of_model(path: Path) -> dict[str, Any]:
    """The table of tensors of a pickled model; of a plain table too.

    Raises:
        UntrustedWeights: it names a class that is not on the list.
        BadInput: it cannot be read, or holds no tensors.
    """
    if path.suffix == ".safetensors" or not _whole(path):
        return read_tensors(path)
    names = [f"torch.nn.modules.{name}" for name in _LAYERS] + [f"{home}.{name}" for home in _HOMES for name in _OWN]
    held = read_pickle(path, [(Shell, name) for name in names] + [(set, "builtins.set"), (set, "__builtin__.set")])
    found: dict[str, Any] = {}
    _collect(held, "", found)
    if not found:
        raise BadInput(
            f"{path.name} holds no weights",
            found=type(held).__name__,
            expected="a model or a table of tensors",
            action="get the file again from its source",
        )
    return found


def _whole(path: Path) -> bool:
    """Whether a file of torch pickles classes of layers, and not tensors alone. Old files are no ZIP: perhaps."""
    if not zipfile.is_zipfile(path):
        return path.suffix in (".pt", ".pth")
    with zipfile.ZipFile(path) as archive:
        inner = next((name for name in archive.namelist() if name.endswith("data.pkl")), None)
        return inner is not None and b"torch.nn.modules" in archive.read(inner)


def _collect(part: Any, prefix: str, found: dict[str, Any]) -> None:
    import torch

    if isinstance(part, Mapping) and not prefix:
        found.update({str(name): value for name, value in part.items() if isinstance(value, torch.Tensor)})
        return
    if not isinstance(part, Shell) or len(found) > _MOST or prefix.count(".") > 20:
        return
    for kind in ("_parameters", "_buffers"):
        for name, value in getattr(part, kind, {}).items():
            if isinstance(value, torch.Tensor):
                found[prefix + name] = value.detach()
    for name, inner in getattr(part, "_modules", {}).items():
        _collect(inner, f"{prefix}{name}.", found)
