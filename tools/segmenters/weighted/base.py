"""What every weighted segmenter does the same way: ask its card, see what is missing, load, answer."""

from __future__ import annotations

import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.errors import NotAssessable
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.weighted.gate import admit
from tools.segmenters.weighted.limits import Limits, Watch
from tools.segmenters.weighted.warm import WARM, Warm

UNMEASURED = "unmeasured: its weights were never run here; tested on random weights only"


class Model(ABC):
    """Weights on this machine, loaded when they are needed. Making one reads no weights and imports no torch."""

    card: Card
    modules: tuple[str, ...] = ("torch",)
    """What has to be installed."""

    def __init__(self, *, warm: Warm = WARM, limits: Limits | None = None) -> None:
        self.warm, self.limits = warm, limits or Limits()

    def lacks(self) -> str | None:
        """Which packages or files are missing and how to get them; None where it can run."""
        packages, files = self.lacks_packages(), self.lacks_files()
        return "; ".join(part for part in (packages, files) if part) or None

    def lacks_packages(self) -> str | None:
        """Which packages are missing and the extra that brings them; None where all are there."""
        missing = [name for name in self.modules if importlib.util.find_spec(name) is None]
        return f"{', '.join(missing)} (pip install 'osler[{self.card.extra}]')" if missing else None

    @abstractmethod
    def lacks_files(self) -> str | None:
        """Which files are missing and where they belong; None where all are there."""

    @abstractmethod
    def load(self) -> Any:
        """The model, ready to answer.

        Raises:
            BadInput: its files cannot be used.
        """

    @property
    def key(self) -> Hashable:
        """Two with the same key share one loaded model."""
        return self.card.name

    @property
    def files(self) -> list[Path]:
        """The files of weights, those that are there."""
        return []

    @contextmanager
    def held(self, watch: Watch) -> Iterator[Any]:
        """The loaded model for as long as the block lasts.

        Raises:
            NotAssessable: packages, files or memory are missing.
            Stopped: somebody else had it all the time.
        """
        if lacks := self.lacks():
            raise NotAssessable(
                f"{self.card.title} cannot run here",
                found=f"missing: {lacks}",
                expected="its packages and its weights on this machine; nothing is fetched unasked",
                action="see `osler doctor`, or use another one",
            )
        size = sum(path.stat().st_size for path in self.files)
        with self.warm.hold(self.key, self.load, size, watch.check) as model:
            watch.check()
            yield model

    def unload(self) -> bool:
        """Let go of its weights; False where it was not loaded or is in use."""
        return bool(self.warm.unload(self.key))


class Weighted(Model):
    """A segmenter with weights."""

    @abstractmethod
    def run(
        self, model: Any, target: Target, structures: Sequence[str], prompts: Prompts, watch: Watch
    ) -> list[Segment]:
        """The segments of an admitted target."""

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The structures asked for, masks of the target's shape, those not found left out.

        Raises:
            NotAssessable: it does not fit the card, nothing was found, or what the segmenter needs is missing.
            BadInput: a prompt, a structure or a file cannot be used.
            Stopped: it took too long or was cancelled.
        """
        asked = prompts or Prompts()
        admitted = admit(self.card, target, structures, asked)
        watch = self.limits.start()
        with self.held(watch) as model:
            found = self.run(model, target, structures, asked, watch)
        kept = [replace(part, doubts=(*part.doubts, *admitted.doubts)) for part in found if part.mask.any()]
        if not kept:
            raise NotAssessable(
                f"{self.card.title} found nothing of what was asked",
                found="empty masks",
                expected=", ".join(structures) or "the object pointed at",
                action="check that the image shows it; outline it by hand",
            )
        return kept
