"""Where images are kept: one protocol for a folder and for a DICOMweb server, and the patient that limits both.

Whatever is asked of a source through `PatientImages` is about one patient: what it lists of others is left out, what
it hands over of others is not kept.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.errors import IdentityMismatch, NotAssessable, Refused, ToolError
from tools.imaging.frame import Who
from tools.imaging.identity import compare_identity
from tools.imaging.series import MAX_FILES
from tools.imaging.series_headers import Instance, instance_of


@dataclass(frozen=True)
class StudyEntry:
    """A study as the source lists it."""

    uid: str
    who: Who
    date: str | None = None
    description: str | None = None
    modalities: tuple[str, ...] = ()
    series: int | None = None


@dataclass(frozen=True)
class SeriesEntry:
    """A series of a study."""

    uid: str
    study_uid: str
    modality: str | None = None
    number: int | None = None
    description: str | None = None
    instances: int | None = None


@dataclass(frozen=True)
class InstanceEntry:
    """An instance of a series."""

    uid: str
    series_uid: str
    sop_class_uid: str | None = None
    number: int | None = None
    frames: int | None = None


class ImageSource(Protocol):
    """Where studies are listed and series are fetched from."""

    async def studies(self, patient_id: str) -> list[StudyEntry]:
        """The studies under a patient number; the source may list more, they are checked."""
        ...

    async def series(self, study_uid: str) -> list[SeriesEntry]:
        """The series of a study."""
        ...

    async def instances(self, study_uid: str, series_uid: str) -> list[InstanceEntry]:
        """The instances of a series."""
        ...

    async def fetch(self, study_uid: str, series_uid: str, folder: Path) -> list[Path]:
        """The files of a series: where they lie already, or written into `folder`."""
        ...


@dataclass(frozen=True)
class Listing:
    """The patient's studies, and how many were left out because they are not known to be the patient's."""

    studies: tuple[StudyEntry, ...]
    left_out: int = 0
    told: tuple[str, ...] = ()


@dataclass
class PatientImages:
    """A source, limited to the patient of a consultation.

    Args:
        source: where the images are kept.
        patient: the Patient resource.
    """

    source: ImageSource
    patient: dict[str, Any] = field(repr=False)
    _known: set[str] = field(default_factory=set, repr=False)

    async def studies(self) -> Listing:
        """The studies whose patient number, and whatever else they state, agree with the patient's.

        Raises:
            NotAssessable: the patient has no number to ask with.
            UpstreamError: the server failed.
        """
        numbers = self._numbers()
        found: dict[str, StudyEntry] = {}
        left_out: set[str] = set()
        for number in numbers:
            for study in await self.source.studies(number):
                if self._is_theirs(study.who):
                    found[study.uid] = study
                else:
                    left_out.add(study.uid)
        self._known |= set(found)
        left = len(left_out - set(found))
        counted = "1 study" if left == 1 else f"{left} studies"
        told = (f"{counted} left out: not known to be this patient's",) if left else ()
        ordered = sorted(found.values(), key=lambda study: study.date or "", reverse=True)
        return Listing(tuple(ordered), left, told)

    async def series(self, study_uid: str) -> list[SeriesEntry]:
        """The series of one of the patient's studies.

        Raises:
            Refused: the study is not known to be the patient's.
        """
        await self._check(study_uid)
        return await self.source.series(study_uid)

    async def instances(self, study_uid: str, series_uid: str) -> list[InstanceEntry]:
        """The instances of a series of one of the patient's studies.

        Raises:
            Refused: the study is not known to be the patient's.
        """
        await self._check(study_uid)
        return await self.source.instances(study_uid, series_uid)

    async def fetch(self, study_uid: str, series_uid: str, folder: Path) -> list[Path]:
        """The files of a series, each checked to be the patient's and of that series.

        Raises:
            Refused: the study is not known to be the patient's.
            IdentityMismatch: a file is another patient's; what was written is removed.
        """
        await self._check(study_uid)
        paths = await self.source.fetch(study_uid, series_uid, folder)
        try:
            await asyncio.to_thread(self._check_files, paths, study_uid, series_uid)
        except ToolError:
            for path in paths:
                if path.is_relative_to(folder):
                    path.unlink(missing_ok=True)
            raise
        return paths

    def _numbers(self) -> list[str]:
        """The patient's numbers. One with a wildcard of DICOM queries in it would ask for other patients."""
        values = [str(item.get("value", "")) for item in self.patient.get("identifier", [])]
        usable = [value for value in dict.fromkeys(values) if value and not set(value) & set("*?\\")]
        if not usable:
            raise NotAssessable(
                "the patient has no number to look for images with",
                found=f"{len(values)} identifiers, none usable",
                expected="an identifier with a value",
                action="attach the images instead",
            )
        return usable

    def _is_theirs(self, who: Who) -> bool:
        try:
            return "record number" in compare_identity(who, self.patient).agrees
        except IdentityMismatch:
            return False

    async def _check(self, study_uid: str) -> None:
        if study_uid not in self._known:
            await self.studies()
        if study_uid not in self._known:
            raise Refused(
                "that study is not known to be this patient's",
                found=study_uid,
                expected="one of the patient's studies",
                action="list the patient's studies first",
            )

    def _check_files(self, paths: list[Path], study_uid: str, series_uid: str) -> None:
        for path in paths:
            one = instance_of(path)
            header = None if one is None else one.header
            if header is None or not self._is_theirs(header.who):
                raise IdentityMismatch(
                    "a file of the series is not known to be this patient's",
                    found="another patient's, or nobody's, file",
                    expected=f"images of Patient/{self.patient.get('id')}",
                    action="tell whoever runs the archive",
                )
            if (header.study_instance_uid, header.series_instance_uid) != (study_uid, series_uid):
                raise IdentityMismatch(
                    "a file is not of the series that was asked for",
                    found="another series",
                    expected=series_uid,
                    action="tell whoever runs the archive",
                )


class FolderSource:
    """The DICOM files below a folder; their headers are read at the first question."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index: list[tuple[Path, Instance]] | None = None

    def __repr__(self) -> str:
        return f"FolderSource({self.folder.name})"

    async def studies(self, patient_id: str) -> list[StudyEntry]:
        """The studies whose files state the number."""
        groups: dict[str, list[Instance]] = defaultdict(list)
        for _, one in await self._all():
            who = one.header.who
            if patient_id in (who.patient_id, *(value for value, _ in who.other_ids)):
                groups[one.header.study_instance_uid or ""].append(one)
        return [
            StudyEntry(
                uid=uid,
                who=group[0].header.who,
                date=(group[0].header.taken_at or "")[:10] or None,
                modalities=tuple(sorted({one.header.modality for one in group if one.header.modality})),
                series=len({one.header.series_instance_uid for one in group}),
            )
            for uid, group in groups.items()
            if uid
        ]

    async def series(self, study_uid: str) -> list[SeriesEntry]:
        """The series of a study."""
        groups: dict[str, list[Instance]] = defaultdict(list)
        for _, one in await self._all():
            if one.header.study_instance_uid == study_uid and one.header.series_instance_uid:
                groups[one.header.series_instance_uid].append(one)
        return [
            SeriesEntry(
                uid=uid,
                study_uid=study_uid,
                modality=group[0].header.modality,
                number=group[0].series_number,
                description=group[0].description,
                instances=len(group),
            )
            for uid, group in groups.items()
        ]

    async def instances(self, study_uid: str, series_uid: str) -> list[InstanceEntry]:
        """The instances of a series."""
        return [
            InstanceEntry(
                uid=one.header.sop_instance_uid or "",
                series_uid=series_uid,
                sop_class_uid=one.header.sop_class_uid,
                frames=one.stored.frames,
            )
            for _, one in await self._of(study_uid, series_uid)
        ]

    async def fetch(self, study_uid: str, series_uid: str, folder: Path) -> list[Path]:
        """The files where they lie."""
        return [path for path, _ in await self._of(study_uid, series_uid)]

    async def _of(self, study_uid: str, series_uid: str) -> list[tuple[Path, Instance]]:
        wanted = (study_uid, series_uid)
        everything = await self._all()
        return [
            (path, one)
            for path, one in everything
            if (one.header.study_instance_uid, one.header.series_instance_uid) == wanted
        ]

    async def _all(self) -> list[tuple[Path, Instance]]:
        if self._index is None:
            self._index = await asyncio.to_thread(self._indexed)
        return self._index

    def _indexed(self) -> list[tuple[Path, Instance]]:
        found = []
        for path in sorted(self.folder.rglob("*"))[:MAX_FILES]:
            if not path.is_file():
                continue
            try:
                one = instance_of(path)
            except (ToolError, OSError):
                continue  # not an image: nothing to list
            if one is not None:
                found.append((path, one))
        return found
