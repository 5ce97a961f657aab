"""The clinician's operating point: from a table of thresholds with sensitivity and specificity to one threshold.

The table comes from whoever measured the model, best on patients of this clinic; without one there is no threshold.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.errors import BadInput, NotAssessable

COLUMNS = ("finding", "threshold", "sensitivity", "specificity", "positives", "negatives", "data")
Z = 1.96


@dataclass(frozen=True)
class Point:
    """One threshold of one finding and what it does; `positives` and `negatives` are the cases it was measured on."""

    finding: str
    threshold: float
    sensitivity: float
    specificity: float
    positives: int
    negatives: int
    data: str

    @property
    def display(self) -> str:
        """For people, with 95 % intervals (Wilson)."""
        sensitivity, specificity = (
            f"{share:.0%} ({low:.0%} to {high:.0%})"
            for share, (low, high) in (
                (self.sensitivity, wilson(self.sensitivity, self.positives)),
                (self.specificity, wilson(self.specificity, self.negatives)),
            )
        )
        return (
            f"threshold {self.threshold:g}: sensitivity {sensitivity}, specificity {specificity} on {self.data} "
            f"({self.positives} with, {self.negatives} without)"
        )


def read_table(path: Path) -> list[Point]:
    """A CSV with the columns finding, threshold, sensitivity, specificity, positives, negatives, data.

    Raises:
        BadInput: it cannot be read, a column is missing, or a number is out of its range.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        found = [_point(row) for row in rows]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise _unusable(path.name, f"{type(error).__name__}: {error}") from error
    if not found:
        raise _unusable(path.name, "no rows")
    return found


def choose(points: list[Point], finding: str, wanted: Literal["sensitivity", "specificity"], least: float) -> Point:
    """The point with at least the wanted sensitivity (or specificity), and the most of the other.

    Raises:
        NotAssessable: the table has none for this finding.
    """
    own = [point for point in points if point.finding == finding]
    fit = [point for point in own if getattr(point, wanted) >= least]
    if not fit:
        best = max((getattr(point, wanted) for point in own), default=None)
        raise NotAssessable(
            f"no threshold for {finding} reaches a {wanted} of {least:.0%}",
            found=f"at best {best:.0%}" if best is not None else f"no rows for {finding}",
            expected=f"a row with a {wanted} of at least {least:.0%}",
            action="ask for less, or give a table of a better model",
        )
    other = "specificity" if wanted == "sensitivity" else "sensitivity"
    return max(fit, key=lambda point: (getattr(point, other), getattr(point, wanted)))


def wilson(share: float, cases: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    middle = share + Z**2 / (2 * cases)
    half = Z * math.sqrt(share * (1 - share) / cases + Z**2 / (4 * cases**2))
    whole = 1 + Z**2 / cases
    return max((middle - half) / whole, 0.0), min((middle + half) / whole, 1.0)


def _point(row: dict[str, str]) -> Point:
    found = Point(
        finding=row["finding"].strip(),
        threshold=float(row["threshold"]),
        sensitivity=float(row["sensitivity"]),
        specificity=float(row["specificity"]),
        positives=int(row["positives"]),
        negatives=int(row["negatives"]),
        data=row["data"].strip(),
    )
    shares = (found.threshold, found.sensitivity, found.specificity)
    if not all(0 <= share <= 1 for share in shares) or min(found.positives, found.negatives) < 1 or not found.data:
        raise ValueError(f"shares from 0 to 1, at least one case of either kind, and the data's name: {row}")
    return found


def _unusable(name: str, found: str) -> BadInput:
    return BadInput(
        f"{name} is not a table of operating points",
        found=found,
        expected=f"CSV with {', '.join(COLUMNS)}",
        action="correct the table",
    )
