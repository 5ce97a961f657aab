"""What every DICOM object that Osler writes shares: codes, equipment, new UIDs, and its sources.

The sources' UIDs are read from their files and referenced; a source that lacks one is refused, none is made up (safety
rule 15). UIDs of the new objects are UUID-derived (2.25).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import threading
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput
from tools.imaging.frame import Image
from tools.imaging.volume import Volume
from tools.segmenters.contract import Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT, laterality_of, structure_and_side

DCM = "http://dicom.nema.org/resources/ontology/DCM"
UCUM = "http://unitsofmeasure.org"
OWN = "urn:osler:code"
"""Codes of ours, where no standard one was verified; DICOM writes their scheme as 99OSLER."""
# DICOM PS3.16 CID 7150 as in pydicom's dictionary.
ANATOMY = Coding(system=SYSTEMS["snomed"], code="91723000", display="Anatomical Structure")
ABNORMAL = Coding(system=SYSTEMS["snomed"], code="49755003", display="Morphologically Abnormal Structure")
TISSUE = Coding(system=SYSTEMS["snomed"], code="85756007", display="Tissue")
HAND = "by hand"
"""The algorithm of a mask that a person gave: none."""
_SCHEMES = {SYSTEMS["snomed"]: "SCT", DCM: "DCM", UCUM: "UCUM", OWN: "99OSLER", SYSTEMS["loinc"]: "LN"}
_REFERENCED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_LOCK = threading.Lock()
_AI, _EDGES, _NEIGHBOURS, _SHAPES, _CLUSTERS = (
    Coding(system=DCM, code="123110", display="Artificial Intelligence"),
    Coding(system=DCM, code="123103", display="Edge Detection"),
    Coding(system=DCM, code="123101", display="Neighborhood Analysis"),
    Coding(system=DCM, code="123104", display="Morphological Operations"),
    Coding(system=DCM, code="123107", display="Cluster Analysis"),
)
# What kind of algorithm drew it, by DICOM PS3.16 CID 7162 as in pydicom's dictionary.
_FAMILIES = {
    "osler-lung-fields": _AI,
    "osler-heart-borders": _EDGES,
    "litemedsam": _AI,
    "osler-random-walker": _NEIGHBOURS,
    "osler-slice-propagation": _NEIGHBOURS,
    "osler-ct-threshold": _SHAPES,
    "osler-ct-spine": _EDGES,
    "Osler retinal vessels": _AI,
    "Osler skin lesion outline": _CLUSTERS,
}


@dataclass(frozen=True, eq=False)
class Sources:
    """The source instances without their pixels, and for every image or slice its instance and frame (from 0)."""

    datasets: list[Any]
    places: list[tuple[int, int]]

    @property
    def frames(self) -> int:
        """Frames of the one instance that holds them all; 0 where there are several instances."""
        return int(self.datasets[0].get("NumberOfFrames") or 1) if len(self.datasets) == 1 else 0

    def frame_numbers(self, slice_: int) -> list[int] | None:
        """The frame of an image or slice as DICOM counts, where its instance has several."""
        instance, frame = self.places[slice_]
        return [frame + 1] if int(self.datasets[instance].get("NumberOfFrames") or 1) > 1 else None


def sources_of(target: Target, source: Path | None = None) -> Sources:
    """The DICOM instances of an image (read from `source`) or of a volume (which knows its files).

    Raises:
        BadInput: they cannot be referenced.
    """
    from pydicom import dcmread

    places = [(source, target.frame)] if isinstance(target, Image) else [(one.path, one.frame) for one in target.slices]
    wanted = 1 if isinstance(target, Image) else len(target.values)
    if len(places) != wanted or any(path is None for path, _ in places):
        raise BadInput(
            f"{target.name} does not know its source images",
            found=f"{sum(path is not None for path, _ in places)} of {wanted} with a file",
            expected="the DICOM files of the image or series",
            action="read it again",
        )
    paths = [Path(path) for path, _ in places if path is not None]
    distinct = list(dict.fromkeys(paths))
    datasets = [dcmread(path, stop_before_pixels=True) for path in distinct]
    missing = sorted({name for one in datasets for name in _REFERENCED if not one.get(name)})
    if missing:
        raise BadInput(
            "the source cannot be referenced by a DICOM object",
            found=f"no {', '.join(missing)}",
            expected="study, series and instance UIDs of the source",
            action="export the image again from the archive; UIDs are never made up",
        )
    order = {path: number for number, path in enumerate(distinct)}
    return Sources(datasets, [(order[path], frame) for path, (_, frame) in zip(paths, places, strict=True)])


@contextmanager
def writing(kind: str) -> Iterator[None]:
    """Errors of highdicom about what a source lacks, as something a person can act on.

    Raises:
        BadInput: no such object can be made of the source.
    """
    with _LOCK, warnings.catch_warnings():
        # highdicom warns of names and dates that it copies from the source as they are.
        warnings.simplefilter("ignore")
        try:
            yield
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"no DICOM {kind} can be made of this source",
                found=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
                expected="a DICOM image with the elements of its kind",
                action="export the image again from the archive",
            ) from error


def save(made: Any, path: Path) -> None:
    """The object as a file, its text in UTF-8 whatever the source's is."""
    made.SpecificCharacterSet = "ISO_IR 192"
    made.save_as(path)


def new_uid() -> str:
    """A UID of ours."""
    from pydicom.uid import generate_uid

    return str(generate_uid(prefix=None))


def version() -> str:
    """Osler's version."""
    return importlib.metadata.version("osler")


def device_uid() -> str:
    """The UID of Osler as an observing device, one for each version."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'urn:osler:device:{version()}').int}"


def equipment() -> dict[str, Any]:
    """What highdicom asks of the equipment and of a new series."""
    return {
        "series_instance_uid": new_uid(),
        "series_number": 1,
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": "Osler",
        "manufacturer_model_name": "Osler",
        "software_versions": version(),
        "device_serial_number": "none",
    }


def code(coding: Coding) -> Any:
    """A code as DICOM writes it.

    Raises:
        ValueError: its system has no designator here, or it has no meaning in words.
    """
    from pydicom.sr.coding import Code

    if coding.system not in _SCHEMES or not coding.display:
        raise ValueError(f"found {coding.system}|{coding.code}; expected a code of SNOMED CT, DCM or UCUM, with words")
    return Code(coding.code, _SCHEMES[coding.system], coding.display[:64])


def own(name: str, words: str) -> Any:
    """A code of ours."""
    return code(Coding(system=OWN, code=name[:16], display=words))


def family_of(algorithm: str) -> Coding:
    """What kind of algorithm that is."""
    return _FAMILIES.get(algorithm, _AI)


def kind_of(segment: Segment) -> str:
    """DICOM's Segment Algorithm Type."""
    if segment.algorithm == HAND:
        return "MANUAL"
    return "SEMIAUTOMATIC" if segment.edited else "AUTOMATIC"


def category_of(segment: Segment) -> Coding:
    """What kind of thing a segment is; an anatomical structure where nothing else is known."""
    known = _structure(segment)
    if known is None:
        return ANATOMY
    return ABNORMAL if known.abnormal else TISSUE if known.tissue else ANATOMY


def side_of(segment: Segment) -> Coding | None:
    """Left or right, where the segment has a side that its code does not say."""
    return None if segment.coded is not None or _structure(segment) is None else laterality_of(segment.structure)


def _structure(segment: Segment) -> Any:
    if segment.structure == OBJECT:
        return None
    try:
        return structure_and_side(segment.structure)[0]
    except BadInput:
        return None


def plain(text: str) -> str:
    """Text as part of a file's name."""
    return "".join(letter if letter.isalnum() else "-" for letter in text.casefold()).strip("-")


def stem_of(target: Target, segments: Sequence[Segment], places: object = None) -> str:
    """The name of what is written about these segments, or about landmarks at `places`, without its ending."""
    frame = "" if isinstance(target, Volume) else f"-{target.frame}"
    drawn = "-".join(dict.fromkeys(plain(one.algorithm) for one in segments))
    named = "-".join(dict.fromkeys(plain(one.structure) for one in segments))
    if not segments:
        drawn, named = "landmarks", hashlib.sha256(repr(places).encode()).hexdigest()[:8]
    # Another outline of the same structure is another file.
    masks = hashlib.sha256(b"".join(np.packbits(one.mask).tobytes() for one in segments)).hexdigest()[:8]
    own = f"-{masks}" if segments else ""
    return f"{target.sha256[:12]}{frame}-{drawn[:60]}-{named[:60]}{own}"
