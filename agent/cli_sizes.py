"""`osler image measure` on a mask, landmarks or a structure, and `osler image compare` against a prior image.

Whose images these are is for whoever gives the files to know; two that name different patients are not compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.imaging.measures.change import Change
    from tools.imaging.measures.model import Measurement
    from tools.imaging.measuring import Target
    from tools.segmenters.segment import Segment

_PLANES = ("in the sagittal plane", "in the coronal plane")


@dataclass(frozen=True)
class Asked:
    """What is to be measured on one file; `modality` and `date` are a person's word where the file says nothing."""

    path: Path
    structure: str | None = None
    mask: Path | None = None
    label: int | None = None
    points: str | None = None
    frame: int = 0
    series: str | None = None
    modality: str | None = None
    date: str | None = None
    box: str | None = None
    clicks: tuple[str, ...] = ()
    slice_: int | None = None


def measure(asked: Asked) -> dict[str, Any]:
    """The document of `osler image measure --json`.

    Raises:
        OslerError: a file cannot be read, the mask does not fit, or nothing can be measured.
    """
    target, rows, told = _measured(asked)
    return {
        "measurements": [row.document() for row in rows],
        **_about(asked, target),
        "warnings": [*told, *target.warnings],
    }


def compare(now: Asked, prior: Asked) -> dict[str, Any]:
    """The document of `osler image compare --json`: every measure that both images have, with its change.

    Raises:
        OslerError: as `measure`.
        IdentityMismatch: the two are of different patients.
        NotAssessable: a date, a modality or a scale is missing, or they share no measure.
        BadInput: images of different kinds, or a prior that is not earlier.
    """
    from tools.errors import NotAssessable
    from tools.imaging.measures.change import change

    target, rows, told = _measured(now)
    before, others, more = _measured(prior)
    told = [*told, *(text for text in more if text not in told), *_same_patient(target, before)]
    by_name = {one.label: one for one in others}
    pairs = [(one, by_name[one.label]) for one in rows if one.label in by_name and _comparable(one, by_name[one.label])]
    if not pairs:
        raise NotAssessable(
            "the two images have no measure in common",
            found=f"{', '.join(one.label for one in rows)} and {', '.join(by_name)}",
            expected="the same structure, measured in the same unit on both",
            action="name the same structure, and give both images with their scale",
        )
    for one, other in pairs:
        _same_scale(one, other)
    found = [change(_dated(one, now, target), _dated(other, prior, before)) for one, other in pairs]
    left = [one.label for one in rows if one.label not in {each.name for each in found}]
    return {
        "changes": [one.document() for one in found],
        "lines": [one.text for one in found],
        "not_compared": left,
        "now": _about(now, target),
        "prior": _about(prior, before),
        "warnings": list(dict.fromkeys([*told, *_limits(found), *target.warnings, *before.warnings])),
    }


def measure_text(body: dict[str, Any]) -> str:
    """Measurements for people."""
    from tools.imaging.measures.model import shown

    rows = []
    for row in body["measurements"]:
        bounds = tuple(row["range"]) if row["range"] else None
        source = f"; scale: {row['scale_source']}" if row["scale_source"] else ""
        place = f"; slice {row['evidence']['slice']}" if "slice" in row["evidence"] else ""
        rows.append(f"{row['name']}: {shown(row['value'], row['unit'], bounds)}{place}{source}")
    notes = dict.fromkeys(note for row in body["measurements"] for note in row["notes"])
    how = dict.fromkeys(row["range_method"] for row in body["measurements"] if row["range_method"])
    return "\n".join(
        [*rows, *(f"in brackets: {text}" for text in how), *(f"note: {text}" for text in notes)]
        + [f"warning: {text}" for text in body["warnings"]]
    )


def compare_text(body: dict[str, Any]) -> str:
    """Changes for people."""
    rows = [*body["lines"]]
    if body["not_compared"]:
        rows.append(f"not compared: {', '.join(body['not_compared'])}")
    return "\n".join([*rows, *(f"warning: {text}" for text in body["warnings"])])


def _measured(asked: Asked) -> tuple[Target, list[Measurement], list[str]]:
    from tools.errors import UsageError
    from tools.imaging.mask_files import mask_from
    from tools.imaging.measuring import between, measured, read_points, read_target

    target = stated(read_target(asked.path, asked.frame, asked.series), asked)
    if asked.points is not None:
        return target, [between(read_points(asked.points), target).of(asked.structure or "")], []
    if asked.mask is not None:
        mask = mask_from(asked.mask, target, asked.label)
        name = asked.structure or asked.mask.name.removesuffix(".gz").removesuffix(".nii").removesuffix(".png")
        return target, *measured(target, mask, name)
    if asked.structure is None and asked.box is None and not asked.clicks:
        raise UsageError(
            "nothing is named that could be measured",
            found="a file alone",
            expected="a structure, a box, a mask or landmarks",
            action="add --structure NAME, --box x0,y0,x1,y1, --mask FILE or --points 'COLUMN,ROW COLUMN,ROW'",
        )
    rows: list[Measurement] = []
    told: list[str] = []
    for one in segments_of(target, asked):
        more, why = measured(target, one.mask, one.structure)
        rows, told = [*rows, *more], [*told, *why, *one.doubts]
    return target, rows, list(dict.fromkeys(told))


def segments_of(target: Target, asked: Asked) -> list[Segment]:
    """The structure as a segmenter draws it; a chest film's lungs and heart by their own ones.

    Raises:
        OslerError: nothing is found, or nothing here draws it.
    """
    from tools.imaging.chest import frontal, measurable
    from tools.imaging.frame import Image
    from tools.imaging.masks import heart_of, lungs_of
    from tools.imaging.measure import UNVALIDATED
    from tools.imaging.what import what_is

    structure = asked.structure
    if isinstance(target, Image) and structure in ("lung", "lungs", "heart") and not (asked.box or asked.clicks):
        what = what_is(target)
        if frontal(target, what).answer == "yes":
            film = measurable(target, what)
            lungs = lungs_of(film.image, None, None)
            made = [heart_of(film.image, None, lungs, None)] if structure == "heart" else list(lungs.segments)
            return [replace(one, doubts=(UNVALIDATED, *lungs.doubts)) for one in made]
    return _by_segmenter(target, asked)


def _by_segmenter(target: Target, asked: Asked) -> list[Segment]:
    from agent import cli_segment
    from agent.settings import Settings
    from tools.segmenters.prompted import segmented

    pointed = cli_segment.Asked(asked.path, box=asked.box, points=asked.clicks, slice_=asked.slice_)
    folder = Settings.from_environment().home / "models"
    found = segmented(target, asked.structure, cli_segment.prompts_of(pointed), folder)
    if not (asked.box or asked.clicks):
        return found
    return [replace(one, structure=asked.structure or one.structure, coded=one.coding, edited=True) for one in found]


def stated(target: Target, asked: Asked) -> Target:
    """The target with the modality a person states, where the file says none."""
    from tools.errors import BadInput

    there, said = target.header.modality, (asked.modality or "").upper()
    if not said or there == said:
        return target
    if there is not None:
        raise BadInput(
            "the file says another modality",
            found=there,
            expected=said,
            action="leave out --modality",
        )
    told = f"the modality is {said} by the word of whoever asked; the file does not say"
    return replace(
        target,
        header=replace(target.header, modality=said),
        warnings=(*target.warnings, told),
    )


def _dated(one: Measurement, asked: Asked, target: Target) -> Any:
    from tools.imaging.measures.change import Dated
    from tools.imaging.what import FILMS

    kind = target.header.modality
    return Dated(one, taken_on(target, asked), "film" if kind in FILMS else kind)


def taken_on(target: Target, asked: Asked) -> str | None:
    """The day of the image: what the file says, a person's word where it says nothing.

    Raises:
        BadInput: that word is no date, or another one than the file's.
    """
    import datetime

    from tools.errors import BadInput

    there = target.header.taken_at
    if asked.date is None:
        return there
    try:
        given = datetime.date.fromisoformat(asked.date).isoformat()
    except ValueError as error:
        raise BadInput("this is no date", found=asked.date[:40], expected="YYYY-MM-DD", action="write it so") from error
    if there is not None and there[:10] != given:
        raise BadInput(
            "the file says another date",
            found=f"{there[:10]}, and {given} was given",
            expected="one date",
            action="leave it out, or correct the file where it came from",
        )
    return given


def _comparable(one: Measurement, other: Measurement) -> bool:
    return one.interval is not None and other.interval is not None and one.unit == other.unit


def _same_patient(one: Target, other: Target) -> list[str]:
    """What is not certain about both being of one patient.

    Raises:
        IdentityMismatch: they are not.
    """
    from tools.errors import IdentityMismatch

    first, second = one.header.who, other.header.who
    for name in ("patient_id", "birth_date"):
        ours, theirs = getattr(first, name), getattr(second, name)
        if ours and theirs and ours != theirs and (name != "patient_id" or first.issuer == second.issuer):
            raise IdentityMismatch(
                "the two images are not of the same patient",
                found=f"different {name.replace('_', ' ')}",
                expected="two images of one patient",
                action="check which prior was meant",
            )
    if not (first.removed or second.removed) and _other_names(first.names, second.names):
        raise IdentityMismatch(
            "the two images are not of the same patient",
            found="names without a word in common",
            expected="two images of one patient",
            action="check which prior was meant",
        )
    if first.patient_id and first.patient_id == second.patient_id and first.issuer == second.issuer:
        return []
    return ["the files do not show that both images are of one patient: whoever compares them has to know"]


def _other_names(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    """Whether two people's names have nothing in common; names in different scripts say nothing."""
    import re

    first, second = ({word for name in names for word in re.split(r"[\s^,.=]+", name.casefold()) if word}
                     for names in (ours, theirs))  # fmt: skip
    return bool(first and second and not first & second) and all(
        all(word.isascii() for word in words) for words in (first, second)
    )


def _same_scale(one: Measurement, other: Measurement) -> None:
    """Lengths at the detector are larger than in the patient, axes in another plane are others: never compared.

    Raises:
        NotAssessable: one scale holds in the patient, the other does not, or the planes differ.
    """
    from tools.errors import NotAssessable

    apart = "not in the patient"
    if (apart in (one.scale_source or "")) != (apart in (other.scale_source or "")):
        raise NotAssessable(
            "the two images are not on one scale",
            found=f"{one.scale_source}; {other.scale_source}",
            expected="two images that are both calibrated, or both not",
            action="calibrate the other one in the archive, or compare a ratio",
        )
    if any((plane in (one.scale_source or "")) != (plane in (other.scale_source or "")) for plane in _PLANES):
        raise NotAssessable(
            "the two were not measured in the same plane",
            found=f"{one.scale_source}; {other.scale_source}",
            expected="the same plane on both dates",
            action="give both as axial slices",
        )


def _limits(found: list[Change]) -> list[str]:
    if not found:
        return []
    told = [
        "the ranges come from the boundary alone; scanning the same lesion twice, another slice thickness, breath or "
        "contrast phase change more"
    ]
    if any("not in the patient" in (one.now.scale_source or "") for one in found):
        told.append("lengths at the detector change with the distances of tube, patient and detector as well")
    return told


def _about(asked: Asked, target: Target) -> dict[str, Any]:
    return {
        "path": str(asked.path),
        "sha256": target.sha256,
        "modality": target.header.modality,
        "taken_at": target.header.taken_at or taken_on(target, asked),
        "geometry": target.geometry(),
    }
