"""Two images of one patient, and what was measured on both: whether it may be compared, and what became of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from tools.errors import BadInput, IdentityMismatch, NotAssessable
from tools.imaging.identity import FOLDS, latin
from tools.imaging.measures.change import Change, Dated, change
from tools.imaging.measures.model import Measurement
from tools.imaging.measuring import told_of
from tools.imaging.sr_out import Measured
from tools.imaging.what import FILMS
from tools.segmenters.contract import Target

_PLANES = ("in the sagittal plane", "in the coronal plane")
_AT_DETECTOR = "not in the patient"


@dataclass(frozen=True)
class Side:
    """An image with what was measured on it; `date` is a person's word, where the file has none."""

    target: Target
    found: Sequence[Measured]
    date: str | None = None

    @property
    def rows(self) -> list[Measurement]:
        """All that was measured."""
        return [row for one in self.found for row in one.measurements]

    @property
    def kind(self) -> str | None:
        """What kind of image it is, where films count as one kind."""
        return _kind(self.target)


def _kind(target: Target) -> str | None:
    modality = target.header.modality
    return "film" if modality in FILMS else modality


def compared(now: Side, prior: Side) -> tuple[list[Change], list[str]]:
    """Every measure that both images have, with its change; and what has to be said with them.

    Raises:
        IdentityMismatch: the two are of different patients.
        NotAssessable: a date, a modality or a scale is missing, or they share no measure.
        BadInput: images of different kinds, or a prior that is not earlier.
    """
    unsure = same_patient(now.target, prior.target)
    others = {row.label: row for row in prior.rows}
    pairs = [(row, others[row.label]) for row in now.rows if row.label in others]
    pairs = [(row, other) for row, other in pairs if row.interval and other.interval and row.unit == other.unit]
    if not pairs:
        raise NotAssessable(
            "the two images have no measure in common",
            found=f"{', '.join(row.label for row in now.rows)} and {', '.join(others)}",
            expected="the same structure, measured in the same unit on both",
            action="name the same structure, and give both images with their scale",
        )
    dates = taken_on(now.target, now.date), taken_on(prior.target, prior.date)
    changes = []
    for row, other in pairs:
        same_scale(row, other)
        changes.append(change(Dated(row, dates[0], now.kind), Dated(other, dates[1], prior.kind)))
    told = [*told_of([*now.found, *prior.found]), *unsure]
    told.append(
        "the ranges come from the boundary alone; scanning the same lesion twice, another slice thickness, breath or "
        "contrast phase change more"
    )
    if any(_AT_DETECTOR in (one.now.scale_source or "") for one in changes):
        told.append("lengths at the detector change with the distances of tube, patient and detector as well")
    return changes, [*told, *now.target.warnings, *prior.target.warnings]


def in_order(now: Target, date: str | None, prior: Target, prior_date: str | None) -> None:
    """Raise unless both dates are known and the prior's is the earlier one.

    Raises:
        NotAssessable: a date is missing.
        BadInput: the prior is not earlier.
    """
    days = [(taken_on(prior, prior_date) or "")[:10], (taken_on(now, date) or "")[:10]]
    if not all(days):
        raise NotAssessable(
            "the change cannot be told",
            found="an image without a date",
            expected="the dates of both images",
            action="take both images from the archive as DICOM, or give the date",
        )
    if days[0] >= days[1]:
        raise BadInput(
            "the prior is not earlier than the image it is compared with",
            found=" and ".join(days),
            expected="an earlier date for the prior",
            action="swap the two files",
        )


def taken_on(target: Target, date: str | None) -> str | None:
    """The day of an image: what the file says, a person's word where it says nothing.

    Raises:
        BadInput: that word is no date, or another one than the file's.
    """
    there = target.header.taken_at
    if date is None:
        return there
    try:
        given = datetime.date.fromisoformat(date).isoformat()
    except ValueError as error:
        raise BadInput("this is no date", found=date[:40], expected="YYYY-MM-DD", action="write it so") from error
    if there is not None and there[:10] != given:
        raise BadInput(
            "the file says another date",
            found=f"{there[:10]}, and {given} was given",
            expected="one date",
            action="leave it out, or correct the file where it came from",
        )
    return given


def same_patient(one: Target, other: Target) -> list[str]:
    """What is not certain about both being of one patient.

    Raises:
        IdentityMismatch: they are not.
    """
    first, second = one.header.who, other.header.who
    for name in ("patient_id", "birth_date"):
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours and theirs and ours != theirs and (name != "patient_id" or first.issuer == second.issuer):
            _other_patient(f"different {name.replace('_', ' ')}")
    if not (first.removed or second.removed) and _other_names(first.names, second.names):
        _other_patient("names without a word in common")
    if first.patient_id and first.patient_id == second.patient_id and first.issuer == second.issuer:
        return []
    return ["the files do not show that both images are of one patient: whoever compares them has to know"]


def same_kind(one: Target, other: Target) -> None:
    """Refuse images of different kinds: sizes on CT and MR are not one row of figures.

    Raises:
        BadInput: both say what they are, and it is not the same.
    """
    kinds = [_kind(target) for target in (one, other)]
    if all(kinds) and kinds[0] != kinds[1]:
        raise BadInput(
            "the two images are of different kinds",
            found=" and ".join(map(str, kinds)),
            expected="two images of one kind",
            action="compare with an earlier image of the same kind",
        )


def same_scale(one: Measurement, other: Measurement) -> None:
    """Lengths at the detector are larger than in the patient, axes in another plane are others: never compared.

    Raises:
        NotAssessable: one scale holds in the patient, the other does not, or the planes differ.
    """
    sources = one.scale_source or "", other.scale_source or ""
    if (_AT_DETECTOR in sources[0]) != (_AT_DETECTOR in sources[1]):
        raise NotAssessable(
            "the two images are not on one scale",
            found="; ".join(sources),
            expected="two images that are both calibrated, or both not",
            action="calibrate the other one in the archive, or compare a ratio",
        )
    if any((plane in sources[0]) != (plane in sources[1]) for plane in _PLANES):
        raise NotAssessable(
            "the two were not measured in the same plane",
            found="; ".join(sources),
            expected="the same plane on both dates",
            action="give both as axial slices",
        )


def _other_patient(found: str) -> NoReturn:
    raise IdentityMismatch(
        "the two images are not of the same patient",
        found=found,
        expected="two images of one patient",
        action="check which prior was meant",
    )


def _other_names(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two people's names have nothing in common; names in different scripts say nothing."""
    folded = [({fold(one) for one in _words(ours)}, {fold(one) for one in _words(theirs)}) for fold in FOLDS]
    return all(first and second and not first & second and latin(first) == latin(second) for first, second in folded)


def _words(names: Sequence[str]) -> set[str]:
    return {word for name in names for word in re.split(r"[\s^,.=]+", name.casefold()) if word}
