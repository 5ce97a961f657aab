"""A measurement report read as it stands, and signed by a person: UNVERIFIED becomes VERIFIED in a new instance.

The unsigned report stays as it is; the signed one names it as its predecessor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.errors import BadInput, Refused, UsageError
from tools.imaging.dicom_out import new_uid, save

_SR = ("1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.88.34")
_UPPER, _LOWER, _COMMENT, _TRACKING = "371886008", "371885007", "121106", "112039"


@dataclass(frozen=True)
class Row:
    """One value of a report, as written there."""

    tracking: str
    name: str
    value: float
    unit: str
    derivation: str | None
    low: float | None
    high: float | None
    method: str | None
    comment: str


def read_report(path: Path) -> tuple[Any, list[Row]]:
    """The instance and its values.

    Raises:
        UsageError: there is no such file.
        BadInput: it is no measurement report.
    """
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    try:
        stored = dcmread(path)
    except OSError as error:
        raise UsageError(f"cannot read {path.name}", found=error.strerror, expected="a DICOM SR") from error
    except InvalidDicomError as error:
        raise _no_report(path, "no DICOM file") from error
    if stored.get("SOPClassUID") not in _SR or "ContentSequence" not in stored:
        raise _no_report(path, f"an object of class {stored.get('SOPClassUID', 'unknown')}")
    rows: list[Row] = []
    for part in stored.ContentSequence:
        for group in part.get("ContentSequence", []):
            rows += _rows(group)
    return stored, rows


def _rows(group: Any) -> list[Row]:
    children = group.get("ContentSequence", [])
    named = [one.TextValue for one in children if one.ValueType == "TEXT" and _code(one) == _TRACKING]
    rows = []
    for one in children:
        if one.ValueType != "NUM":
            continue
        inner = one.get("ContentSequence", [])
        value = _value(one)
        spread = {_code(child): _value(child) for child in inner if child.ValueType == "NUM"}
        coded = {
            child.ConceptNameCodeSequence[0].CodeMeaning: child.ConceptCodeSequence[0].CodeMeaning
            for child in inner
            if child.ValueType == "CODE"
        }
        rows.append(
            Row(
                tracking=named[0] if named else "",
                name=one.ConceptNameCodeSequence[0].CodeMeaning,
                value=value,
                unit=one.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue,
                derivation=coded.get("Derivation"),
                low=value - spread[_LOWER] if _LOWER in spread else None,
                high=value + spread[_UPPER] if _UPPER in spread else None,
                method=coded.get("Measurement Method"),
                comment="; ".join(child.TextValue for child in inner if _code(child) == _COMMENT),
            )
        )
    return rows


def sign_report(path: Path, by: str, organisation: str, folder: Path, at: datetime | None = None) -> Path:
    """A verified copy of a report, in a new series, with the name of who answers for it.

    Raises:
        UsageError: no name, or no organisation; DICOM wants both.
        Refused: it is signed already.
        BadInput: it is no measurement report.
    """
    from pydicom.dataset import Dataset

    if not by.strip() or not organisation.strip():
        raise UsageError(
            "a signature needs a person and an organisation",
            found=f"{by!r}, {organisation!r}",
            expected="a name and the organisation the person acts for",
            action="give --by NAME --organisation NAME",
        )
    stored, _ = read_report(path)
    if stored.VerificationFlag != "UNVERIFIED":
        raise Refused("the report is signed already", found=stored.VerificationFlag, expected="UNVERIFIED")
    now = at or datetime.now().astimezone()
    stored.PredecessorDocumentsSequence = [_predecessor(stored)]
    stored.SOPInstanceUID = stored.file_meta.MediaStorageSOPInstanceUID = new_uid()
    stored.SeriesInstanceUID = new_uid()
    stored.SeriesDescription = "Osler measurements, verified"
    stored.ContentDate = stored.InstanceCreationDate = now.strftime("%Y%m%d")
    stored.ContentTime = stored.InstanceCreationTime = now.strftime("%H%M%S")
    stored.PreliminaryFlag, stored.VerificationFlag = "FINAL", "VERIFIED"
    observer = Dataset()
    observer.VerifyingOrganization = organisation.strip()[:64]
    observer.VerificationDateTime = now.strftime("%Y%m%d%H%M%S.%f%z")
    observer.VerifyingObserverName = by.strip()
    observer.VerifyingObserverIdentificationCodeSequence = []
    stored.VerifyingObserverSequence = [observer]
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / f"{path.stem}-signed.dcm"
    if out.exists():
        raise Refused("there is a signed report of that name", found=str(out), expected="a new file")
    save(stored, out)
    return out


def _predecessor(stored: Any) -> Any:
    from pydicom.dataset import Dataset

    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID = stored.SOPClassUID, stored.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedSOPSequence = stored.SeriesInstanceUID, [instance]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = stored.StudyInstanceUID, [series]
    return study


def _value(item: Any) -> float:
    measured = item.MeasuredValueSequence[0]
    return float(measured.get("FloatingPointValue", measured.NumericValue))


def _code(item: Any) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue)


def _no_report(path: Path, found: str) -> BadInput:
    return BadInput(
        f"{path.name} is no measurement report",
        found=found,
        expected="a DICOM SR that `osler image export` wrote",
        action="name the file that ends in -sr.dcm",
    )
