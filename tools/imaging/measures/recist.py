"""RECIST 1.1 on lesions: what is measurable, which become targets, and their sum of diameters.

The criteria (Eisenhauer 2009, sections 3.1, 4.2 and 4.3.2) as read where `tools.calculators.recist_sources` says; the
response of a time point is the calculator `recist_1_1`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from tools.errors import BadInput, NotAssessable
from tools.imaging.measures.model import Interval, Measurement
from tools.imaging.what import FILMS

LESION_MM = 10.0
NODE_MM = 15.0
NORMAL_NODE_MM = 10.0
FILM_MM = 20.0
SLICE_MM = 5.0
TOO_SMALL_MM = 5.0
MOST_TARGETS = 5
MOST_PER_ORGAN = 2
NODES = "lymph nodes"
State = Literal["measured", "too small to measure", "gone", "not evaluated"]


@dataclass(frozen=True)
class Lesion:
    """One lesion at one time point.

    `diameter`: the long axis; of a node the short axis. `slice_mm`: slice thickness of the CT or MR; None where not
    known. `state`: "too small to measure" is there, but no number can be put on it.
    """

    name: str
    organ: str
    diameter: Measurement | None = None
    node: bool = False
    state: State = "measured"
    modality: str = "CT"
    slice_mm: float | None = None
    treated_without_growth: bool = False

    @property
    def place(self) -> str:
        """The organ it counts for: all nodes are one."""
        return NODES if self.node else self.organ


@dataclass(frozen=True)
class Selection:
    """Targets and the rest, each of the rest with the reason."""

    targets: tuple[Lesion, ...]
    others: tuple[tuple[Lesion, str], ...] = field(default=())


@dataclass(frozen=True)
class Sum:
    """The sum of the targets' diameters, as the calculator takes it."""

    total: Measurement
    complete: bool
    gone: bool


def why_not_measurable(lesion: Lesion) -> str | None:
    """Why a lesion is no measurable one at baseline; None where it is.

    Raises:
        NotAssessable: its size or the slice thickness is not known.
    """
    if lesion.diameter is None or lesion.state != "measured":
        return lesion.state if lesion.state != "measured" else "not measured"
    size = _mm(lesion)
    if lesion.treated_without_growth:
        return "in an irradiated or locally treated area, without growth since"
    if lesion.modality in ("US", "NM", "PT"):
        return f"{lesion.modality} is not used to measure lesions"
    least, what = (NODE_MM, "short axis") if lesion.node else (LESION_MM, "long axis")
    if lesion.modality in FILMS:
        least = FILM_MM
    elif lesion.modality in ("CT", "MR"):
        if lesion.slice_mm is None:
            raise NotAssessable(
                f"{lesion.name}: whether it is measurable depends on the slice thickness",
                found="no slice thickness",
                expected=f"{SLICE_MM:g} mm or less, or a lesion of twice the slice thickness",
                action="read it from the series",
            )
        if lesion.slice_mm > SLICE_MM:
            least = max(least, 2 * lesion.slice_mm)
    if size >= least:
        return None
    normal = lesion.node and size < NORMAL_NODE_MM
    return f"{what} {size:.1f} mm, below {NORMAL_NODE_MM if normal else least:g} mm" + (
        ": a normal node" if normal else ""
    )


def select_targets(lesions: Sequence[Lesion]) -> Selection:
    """The targets at baseline: measurable lesions by size, at most two an organ and five in all.

    A proposal: the guideline also wants lesions that can be measured again and that stand for all organs involved, so
    each organ's largest comes before any organ's second.

    Raises:
        NotAssessable: a size or slice thickness is not known.
    """
    rest: list[tuple[Lesion, str]] = []
    fit: list[Lesion] = []
    for lesion in lesions:
        why = why_not_measurable(lesion)
        if why is None:
            fit.append(lesion)
        elif not why.endswith("a normal node"):
            rest.append((lesion, why))
    fit.sort(key=lambda lesion: (-_mm(lesion), lesion.name))
    turn: Counter[str] = Counter()
    ranked: list[tuple[int, Lesion]] = []
    for lesion in fit:
        turn[lesion.place] += 1
        ranked.append((turn[lesion.place], lesion))
    chosen: list[Lesion] = []
    for place, lesion in sorted(ranked, key=lambda pair: pair[0]):
        if place > MOST_PER_ORGAN:
            rest.append((lesion, f"{MOST_PER_ORGAN} targets in the {lesion.place} already"))
        elif len(chosen) >= MOST_TARGETS:
            rest.append((lesion, f"{MOST_TARGETS} targets already"))
        else:
            chosen.append(lesion)
    return Selection(tuple(chosen), tuple(rest))


def sum_of(targets: Sequence[Lesion]) -> Sum:
    """The sum of the targets' diameters; one too small to measure counts as 5 mm, one that is gone as nothing.

    A lesion that was measured keeps its value, even below 5 mm; so does a node that has become normal.

    Raises:
        BadInput: there is no target, or a diameter is not in millimetres.
    """
    if not targets:
        raise BadInput(
            "there is no target lesion", found="none", expected="one to five", action="select targets at baseline"
        )
    value = low = high = 0.0
    sources: list[str] = []
    for lesion in targets:
        size = _size(lesion)
        value += size
        interval = lesion.diameter.interval if lesion.diameter and lesion.state == "measured" else None
        low, high = low + (interval.low if interval else size), high + (interval.high if interval else size)
        if lesion.diameter is not None and lesion.diameter.scale_source:
            sources.append(lesion.diameter.scale_source)
    evaluated = [lesion for lesion in targets if lesion.state != "not evaluated"]
    total = Measurement(
        name="sum of diameters",
        value=value,
        unit="mm",
        method="longest diameters of lesions plus short axes of nodes; 5 mm where too small to measure",
        scale_source="; ".join(dict.fromkeys(sources)) or None,
        interval=Interval(low, high, "all diameters at the same end of their intervals"),
        where={
            "targets": [
                {"name": lesion.name, "mm": round(_size(lesion), 2), "state": lesion.state} for lesion in targets
            ]
        },
        structure="target lesions",
    )
    gone = all(lesion.state == "gone" or (lesion.node and _size(lesion) < NORMAL_NODE_MM) for lesion in evaluated)
    return Sum(total, len(evaluated) == len(targets), gone and len(evaluated) == len(targets))


def _size(lesion: Lesion) -> float:
    if lesion.state == "too small to measure":
        return TOO_SMALL_MM
    return 0.0 if lesion.state in ("gone", "not evaluated") else _mm(lesion)


def _mm(lesion: Lesion) -> float:
    if lesion.diameter is None or lesion.diameter.unit != "mm":
        raise BadInput(
            f"{lesion.name} has no diameter in millimetres",
            found="none" if lesion.diameter is None else lesion.diameter.unit,
            expected="mm, with a source of the scale",
            action="measure it on an image with a scale",
        )
    return lesion.diameter.value
