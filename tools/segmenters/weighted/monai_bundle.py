"""MONAI bundles: the network, the preparation and the tiles that a bundle's configuration names, from lists of ours.

Preparation, tiles and the way back to the image's own grid are MONAI's. The bundle's own clean-up of masks is not run.
"""

from __future__ import annotations

import importlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import ToolError
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted import monai_config as config
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.files import check_hash, fill, read_tensors, read_torchscript
from tools.segmenters.weighted.labels import LabelMap, label_map
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import FILE, NOT_STATED, Manifest, read_manifest
from tools.segmenters.weighted.warm import WARM, Warm

FOLDER = "monai"
EXTRA = "monai"
WEIGHTS = ("model.safetensors", "model.pt", "model.ts")
IMAGE, ANSWER = "image", "pred"
Json = dict[str, Any]
# From the patient system of DICOM (LPS) to that of NIfTI and MONAI (RAS).
TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Parts:
    """What of a bundle is used; each a class of MONAI with its arguments."""

    network: tuple[str, Json]
    prepared: tuple[tuple[str, Json], ...]
    inferer: tuple[str, Json]
    exclusive: bool
    dropped: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Loaded:
    """The network and its place."""

    network: Any = field(repr=False)
    at: Place


class MonaiBundle(Weighted):
    """One bundle.

    Args:
        folder: `configs/metadata.json`, `configs/inference.json`, `models/model.safetensors` or `model.pt`;
            `osler.yaml` for what those do not say.
    """

    modules = ("torch", "monai")

    def __init__(self, folder: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.folder, self._problem = folder, None
        self.parts: Parts | None = None
        self.manifest, self.metadata = Manifest(), dict[str, Any]()
        self.channels: dict[str, int] = {}
        self.labels = LabelMap((), ())
        try:
            if folder.is_dir():
                self.manifest = read_manifest(folder)
                inference, self.metadata = config.read_bundle(folder)
                self.parts = _parts(inference, folder.name)
                self.channels = _channels(self.metadata)
                self.labels = label_map(self.channels, self.manifest.labels)
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        self.card = self._card()

    def _card(self) -> Card:
        told, meta = self.manifest, self.metadata
        stated = str(_input(meta).get("modality", "")).upper()
        citation = told.citation
        if citation == NOT_STATED:
            citation = next((str(row) for row in meta.get("references", [])), str(meta.get("authors", NOT_STATED)))
        trained = told.trained_on if told.trained_on != NOT_STATED else str(meta.get("data_source", NOT_STATED))
        return Card(
            name=f"monai:{self.folder.name}",
            version=str(meta.get("version", told.version)),
            title=told.title or str(meta.get("name", f"MONAI bundle {self.folder.name}")),
            modalities=told.modalities or frozenset({"MR" if stated == "MRI" else stated} - {"", "N/A"}),
            anatomy=told.anatomy,
            dimensions=3,
            structures=self.labels.names,
            prompts=frozenset({"structure"}),
            licence=told.licence,
            source=f"{citation}; trained on: {trained}",
            measured=UNMEASURED,
            extra=EXTRA,
            weights=str(self.folder),
        )

    @property
    def key(self) -> Hashable:
        return ("monai", self.folder)

    @property
    def files(self) -> list[Path]:
        paths = [self.folder / "models" / name for name in WEIGHTS]
        return [path for path in paths if path.is_file()][:1]

    def lacks_files(self) -> str | None:
        if self._problem:
            return self._problem
        if self.parts is None:
            return f"the bundle's folder {self.folder} (configs/, models/)"
        if not self.files:
            return f"weights: {self.folder}/models/{WEIGHTS[0]} or {WEIGHTS[1]}"
        if not self.card.modalities:
            return f"the modality of its images in {self.folder / FILE}"
        if not any(name == "Orientationd" for name, _ in self.parts.prepared):
            return "an Orientationd among its preparations: left could become right"
        if _input(self.metadata).get("num_channels", 1) != 1:
            return "a way to give it several images at once: it was trained on several channels"
        if not self.labels.names:
            return f"outputs that stand for a structure: add them to {self.folder / FILE}"
        return None

    def load(self) -> Loaded:
        assert self.parts is not None
        (path,) = self.files
        check_hash(path, self.manifest.sha256.get(f"models/{path.name}"))
        at = place()
        if path.suffix == ".ts":
            return Loaded(at.put(read_torchscript(path, self.folder.parent)), at)
        name, arguments = self.parts.network
        made = getattr(importlib.import_module("monai.networks.nets"), name)(**arguments)
        return Loaded(at.put(fill(made, read_tensors(path), name)), at)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        assert isinstance(target, Volume) and self.parts is not None
        chances = _chances(self.parts, model, target, watch)
        best = chances.argmax(axis=0) if self.parts.exclusive else None
        doubts = (f"not done: {', '.join(self.parts.dropped)}",) if self.parts.dropped else ()
        found = []
        for name in structures:
            numbers = [self.channels[label] for label in self.labels.labels_of(name)]
            mask = np.asarray(np.isin(best, numbers) if best is not None else (chances[numbers] > 0.5).any(axis=0))
            if mask.any():
                sure = round(float(chances[numbers].max(axis=0)[mask].mean()), 3)
                found.append(Segment(name, mask, sure, self.card.name, self.card.version, doubts=doubts))
        return found


def _chances(parts: Parts, model: Loaded, volume: Volume, watch: Watch) -> np.ndarray[Any, Any]:
    """Probabilities (outputs, slices, rows, columns) on the volume's own grid."""
    import torch

    transforms, inferers = (importlib.import_module(f"monai.{name}") for name in ("transforms", "inferers"))
    meta = importlib.import_module("monai.data.meta_tensor")
    # MONAI's axes are (column, row, slice), as in a NIfTI file.
    image = meta.MetaTensor(
        torch.from_numpy(np.ascontiguousarray(volume.values.T)),
        affine=torch.from_numpy(TO_RAS @ volume.affine),
        meta={"original_channel_dim": "no_channel"},
    )
    steps = transforms.Compose([getattr(transforms, name)(**_typed(given)) for name, given in parts.prepared])
    held = steps({parts.key: image})
    name, arguments = parts.inferer
    inferer = getattr(inferers, name)(**arguments)

    def network(x: Any) -> Any:
        watch.check()
        given = model.network(x)
        return given[0] if isinstance(given, tuple | list) else given

    with torch.inference_mode():
        batch = held[parts.key][None].to(device=model.at.device, dtype=model.at.dtype)
        scores = inferer(batch, network)[0].float().cpu()
    watch.check()
    held[ANSWER] = torch.softmax(scores, 0) if parts.exclusive else torch.sigmoid(scores)
    back = transforms.Invertd(keys=ANSWER, transform=steps, orig_keys=parts.key, nearest_interp=False, to_tensor=True)
    whole = back(held)[ANSWER]
    return np.asarray(whole.numpy(), dtype=np.float32).transpose(0, 3, 2, 1)


def _parts(inference: config.Config, name: str) -> Parts:
    network = config.target(inference.get("network_def") or inference.get("network"), config.NETWORKS, name)
    rows = inference.get("preprocessing::transforms") or []
    kept = [row for row in rows if not (isinstance(row, Mapping) and row.get("_disabled_"))]
    keys = next((row["keys"] for row in kept if isinstance(row, Mapping) and row.get("keys")), IMAGE)
    key = keys if isinstance(keys, str) else str(keys[0])
    prepared = []
    for row in kept:
        called, arguments = config.target(row, config.TRANSFORMS | config.READERS, name)
        if called == "Orientationd":
            # What it meant when bundles were written; MONAI is changing it.
            arguments.setdefault("labels", (("L", "R"), ("P", "A"), ("I", "S")))
        if called not in config.READERS:
            prepared.append((called, arguments))
    inferer = config.target(inference.get("inferer"), config.INFERERS, name)
    exclusive, dropped = _ending(inference)
    return Parts(network, tuple(prepared), inferer, exclusive, dropped, key)


def _ending(inference: config.Config) -> tuple[bool, tuple[str, ...]]:
    """Whether one output excludes the others, and which of the bundle's last steps are left out here."""
    rows = inference.body.get("postprocessing", {})
    steps = [row for row in rows.get("transforms", []) if isinstance(row, Mapping)] if isinstance(rows, Mapping) else []
    exclusive = not any(row.get("sigmoid") is True for row in steps)
    names = [str(row.get("_target_", "")).rpartition(".")[2] for row in steps if not row.get("_disabled_")]
    done = ("Activationsd", "Invertd", "AsDiscreted", "SaveImaged", "EnsureTyped", "ToTensord", "")
    return exclusive, tuple(name for name in names if name not in done)


def _typed(arguments: Json) -> Json:
    """Kinds of numbers by name, as torch's own."""
    import torch

    kinds = {f"torch.{name}": getattr(torch, name) for name in ("float16", "float32", "uint8", "int64")}
    return {key: kinds.get(value, value) if isinstance(value, str) else value for key, value in arguments.items()}


def _input(metadata: Mapping[str, Any]) -> Json:
    found = metadata.get("network_data_format", {}).get("inputs", {}).get(IMAGE, {})
    return found if isinstance(found, dict) else {}


def _channels(metadata: Mapping[str, Any]) -> dict[str, int]:
    rows = metadata.get("network_data_format", {}).get("outputs", {}).get(ANSWER, {}).get("channel_def", {})
    return {str(label): int(number) for number, label in rows.items()}
