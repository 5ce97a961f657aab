"""Classifiers: a score for each finding, calibrated where somebody fitted it, and the clinician's own threshold.

What comes out is an opinion of a model. A score below the threshold says nothing: a model excludes no disease.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.evidence import Evidence, ModelReading
from tools.imaging.frame import Image
from tools.imaging.what import what_is
from tools.segmenters.weighted.base import Model
from tools.segmenters.weighted.gate import WrongTarget, fits
from tools.segmenters.weighted.limits import Watch
from tools.segmenters.weighted.manifest import Manifest
from tools.segmenters.weighted.operating import Point

VERSION = "1"
UNCALIBRATED = "uncalibrated score"


@dataclass(frozen=True)
class Score:
    """What a classifier says of one finding.

    `probability` is None where nobody fitted one; `flagged` is None where no operating point was given.
    """

    finding: str
    score: float
    probability: float | None
    fitted_on: str | None
    flagged: bool | None
    point: Point | None = None

    @property
    def display(self) -> str:
        """For people."""
        name = self.finding.replace("_", " ").lower()
        if self.probability is None:
            text = f"{name}: {UNCALIBRATED} {self.score:.2f}"
        else:
            text = f"{name}: {self.probability:.0%} (fitted on {self.fitted_on})"
        if self.point is None:
            return text
        side = "above" if self.flagged else "below"
        rest = "" if self.flagged else "; that excludes nothing"
        return f"{text}, {side} the chosen {self.point.display}{rest}"


class Classifier(Model):
    """A classifier of frontal films."""

    findings: tuple[str, ...]
    manifest: Manifest

    @abstractmethod
    def scores(self, model: Any, image: Image, watch: Watch) -> Sequence[float]:
        """A number from 0 to 1 for each finding."""

    def classify(self, image: Image, points: Mapping[str, Point] | None = None) -> list[Score]:
        """What the model says of one film.

        Args:
            points: the chosen operating point of findings; thresholds are on the raw score.

        Raises:
            NotAssessable: the image does not fit the card, or what the model needs is missing.
            Stopped: it took too long or was cancelled.
        """
        fits(self.card, image)
        view = what_is(image).view
        if view.value == "lateral":
            raise WrongTarget(
                f"{self.card.title} is not for this image",
                found=f"a lateral film ({view.source})",
                expected="a frontal film",
                action="give the frontal film of the study",
            )
        watch = self.limits.start()
        with self.held(watch) as model:
            values = self.scores(model, image, watch)
        return [
            self._score(name, value, (points or {}).get(name))
            for name, value in zip(self.findings, values, strict=True)
        ]

    def _score(self, finding: str, value: float, point: Point | None) -> Score:
        fit = self.manifest.calibration.get(finding)
        return Score(
            finding=finding,
            score=value,
            probability=fit.probability(value) if fit else None,
            fitted_on=f"{fit.data}, {fit.positives} with and {fit.negatives} without" if fit else None,
            flagged=value >= point.threshold if point else None,
            point=point,
        )

    def reading(
        self, image: Image, scores: Sequence[Score], slot: str, patient: str | None = None, least: float = 0.5
    ) -> Evidence:
        """The opinion as evidence: no value, no measurement, nothing normal and nothing excluded.

        Named are the findings above their operating point; where none was chosen, those with a score of `least`.
        """
        told = [score for score in scores if (score.flagged if score.point else score.score >= least)]
        chosen = sum(score.point is not None for score in scores)
        rule = "the chosen operating points" if chosen else f"a score of {least:g}; no operating point was chosen"
        words = "; ".join(score.display for score in sorted(told, key=lambda one: -one.score)) or "names no finding"
        return Evidence(
            slot=slot,
            value=None,
            display=f"{self.card.title}: {words} (above {rule}; a model's opinion, it excludes nothing)",
            patient=patient,
            effective_at=image.header.taken_at,
            source=ModelReading(
                model=self.card.name,
                revision=self.card.version,
                prompt_version=f"classifier {VERSION}",
                images=(image.sha256,),
            ),
        )
