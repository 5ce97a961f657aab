"""TorchXRayVision's models on chest films: 14 structures (PSPNet, ChestX-Det) and 18 findings (DenseNet-121)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import ToolError
from tools.imaging.frame import Image
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.classify import Classifier
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.files import check_hash
from tools.segmenters.weighted.labels import label_map
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import Manifest, read_manifest
from tools.segmenters.weighted.pickled import tensors_of_model
from tools.segmenters.weighted.picture import IMAGENET, Floats, at_size
from tools.segmenters.weighted.warm import WARM, Warm
from tools.segmenters.weighted.xray_networks import Network, Table, check, dense_net, psp_net


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


FOLDER = "torchxrayvision"
FILMS = frozenset({"CR", "DX", "RG"})
STRUCTURES_FILE = "pspnet_chestxray_best_model_4.pth"
FINDINGS_FILE = "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt"
RELEASE = "https://github.com/mlmed/torchxrayvision/releases/download/v1/"
TARGETS = _names(
    "Left Clavicle, Right Clavicle, Left Scapula, Right Scapula, Left Lung, Right Lung, Left Hilus Pulmonis, "
    "Right Hilus Pulmonis, Heart, Aorta, Facies Diaphragmatica, Mediastinum, Weasand, Spine"
)
# Order of the outputs of "densenet121-res224-all" (torchxrayvision/models.py, version 1.5.7).
FINDINGS = _names(
    "Atelectasis, Consolidation, Infiltration, Pneumothorax, Edema, Emphysema, Fibrosis, Effusion, Pneumonia, "
    "Pleural_Thickening, Cardiomegaly, Nodule, Mass, Hernia, Lung Lesion, Fracture, Lung Opacity, "
    "Enlarged Cardiomediastinum"
)
LICENCE = "code Apache-2.0 (written again after TorchXRayVision); weights: no licence stated apart from the code's"
SIDES = "left and right are as the model's labels name them; not checked here"


@dataclass(frozen=True)
class Loaded:
    """A table of weights on its device."""

    tensors: dict[str, Any] = field(repr=False)
    at: Place


class ChestStructures(Weighted):
    """The ChestX-Det PSPNet: organs of a frontal film."""

    def __init__(self, models: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.path = models / FOLDER / STRUCTURES_FILE
        self.labels = label_map(TARGETS)
        self.card = Card(
            name="torchxrayvision:pspnet",
            version="1",
            title="TorchXRayVision PSPNet (ChestX-Det)",
            modalities=FILMS,
            anatomy=frozenset({"chest"}),
            dimensions=2,
            structures=self.labels.names,
            prompts=frozenset({"structure"}),
            licence=LICENCE,
            source="Lian 2021, IEEE TMI (arXiv:2104.10326); Cohen 2022, arXiv:2111.00595; trained on: ChestX-Det, "
            "frontal films of NIH ChestX-ray14",
            measured=UNMEASURED,
            extra="local",
            weights=str(self.path),
        )

    @property
    def key(self) -> Hashable:
        return ("xray", self.path)

    @property
    def files(self) -> list[Path]:
        return [path for path in _either(self.path) if path.is_file()]

    def lacks_files(self) -> str | None:
        return _lacks(self.path)

    def load(self) -> Loaded:
        return _loaded(self.files[0], psp_net, (1, 3, 64, 64), len(TARGETS), self.card.title, None)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        import torch

        assert not isinstance(target, Volume)
        square, inner = _square(target.pixels, 512)
        mean, spread = (np.asarray(part, dtype=np.float32)[:, None, None] for part in IMAGENET)
        with torch.inference_mode():
            scores = psp_net(Table(model.tensors, watch), model.at.tensor(((square[None] - mean) / spread)[None]))
        chances = torch.sigmoid(scores[0].float()).cpu().numpy()
        found = []
        for name in structures:
            rows = [chances[TARGETS.index(label)] for label in self.labels.labels_of(name)]
            chance = at_size(np.max(rows, axis=0)[inner], (target.rows, target.columns))
            mask = np.asarray(chance > 0.5)
            sure = round(float(chance[mask].mean()), 3) if mask.any() else 0.0
            doubts = (SIDES,) if name.startswith(("left ", "right ")) else ()
            found.append(Segment(name, mask, sure, self.card.name, self.card.version, doubts=doubts))
        return found


class ChestFindings(Classifier):
    """The DenseNet-121 for 18 findings, trained on seven public sets."""

    findings = FINDINGS

    def __init__(self, models: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.path = models / FOLDER / FINDINGS_FILE
        self.manifest, self._problem = Manifest(), None
        try:
            self.manifest = read_manifest(self.path.parent)
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        self.card = Card(
            name="torchxrayvision:densenet121-all",
            version="1",
            title="TorchXRayVision DenseNet-121 (18 findings)",
            modalities=FILMS,
            anatomy=frozenset({"chest"}),
            dimensions=2,
            structures=(),
            prompts=frozenset(),
            licence=LICENCE,
            source="Cohen 2020, arXiv:2002.02497; Cohen 2022, arXiv:2111.00595; trained on: frontal films of NIH, "
            "PadChest, CheXpert, MIMIC-CXR, Google, OpenI and RSNA; labels mostly read from reports by programs",
            measured="unmeasured: its weights were never run here; tested on random weights only",
            extra="local",
            weights=str(self.path),
        )

    @property
    def key(self) -> Hashable:
        return ("xray", self.path)

    @property
    def files(self) -> list[Path]:
        return [path for path in _either(self.path) if path.is_file()]

    def lacks_files(self) -> str | None:
        return self._problem or _lacks(self.path)

    def load(self) -> Loaded:
        expected = self.manifest.sha256.get(self.files[0].name)
        return _loaded(self.files[0], dense_net, (1, 1, 64, 64), len(FINDINGS), self.card.title, expected)

    def scores(self, model: Loaded, image: Image, watch: Watch) -> list[float]:
        import torch

        square, _ = _square(_centre(image.pixels), 224)
        with torch.inference_mode():
            given = model.at.tensor((2 * square - 1)[None, None] * 1024)
            out = torch.sigmoid(dense_net(Table(model.tensors, watch), given).float())
        return [float(score) for score in out[0].cpu()]


def _either(path: Path) -> tuple[Path, Path]:
    return path.with_suffix(".safetensors"), path


def _lacks(path: Path) -> str | None:
    if any(file.is_file() for file in _either(path)):
        return None
    return f"weights {path} (from {RELEASE}{path.name}; nothing is fetched, no SHA-256 is published)"


def _loaded(
    path: Path, network: Network, shape: tuple[int, ...], outputs: int, title: str, expected: str | None
) -> Loaded:
    check_hash(path, expected)
    held = tensors_of_model(path)
    tensors = {name: part for name, part in held.items() if part is not None and name != "op_threshs"}
    check(network, tensors, shape, outputs, title)
    # Running means of half precision lose too much.
    at = place(half=False)
    return Loaded({name: part.to(at.device, at.dtype) for name, part in tensors.items()}, at)


def _centre(pixels: Floats) -> Floats:
    """The middle square, which TorchXRayVision's classifiers were trained on."""
    side = min(pixels.shape)
    top, left = ((length - side) // 2 for length in pixels.shape)
    return pixels[top : top + side, left : left + side]


def _square(pixels: Floats, size: int) -> tuple[Floats, tuple[slice, slice]]:
    """The film in a black square of a size, and where in it the film is."""
    rows, columns = pixels.shape
    scale = size / max(rows, columns)
    inner = max(round(rows * scale), 1), max(round(columns * scale), 1)
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    window = slice(top, top + inner[0]), slice(left, left + inner[1])
    square = np.zeros((size, size), dtype=np.float32)
    square[window] = np.clip(at_size(pixels, inner), 0, 1)
    return square, window
