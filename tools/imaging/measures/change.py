"""Change: between two dates, and between two phases of the heart's cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.imaging.measures.axes import Mask
from tools.imaging.measures.model import Interval, Measurement, rounded, shown, signed
from tools.imaging.measures.scale import Plane
from tools.imaging.measures.shape import area

NOT_EF = "an area in one plane: not an ejection fraction"


@dataclass(frozen=True)
class Dated:
    """A measurement with the day and the kind of image it was taken on."""

    measurement: Measurement
    taken_on: str | None
    modality: str | None


@dataclass(frozen=True)
class Change:
    """What became of a measurement since a prior image.

    `beyond` is true where the interval of the difference leaves out zero: more than what half a pixel of boundary can
    make. False does not mean unchanged. Repeated scans of an unchanged lesion differ by more than that.
    """

    name: str
    now: Measurement
    prior: Measurement
    taken_on: str
    prior_on: str
    difference: float
    percent: float | None
    low: float
    high: float

    @property
    def days(self) -> int:
        """Days between the two images."""
        return (date.fromisoformat(self.taken_on) - date.fromisoformat(self.prior_on)).days

    @property
    def beyond(self) -> bool:
        """Whether the change exceeds the measurement uncertainty of both images together."""
        return self.low > 0 or self.high < 0

    @property
    def text(self) -> str:
        """One line for a clinician."""
        unit = self.now.unit
        share = "" if self.percent is None else f", {signed(round(self.percent))} %"
        judged = (
            "beyond what moving the boundary can make"
            if self.beyond
            else "within what moving the boundary can make: no change can be told"
        )
        span = f"{signed(self.low)} to {signed(self.high)}"
        return (
            f"{self.name}: {shown(self.prior.value, unit)} on {self.prior_on}, {shown(self.now.value, unit)} on "
            f"{self.taken_on} ({self.days} days): change {signed(self.difference)} ({span}){share}; {judged}"
        )

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name,
            "value": rounded(self.difference),
            "unit": self.now.unit,
            "percent": None if self.percent is None else rounded(self.percent),
            "range": [rounded(self.low), rounded(self.high)],
            "range_method": "difference of the two intervals, each end against the other's far end",
            "beyond_uncertainty": self.beyond,
            "days": self.days,
            "now": {"taken_on": self.taken_on, **self.now.document()},
            "prior": {"taken_on": self.prior_on, **self.prior.document()},
        }


def change(now: Dated, prior: Dated) -> Change:
    """The change of one measurement against the same one on a prior image.

    Raises:
        NotAssessable: a date, a modality, a scale or an interval is missing.
        BadInput: they are not the same measurement, the images are of different kinds, or the prior is not earlier.
    """
    one, other = now.measurement, prior.measurement
    if (one.label, one.unit, one.method) != (other.label, other.unit, other.method):
        raise BadInput(
            "these are not two of the same measurement",
            found=f"{one.label} in {one.unit}, and {other.label} in {other.unit}",
            expected="the same structure, measure and unit on both",
            action="measure both in the same way",
        )
    if one.unit not in ("1", "%", "deg", "{count}") and None in (one.scale_source, other.scale_source):
        raise _missing("a scale on both images", "an image without a source of its scale")
    if now.modality is None or prior.modality is None:
        raise _missing("the modality of both images", "an image that does not say what it is")
    if now.modality != prior.modality:
        raise BadInput(
            "images of different kinds are not compared",
            found=f"{now.modality} and {prior.modality}",
            expected="the same modality on both dates",
            action="choose a prior of the same kind",
        )
    if not now.taken_on or not prior.taken_on:
        raise _missing("the dates of both images", "an image without a date")
    if prior.taken_on[:10] >= now.taken_on[:10]:
        raise BadInput(
            "the prior is not earlier than the image it is compared with",
            found=f"{prior.taken_on[:10]} and {now.taken_on[:10]}",
            expected="an earlier date for the prior",
            action="swap the two files",
        )
    if one.interval is None or other.interval is None:
        raise _missing("an interval of both measurements", "a measurement without an interval")
    difference = one.value - other.value
    return Change(
        name=one.label,
        now=one,
        prior=other,
        taken_on=now.taken_on[:10],
        prior_on=prior.taken_on[:10],
        difference=difference,
        percent=100 * difference / other.value if other.value else None,
        low=one.interval.low - other.interval.high,
        high=one.interval.high - other.interval.low,
    )


def fractional_area_change(end_diastole: Mask, end_systole: Mask, plane: Plane, seed: int = 0) -> Measurement:
    """The share of the end-diastolic area by which a cavity gets smaller. It is never called an ejection fraction.

    Raises:
        BadInput: a mask is empty, the two are not of one size, or the cavity is not larger in diastole.
    """
    if end_diastole.shape != end_systole.shape:
        raise BadInput(
            "the two masks are not of one clip",
            found=f"{end_diastole.shape} and {end_systole.shape}",
            expected="two frames of the same size",
            action="take both frames from the same clip",
        )
    large, small = area(end_diastole, plane, seed), area(end_systole, plane, seed)
    if not np.isfinite(large.value) or large.value <= small.value:
        raise BadInput(
            "the cavity is not larger at end-diastole",
            found=f"{large.shown} at end-diastole, {small.shown} at end-systole",
            expected="the larger area at end-diastole",
            action="check which frame is which",
        )
    assert large.interval is not None and small.interval is not None
    low = 1 - small.interval.high / large.interval.low if large.interval.low else 0.0
    high = 1 - small.interval.low / large.interval.high
    how = f"both areas at the far ends of their intervals: {large.interval.method}"
    return Measurement(
        name="fractional area change",
        value=100 * (1 - small.value / large.value),
        unit="%",
        method="(end-diastolic area - end-systolic area) / end-diastolic area",
        scale_source=None,
        interval=Interval(100 * low, 100 * high, how),
        where={"end_diastole": large.where, "end_systole": small.where},
        notes=(NOT_EF,),
    )


def _missing(expected: str, found: str) -> NotAssessable:
    return NotAssessable(
        "the change cannot be told",
        found=found,
        expected=expected,
        action="take both images from the archive as DICOM",
    )
