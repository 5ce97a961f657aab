"""TotalSegmentator's tasks from its folders of weights, run by our own reading of nnU-Net.

The package itself is not needed and not used: it fetches weights by itself. Its steps are: the volume in RAS, the
task's spacing, one network for each part of the classes, the best label. Its clean-up of small blobs is not done.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tools.errors import NotAssessable
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted.base import UNMEASURED, Weighted
from tools.segmenters.weighted.crop import around
from tools.segmenters.weighted.labels import LabelMap, label_map
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.manifest import Manifest
from tools.segmenters.weighted.nnunet import EXTRA, MODULES, NnUnet
from tools.segmenters.weighted.warm import WARM, Warm

FOLDER = "totalsegmentator"
ORIENTATION = "RAS"
ROUGH = "total_fast"
VERSION = "2"


@dataclass(frozen=True)
class Task:
    """One task; fields as in `totalsegmentator.yaml`."""

    name: str
    title: str
    modality: str
    datasets: tuple[int, ...]
    crop: tuple[str, ...] = ()
    margin_mm: float = 0.0
    restricted: bool = False
    labels: tuple[str, ...] = ()


@functools.cache
def table() -> dict[str, Any]:
    """The file of tasks as it is."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    body: dict[str, Any] = yaml.safe_load(text)
    return body


@functools.cache
def tasks() -> dict[str, Task]:
    """Every task by name."""
    rows = table()["tasks"].items()
    lists = ("datasets", "crop", "labels")
    found: dict[str, Task] = {}
    for name, row in rows:
        row = {"labels": table()["classes"].get(row.get("classes"), ()), **row}
        row.pop("classes", None)
        fields: dict[str, Any] = {key: tuple(value) if key in lists else value for key, value in row.items()}
        found[name] = Task(name, **fields)
    return found


class TotalSegmentator(Weighted):
    """One task.

    Args:
        models: the folder of models; weights are below `totalsegmentator/`, as TotalSegmentator unpacks them:
            `Dataset297_.../nnUNetTrainer...__nnUNetPlans__3d_fullres/fold_0/checkpoint_final.pth`.
    """

    modules = MODULES

    def __init__(self, task: str, models: Path, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        super().__init__(warm=warm, limits=limits)
        self.task, self.models = tasks()[task], models
        told = Manifest(
            modalities=frozenset({self.task.modality}),
            orientation=ORIENTATION,
            folds=(0,),
            version=VERSION,
        )
        self.parts = [NnUnet(folder, told, warm=warm) for folder in self._folders()]
        self.labels = self._labels()
        self.card = self._card()

    @property
    def root(self) -> Path:
        """Where its weights belong."""
        return self.models / FOLDER

    def _folders(self) -> list[Path]:
        """A folder for each part; one that does not exist where it is not here."""
        found = []
        for number in self.task.datasets:
            below = sorted(self.root.glob(f"Dataset{number:03d}_*/*__3d_fullres*"))
            found.append(below[0] if below else self.root / f"Dataset{number:03d}_*")
        return found

    def _labels(self) -> LabelMap:
        here = [label for part in self.parts if part.plan for label in part.plan.labels]
        if here and all(part.plan for part in self.parts):
            return label_map(here)
        return label_map(self.task.labels)

    def _card(self) -> Card:
        told = table()
        licence = told["restricted_licence"] if self.task.restricted else told["open_licence"]
        trained = told["trained_on_mr"] if self.task.modality == "MR" else told["trained_on"]
        return Card(
            name=f"totalsegmentator:{self.task.name}",
            version=VERSION,
            title=f"TotalSegmentator ({self.task.title})",
            modalities=frozenset({self.task.modality}),
            anatomy=frozenset(),
            dimensions=3,
            structures=self.labels.names,
            prompts=frozenset({"structure"}),
            licence=f"code {told['code_licence']}; weights {licence}",
            source=f"{told['citation']}; trained on: {trained}",
            measured=UNMEASURED,
            extra=EXTRA,
            weights=str(self.root),
        )

    @property
    def files(self) -> list[Path]:
        return []

    def lacks_files(self) -> str | None:
        missing = [part for part in self.parts if part.lacks_files() is not None]
        if missing:
            first = missing[0]
            if first.folder.is_dir():
                return first.lacks_files()
            names = ", ".join(part.folder.name for part in missing)
            where = "given out with a licence number" if self.task.restricted else "in its releases on GitHub"
            return f"weights {names}, unpacked into {self.root} ({where}; nothing is fetched, no SHA-256 is known)"
        if self.task.crop and (rough := self._rough().lacks_files()):
            return f"the task {ROUGH}, which finds {' and '.join(self.task.crop)} first: {rough}"
        return None

    def _rough(self) -> TotalSegmentator:
        return TotalSegmentator(ROUGH, self.models, warm=self.warm, limits=self.limits)

    def load(self) -> Any:
        """Nothing by itself: each part is loaded when a structure needs it."""
        return tuple(self.parts)

    def unload(self) -> bool:
        """Let go of every part."""
        keys: list[Hashable] = [self.key, *(part.key for part in self.parts)]
        return sum(self.warm.unload(key) for key in keys) > 0

    def run(
        self, model: Any, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        assert isinstance(target, Volume)
        if not self.task.crop:
            return self._over_parts(target, structures, watch)
        try:
            found = self._rough().segment(target, self.task.crop)
        except NotAssessable as error:
            raise NotAssessable(
                f"{self.card.title} looks only at {' and '.join(self.task.crop)}, which was not found",
                found=error.message,
                expected=" and ".join(self.task.crop),
                action="check that the series shows it",
            ) from error
        mask = functools.reduce(lambda one, other: one | other, (part.mask for part in found))
        part, back = around(target, mask, self.task.margin_mm)
        return [replace(one, mask=back(one.mask)) for one in self._over_parts(part, structures, watch)]

    def _over_parts(self, target: Volume, structures: Sequence[str], watch: Watch) -> list[Segment]:
        found: dict[str, Segment] = {}
        for part in self.parts:
            assert part.plan is not None
            here = frozenset(part.plan.labels)
            wanted = {name: labels for name in structures if (labels := self.labels.labels_of(name) & here)}
            if not wanted:
                continue
            with part.held(watch) as network:
                for one in part.labelled(network, target, wanted, watch):
                    named = replace(one, algorithm=self.card.name, version=self.card.version)
                    found[one.structure] = _joined(found.get(one.structure), named)
        return list(found.values())


def _joined(one: Segment | None, other: Segment) -> Segment:
    if one is None:
        return other
    return replace(one, mask=one.mask | other.mask, confidence=min(one.confidence, other.confidence))
