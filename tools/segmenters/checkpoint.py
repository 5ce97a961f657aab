"""A PyTorch checkpoint read as plain arrays, without torch and without running anything that is in it.

A `.pth` file of torch >= 1.6 is a ZIP: one pickle that names the tensors, and one file of raw numbers for each. The
pickle may call only what a table of tensors needs; anything else in it is refused.
"""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput

Weights = dict[str, NDArray[Any]]
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


def read_checkpoint(path: Path) -> Weights:
    """The tensors of a checkpoint by name.

    Raises:
        BadInput: not a checkpoint, damaged, or one that holds anything but tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _tensors(archive)
    except (zipfile.BadZipFile, pickle.UnpicklingError, OSError, KeyError, ValueError, TypeError, EOFError) as error:
        raise BadInput(
            f"{path.name} cannot be read as weights",
            found=f"{type(error).__name__}: {error}",
            expected="a PyTorch checkpoint (ZIP) that holds a table of tensors and nothing else",
            action="install the package that carries it again",
        ) from error


def _tensors(archive: zipfile.ZipFile) -> Weights:
    pickled = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
    if pickled is None:
        raise ValueError("no data.pkl in it")
    table = _Reader(archive, pickled.removesuffix("data.pkl")).load()
    if isinstance(table, dict) and isinstance(table.get("model"), dict):
        table = table["model"]
    if not isinstance(table, dict) or not table or not all(isinstance(row, np.ndarray) for row in table.values()):
        raise ValueError("what it holds is not a table of tensors")
    return dict(table)


class _Reader(pickle.Unpickler):
    """Calls nothing but the few names that a table of tensors is written with."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}data.pkl")))
        self._archive, self._folder = archive, folder

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in _TYPES:
            return _TYPES[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        kind, dtype, key, _, count = pid
        if kind != "storage" or not str(key).isalnum():
            raise pickle.UnpicklingError(f"it holds {kind!r}")
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), dtype=dtype, count=count)


def _tensor(storage: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Any:
    reach = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
    if min(offset, *stride, 0) < 0 or (0 not in size and reach > len(storage)):
        raise ValueError("a tensor reaches beyond its numbers")
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps).copy()
