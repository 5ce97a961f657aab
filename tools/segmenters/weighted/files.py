"""Reading weights without running anything that is in them.

safetensors hold numbers only. A PyTorch checkpoint is a pickle: torch's own reader for weights (`weights_only`) builds
tensors and plain containers and refuses the rest; a few numpy scalars that trainers write beside them are let through.
TorchScript is a program: it is run only where a person has put its SHA-256 on the list of trusted files.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from knowledge.weights import file_hash
from tools.errors import BadInput

TRUSTED = "trusted.sha256"
"""Beside the models: lines of `sha256sum` for files that a person trusts to run."""
_TABLES = ("network_weights", "state_dict", "model_state_dict", "model")
_PICKLES = (".pt", ".pth", ".ckpt", ".bin", ".tar")
_HASH = re.compile(r"[0-9a-f]{64}")


class UntrustedWeights(BadInput):
    """Weights that could run code, or that are not the ones expected."""

    code = "untrusted_weights"


def read_tensors(path: Path, allowed: Sequence[tuple[Any, str]] = ()) -> dict[str, Any]:
    """The tensors of a file by name, on the CPU.

    Args:
        allowed: further classes that may stand in a pickle, each with the name it has there.

    Raises:
        UntrustedWeights: it holds more than numbers.
        BadInput: it cannot be read, or holds no table of tensors.
    """
    if path.suffix == ".safetensors":
        return _safetensors(path)
    if path.suffix not in _PICKLES:
        raise _broken(path, f"a file of kind {path.suffix or 'none'}")
    if is_torchscript(path):
        raise _program(path)
    return table(read_pickle(path, allowed), path)


def read_pickle(path: Path, allowed: Sequence[tuple[Any, str]] = ()) -> Any:
    """What a checkpoint holds, as far as it is tensors, containers and plain values.

    Raises:
        UntrustedWeights: it asks for anything else.
        BadInput: it is damaged.
    """
    import pickle

    import torch

    try:
        with torch.serialization.safe_globals([*_numpy_scalars(), *allowed]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise UntrustedWeights(
            f"{path.name} holds more than weights",
            found=_first(error, "Unsupported global", "GLOBAL"),
            expected="tensors and plain values, or safetensors",
            action="convert it to safetensors on a machine where it may run, or get the authors' safetensors",
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise _broken(path, _first(error)) from error


def table(held: Any, path: Path) -> dict[str, Any]:
    """The table of tensors in what a checkpoint holds, without the prefix of parallel training.

    Raises:
        BadInput: there is none.
    """
    import torch

    for name in _TABLES:
        if isinstance(held, Mapping) and isinstance(held.get(name), Mapping):
            held = held[name]
            break
    if not isinstance(held, Mapping) or not held or not all(isinstance(part, torch.Tensor) for part in held.values()):
        raise _broken(path, "no table of tensors")
    return {str(name).removeprefix("module.").removeprefix("_orig_mod."): part for name, part in held.items()}


def fill(network: Any, tensors: Mapping[str, Any], name: str) -> Any:
    """Put weights into a network: every one of them, and no other.

    Raises:
        BadInput: weights are missing, left over or of another size.
    """
    own = network.state_dict()
    # Counters of batches are left out by some writers and mean nothing for answers.
    missing = [key for key in own if key not in tensors and not key.endswith("num_batches_tracked")]
    extra = [key for key in tensors if key not in own]
    sizes = [key for key, part in tensors.items() if key in own and own[key].shape != part.shape]
    if missing or extra or sizes:
        raise BadInput(
            f"the weights do not fit the network {name}",
            found=f"{len(missing)} missing, {len(extra)} left over, {len(sizes)} of another size; the first: "
            f"{(missing + extra + sizes)[0]}",
            expected="the weights of this very network",
            action="take weights and settings of one and the same model",
        )
    network.load_state_dict(tensors, strict=False)
    return network


def is_torchscript(path: Path) -> bool:
    """Whether a file is a saved program of torch."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name or name.endswith("/constants.pkl") for name in archive.namelist())


def read_torchscript(path: Path, models: Path) -> Any:
    """A program of torch, where its hash is on the list of trusted files.

    Raises:
        UntrustedWeights: it is not.
    """
    import torch

    if file_hash(path) not in trusted(models):
        raise _program(path)
    return torch.jit.load(str(path), map_location="cpu")


def trusted(models: Path) -> frozenset[str]:
    """The SHA-256 of files that a person has said may run."""
    listed = models / TRUSTED
    lines = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    return frozenset(line.split()[0] for line in lines if line.split() and _HASH.fullmatch(line.split()[0]))


def check_hash(path: Path, expected: str | None) -> None:
    """The file is the one expected, where it is known which that is.

    Raises:
        UntrustedWeights: it is another.
    """
    if expected is not None and (found := file_hash(path)) != expected:
        raise UntrustedWeights(
            f"{path.name} is not the file expected",
            found=f"SHA-256 {found}",
            expected=f"SHA-256 {expected}",
            action="get it again from its source",
        )


def _safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise _broken(path, _first(error)) from error


def _numpy_scalars() -> list[Any]:
    import numpy as np
    from numpy._core import multiarray

    kinds = {type(np.dtype(code)) for code in "fdilqb?"}
    return [(multiarray.scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")] + [np.dtype, *kinds]


def _program(path: Path) -> UntrustedWeights:
    return UntrustedWeights(
        f"{path.name} is a TorchScript program, and programs are not run unasked",
        found="TorchScript",
        expected="weights as safetensors or a table of tensors",
        action=f"use the model's weights; or, where you trust it, add a line of sha256sum to {TRUSTED} in the folder "
        "of models",
    )


def _broken(path: Path, found: str) -> BadInput:
    return BadInput(
        f"{path.name} cannot be read as weights",
        found=found,
        expected="safetensors, or a PyTorch checkpoint with a table of tensors",
        action="get the file again from its source",
    )


def _first(error: Exception, *telling: str) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    chosen = next((line for line in lines if any(word in line for word in telling)), lines[0])
    return f"{type(error).__name__}: {chosen.strip()[:200]}"
