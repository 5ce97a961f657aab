"""What a folder of DICOM files holds: stacks of slices that make a volume, and what stands apart, each with its reason.

Files are told apart by Series Instance UID, frame of reference, size and orientation; slices that lie at the same
place by what differs between them (phase, echo, b-value, acquisition). Localisers never join a volume.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from tools.errors import IdentityMismatch, ToolError, UsageError
from tools.imaging.frame import Header
from tools.imaging.refusals import ImageTooLarge, NotAnImage
from tools.imaging.series_headers import MARKS, Instance, Stored, instance_of
from tools.imaging.series_planes import Grid, Plane, grid, repeated
from tools.imaging.volume import slices_lie

MAX_FILES = 20_000
# Orientations of one series written by one scanner differ in the last decimals only.
_PARALLEL = 0.9999
_PART_OF_ACQUISITION = 5
_FEW = 10
"""Slices of another orientation that are so many times fewer are no volume of their own."""


@dataclass(frozen=True)
class Apart:
    """A file that is no part of a volume, and why."""

    path: Path
    why: str
    header: Header | None = None
    error: ToolError | None = None


@dataclass(frozen=True)
class Stack:
    """Slices that belong together. `grid` is None where they make no volume; `why` says so, or what they are."""

    id: str
    header: Header
    planes: tuple[Plane, ...] = field(repr=False)
    stored: dict[Path, Stored] = field(repr=False)
    grid: Grid | None = None
    description: str | None = None
    kind: str = "volume"
    why: str = ""
    error: ToolError | None = None
    told: tuple[str, ...] = ()

    @property
    def display(self) -> str:
        """One line to choose by."""
        first = self.planes[0]
        parts = [self.header.modality or "no modality", self.description or ""]
        size = f"{len(self.planes)} slices of {first.columns} x {first.rows}"
        if self.grid is not None:
            across = float(np.linalg.norm(self.grid.affine[:3, 2]))
            size += f", {across:.3g} mm apart, {slices_lie(self.grid.affine)}"
        return ", ".join([*filter(None, parts), size, *filter(None, [self.why])])


@dataclass(frozen=True)
class Found:
    """What there is: stacks in the order of their series, and what stands apart."""

    stacks: tuple[Stack, ...]
    apart: tuple[Apart, ...]
    told: tuple[str, ...] = ()

    @property
    def volumes(self) -> tuple[Stack, ...]:
        """The stacks that make a volume, leaving out localisers, and derived ones where there are originals."""
        usable = [stack for stack in self.stacks if stack.grid is not None and stack.kind in ("volume", "derived")]
        return tuple([stack for stack in usable if stack.kind == "volume"] or usable)


def found_in(folder: Path) -> Found:
    """Everything DICOM in a folder, its folders included.

    Raises:
        UsageError: there is no such folder.
        ImageTooLarge: more files than are looked at.
    """
    if not folder.is_dir():
        raise UsageError(
            f"no folder {folder.name}", found=str(folder), expected="a folder of images", action="check the path"
        )
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(paths) > MAX_FILES:
        raise ImageTooLarge(
            f"{folder.name} holds too many files",
            found=f"{len(paths):,} files",
            expected=f"at most {MAX_FILES:,}",
            action="give the folder of one study",
        )
    return found_among(paths)


def found_among(paths: Iterable[Path]) -> Found:
    """The stacks among some files."""
    instances: list[Instance] = []
    apart: list[Apart] = []
    seen: dict[str, Path] = {}
    copies = 0
    for path in paths:
        try:
            one = instance_of(path)
        except NotAnImage as error:
            apart.append(Apart(path, str(error.found)))
            continue
        except ToolError as error:
            apart.append(Apart(path, f"not read: {error.found}", error=error))
            continue
        except OSError as error:
            apart.append(Apart(path, f"not read: {error.strerror}"))
            continue
        uid = one.header.sop_instance_uid if one else None
        if one is None:
            apart.append(Apart(path, "not DICOM"))
        elif one.why_not is not None:
            apart.append(Apart(path, one.why_not, one.header))
        elif uid is not None and uid in seen:
            copies += 1
        else:
            if uid is not None:
                seen[uid] = path
            instances.append(one)
    told = [f"{copies} files hold an instance that another file holds too: read once"] if copies else []
    stacks: list[Stack] = []
    for stack in (stack for group in _by_series(instances) for stack in _stacks(group)):
        same = sum(known.id.partition("~")[0] == stack.id for known in stacks)
        stacks.append(replace(stack, id=f"{stack.id}~{same + 1}") if same else stack)
    broken = [one.path.name for one in apart if one.error is not None]
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        told.append(f"images that cannot be read are left out: {', '.join(broken[:3])}{more}")
    return Found(tuple(stacks), tuple(apart), tuple(told))


def _by_series(instances: Sequence[Instance]) -> list[list[Instance]]:
    groups: dict[str, list[Instance]] = defaultdict(list)
    for one in instances:
        header = one.header
        # Where identifiers were stripped, what else tells series apart.
        others = f"{header.study_instance_uid}|{one.series_number}|{one.description}|{header.modality}"
        groups[header.series_instance_uid or others].append(one)
    return sorted(groups.values(), key=lambda group: (group[0].series_number or 0, group[0].header.taken_at or ""))


def _stacks(group: Sequence[Instance]) -> list[Stack]:
    """The stacks of one series, the largest first."""
    try:
        _one_patient(group)
    except IdentityMismatch as error:
        return [_stack(group, [plane for one in group for plane in one.planes], "", error)]
    apart: dict[object, list[tuple[Instance, Plane]]] = defaultdict(list)
    for one in group:
        for plane in one.planes:
            size = (plane.rows, plane.columns, *(round(part, 4) for part in plane.spacing))
            apart[(one.frame_of_reference, one.is_localiser, size)].append((one, plane))
    sets = [part for same in apart.values() for part in _by_orientation(same)]
    labelled = [(label, part) for same in sets for label, part in _by_place(same)]
    labelled.sort(key=lambda pair: -len(pair[1]))
    stacks = []
    for number, (label, part) in enumerate(labelled):
        by_path = {one.stored.path: one for one, _ in part}
        suffix = f"#{number + 1}" if len(labelled) > 1 else ""
        stack = _stack(list(by_path.values()), [plane for _, plane in part], suffix, label=label)
        most = labelled[0][1]
        if len(part) * _FEW <= len(most) and not _parallel(part[0][1], most[0][1]):
            aside = "lies otherwise than the rest of its series"
            stack = replace(stack, kind="aside", why="; ".join(filter(None, [stack.why, aside])))
        stacks.append(stack)
    return stacks


def _stack(
    group: Sequence[Instance], planes: Sequence[Plane], suffix: str, error: ToolError | None = None, label: str = ""
) -> Stack:
    first = group[0]
    made, told = None, []
    if error is None:
        try:
            made = grid(planes, first.header.acquisition.tilt_deg)
        except ToolError as refused:
            error = refused
    kind, why = "volume", ""
    if any(one.is_localiser for one in group):
        kind, why = "localiser", "a localiser"
    elif first.is_derived:
        kind, why = "derived", "derived from other images"
    if label:
        why = "; ".join(filter(None, [why, label]))
        told.append(f"one part of its series: {label}")
    if made is None and error is not None:
        why = "; ".join(filter(None, [why, f"{error.message} ({error.found})"]))
    told += [*(made.told if made else ())]
    if odd := sum(one.stored.odd for one in group):
        told.append(f"{odd} files do not keep to the DICOM standard in places")
    differing = {one.header.acquisition.rescale_type for one in group} - {None, "HU"}
    if first.header.modality == "CT" and differing:
        told.append(f"CT values are {' and '.join(sorted(filter(None, differing)))}, not Hounsfield units")
    if first.header.modality == "CT" and (stored := sum(not one.rescaled for one in group)):
        which = "the files give" if stored == len(group) else f"{stored} of {len(group)} files give"
        told.append(f"CT values are as stored: {which} no rescale to Hounsfield units")
    return Stack(
        id=f"{first.header.series_instance_uid or 'without-series-uid'}{suffix}",
        header=first.header,
        planes=made.planes if made else tuple(planes),
        stored={one.stored.path: one.stored for one in group},
        grid=made,
        description=first.description,
        kind=kind,
        why=why,
        error=error if made is None else None,
        told=tuple(told),
    )


def _one_patient(group: Sequence[Instance]) -> None:
    """Slices of different patients are never put together.

    Raises:
        IdentityMismatch: they say they are different people's.
    """
    people = {
        name: {getattr(one.header.who, name) for one in group}
        for name in ("patient_id", "issuer", "names", "birth_date")
    }
    if differing := [name for name, values in people.items() if len(values) > 1]:
        raise IdentityMismatch(
            "the slices of one series are said to be of different patients",
            found=f"different {', '.join(name.replace('_', ' ') for name in differing)}",
            expected="one patient",
            action="give the files of one patient only, exported again",
        )


def _parallel(one: Plane, other: Plane) -> bool:
    a, b = np.array(one.orientation), np.array(other.orientation)
    return min(float(a[:3] @ b[:3]), float(a[3:] @ b[3:])) > _PARALLEL


def _by_orientation(part: list[tuple[Instance, Plane]]) -> list[list[tuple[Instance, Plane]]]:
    sets: list[list[tuple[Instance, Plane]]] = []
    for pair in part:
        for members in sets:
            if _parallel(pair[1], members[0][1]):
                members.append(pair)
                break
        else:
            sets.append([pair])
    return sets


def _by_place(part: list[tuple[Instance, Plane]]) -> list[tuple[str, list[tuple[Instance, Plane]]]]:
    """Phases, echoes or acquisitions that share places or overlap, apart and named, if one thing tells them apart."""
    planes = [plane for _, plane in part]
    if len(planes) < 4:
        return [("", part)]
    shared = repeated(planes) > 0
    if not shared and (grid(planes).uniform or not any("AcquisitionNumber" in dict(plane.marks) for plane in planes)):
        return [("", part)]
    for name in MARKS if shared else ("AcquisitionNumber",):
        sets: dict[str, list[tuple[Instance, Plane]]] = defaultdict(list)
        for one, plane in part:
            sets[dict(plane.marks).get(name, "")].append((one, plane))
        groups = [[plane for _, plane in same] for same in sets.values()]
        if len(groups) < 2 or any(len(same) < 2 or repeated(same) for same in groups):
            continue
        if shared or _overlapping(groups):
            ordered = sorted(sets, key=_number_first)
            return [
                (f"{name} {value}, {number} of {len(ordered)}", sets[value]) for number, value in enumerate(ordered, 1)
            ]
    return [("", part)]


def _overlapping(groups: Sequence[Sequence[Plane]]) -> bool:
    """Whether even stacks reach into each other: two scans, not one with a gap."""
    if any(len(same) < _PART_OF_ACQUISITION or not grid(same).uniform for same in groups):
        return False
    normal = groups[0][0].normal
    spans = sorted(
        (min(along), max(along)) for along in ([float(np.dot(p.position, normal)) for p in same] for same in groups)
    )
    return all(after[0] < before[1] for before, after in pairwise(spans))


def _number_first(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return float("inf"), value
