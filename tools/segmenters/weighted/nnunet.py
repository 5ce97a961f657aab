"""nnU-Net v2: a trained model's folder, its network built from the plan, its steps done as nnU-Net does them.

Isensee 2021 (Nature Methods 18:203). Steps: orientation, normalisation, spacing, tiles, spacing back, the best label
(nnunetv2/inference, read in version 2.8.1). A test compares the result with nnU-Net's own predictor where that is
installed. Without mirroring unless the model's `osler.yaml` asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tools.errors import BadInput, ToolError
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.device import Place, place
from tools.segmenters.weighted.files import check_hash, fill, read_pickle, read_tensors, table
from tools.segmenters.weighted.grid import Floats, coarse_axis, new_shape, oriented, resized
from tools.segmenters.weighted.labels import LabelMap, label_map
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import FILE, Manifest, read_manifest
from tools.segmenters.weighted.nnunet_plan import Plan, read_plan
from tools.segmenters.weighted.normalise import normalised
from tools.segmenters.weighted.tiles import over_tiles
from tools.segmenters.weighted.warm import WARM, Warm

EXTRA = "nnunet"
MODULES = ("torch", "dynamic_network_architectures", "skimage")
CHECKPOINTS = ("checkpoint_final.safetensors", "checkpoint_final.pth", "checkpoint_best.pth")


@dataclass(frozen=True)
class Loaded:
    """A network for each fold, on its device."""

    networks: tuple[Any, ...] = field(repr=False)
    mirror: tuple[int, ...]
    at: Place


class NnUnet(Weighted):
    """One trained model of nnU-Net v2.

    Args:
        folder: with plans.json, dataset.json and fold_0 and so on, and `osler.yaml` for what those do not say.
        manifest: instead of the folder's own `osler.yaml`.
    """

    modules = MODULES

    def __init__(
        self, folder: Path, manifest: Manifest | None = None, *, warm: Warm = WARM, limits: Limits | None = None
    ) -> None:
        super().__init__(warm=warm, limits=limits)
        self.folder = folder
        self.plan: Plan | None = None
        self.labels = LabelMap((), ())
        self._problem: str | None = None
        self.manifest = Manifest()
        try:
            self.manifest = manifest or read_manifest(folder)
            if folder.is_dir():
                self.plan = read_plan(folder)
                self.labels = label_map(self.plan.labels, self.manifest.labels)
        except ToolError as error:
            self._problem = f"{error.message}: {error.found}"
        self.card = self._card()

    def _card(self) -> Card:
        told = self.manifest
        return Card(
            name=f"nnunet:{self.folder.name}",
            version=told.version,
            title=told.title or f"nnU-Net {self.folder.name}",
            modalities=told.modalities,
            anatomy=told.anatomy,
            dimensions=3,
            structures=self.labels.names,
            prompts=frozenset({"structure"}),
            licence=told.licence,
            source=told.source,
            measured=UNMEASURED,
            extra=EXTRA,
            weights=str(self.folder),
        )

    @property
    def key(self) -> Hashable:
        return ("nnunet", self.folder)

    @property
    def files(self) -> list[Path]:
        return [path for _, path in self._folds()]

    def _folds(self) -> list[tuple[str, Path]]:
        wanted = self.manifest.folds
        here = sorted(path.name for path in self.folder.glob("fold_*"))
        # The fold of all cases is a model of its own, and not one of those that are averaged.
        names = [f"fold_{fold}" for fold in wanted] if wanted else [n for n in here if n != "fold_all"] or here
        found = []
        for name in names:
            paths = [self.folder / name / file for file in CHECKPOINTS]
            if path := next((path for path in paths if path.is_file()), None):
                found.append((name, path))
        return found

    def lacks_files(self) -> str | None:
        if self._problem:
            return self._problem
        if self.plan is None:
            return f"the folder {self.folder} with plans.json, dataset.json and fold_0/{CHECKPOINTS[1]}"
        if len(folds := self._folds()) < len(self.manifest.folds or (0,)):
            return f"weights: {self.folder}/fold_{len(folds)}/{CHECKPOINTS[1]}"
        if not self.manifest.modalities or not self.manifest.orientation:
            return f"modalities and orientation of its training images in {self.folder / FILE}: left could become right"
        if self.plan.channels != 1:
            return f"a way to give it {self.plan.channels} images at once: it was trained on as many channels"
        if not self.labels.names:
            return f"labels that stand for a structure: add them to {self.folder / FILE}"
        return None

    def load(self) -> Loaded:
        assert self.plan is not None
        at = place()
        networks, mirror = [], ()
        for name, path in self._folds():
            check_hash(path, self.manifest.sha256.get(f"{name}/{path.name}"))
            if path.suffix == ".safetensors":
                tensors = read_tensors(path)
            else:
                held = read_pickle(path)
                tensors = table(held, path)
                mirror = tuple(held.get("inference_allowed_mirroring_axes") or ()) if self.manifest.mirror else ()
            networks.append(at.put(fill(build(self.plan), tensors, self.plan.network)))
        return Loaded(tuple(networks), mirror, at)

    def run(
        self, model: Loaded, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        assert isinstance(target, Volume)
        wanted = {name: self.labels.labels_of(name) for name in structures}
        return self.labelled(model, target, wanted, watch)

    def labelled(
        self, model: Loaded, target: Volume, wanted: Mapping[str, frozenset[str]], watch: Watch
    ) -> list[Segment]:
        """Segments, each the union of some labels."""
        assert self.plan is not None
        values, spacing, home = oriented(target, self.manifest.orientation or "")
        best, sure = predict(self.plan, model, values, spacing, watch)
        found = []
        for name, labels in wanted.items():
            chosen = sorted({value for label in labels for value in self.plan.labels[label]})
            mask = np.isin(best, chosen)
            if mask.any():
                confidence = round(float(np.mean([sure[value] for value in chosen if value in sure])), 3)
                found.append(Segment(name, home(mask), confidence, self.card.name, self.card.version))
        return found


def build(plan: Plan) -> Any:
    """The network of a plan, with random weights."""
    from torch import nn

    unet = importlib.import_module("dynamic_network_architectures.architectures.unet")

    layers = {key: getattr(nn, name) if name else None for key, name in plan.layers.items()}
    return getattr(unet, plan.network)(
        input_channels=plan.channels,
        num_classes=plan.outputs,
        deep_supervision=False,
        **(plan.arguments | layers),
    )


def predict(
    plan: Plan, model: Loaded, values: Floats, spacing: Sequence[float], watch: Watch
) -> tuple[np.ndarray[Any, Any], dict[int, float]]:
    """The label of every voxel, and how sure the network is of each label (mean probability where it is the best).

    Raises:
        BadInput: nothing but zeros.
    """
    data = values.transpose(plan.transpose)
    here = tuple(spacing[axis] for axis in plan.transpose)
    inner = _nonzero(data)
    cropped = data[inner]
    flat = len(plan.tile) == 2
    goal = (here[0], *plan.spacing) if flat else plan.spacing
    shape = new_shape(cropped.shape, here, goal)
    ready = normalised(cropped, plan.schemes[0], plan.intensities[0], masked=plan.masked[0])
    ready = resized(ready, shape, plan.orders[0], coarse_axis(here, goal))
    scores = _scores(plan, model, ready, watch, flat=flat)
    label, sure = _decided(plan, scores, cropped.shape, coarse_axis(goal, here), watch)
    whole = np.zeros(data.shape, dtype=np.uint16)
    whole[inner] = label
    return whole.transpose(np.argsort(plan.transpose)), sure


def _scores(plan: Plan, model: Loaded, ready: Floats, watch: Watch, *, flat: bool) -> Any:
    import torch

    total: Any = None
    for network in model.networks:
        with watch.over(network):
            if flat:
                parts = [
                    over_tiles(one[None], plan.tile, plan.outputs, network, model.at, watch, model.mirror)
                    for one in ready
                ]
                scores = torch.stack(parts, dim=1)
            else:
                scores = over_tiles(ready[None], plan.tile, plan.outputs, network, model.at, watch, model.mirror)
        total = scores if total is None else total + scores
    return total / len(model.networks)


def _decided(
    plan: Plan, scores: Any, shape: Sequence[int], coarse: int | None, watch: Watch
) -> tuple[np.ndarray[Any, Any], dict[int, float]]:
    """The best label at the volume's own size. Scores are resized one by one, only those that win anywhere."""
    import torch

    regions = bool(plan.order)
    rough, total = scores.argmax(0), scores[0].float()
    for row in scores[1:]:
        total = torch.logaddexp(total, row.float())
    label = np.zeros(tuple(shape), dtype=np.uint16)
    top = np.full(tuple(shape), -np.inf, dtype=np.float32)
    sure: dict[int, float] = {}
    for n in range(plan.outputs):
        watch.check()
        row = scores[n].float()
        won = row > 0 if regions else rough == n
        if not bool(won.any()):
            continue
        chance = torch.sigmoid(row[won]) if regions else torch.exp(row[won] - total[won])
        value = plan.order[n] if regions else n
        sure[value] = float(chance.mean())
        here = resized(row.numpy(), shape, plan.orders[1], coarse)
        better = here > (0 if regions else top)
        label[better] = value
        np.copyto(top, here, where=better)
    return label, sure


def _nonzero(data: Floats) -> tuple[slice, ...]:
    """The box of what is not zero: nnU-Net leaves the black frame of a skull-stripped brain out."""
    found = []
    for axis in range(data.ndim):
        other = tuple(n for n in range(data.ndim) if n != axis)
        places = np.flatnonzero((data != 0).any(axis=other))
        if not len(places):
            raise BadInput(
                "the volume is empty", found="nothing but zeros", expected="an image", action="export it again"
            )
        found.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(found)
