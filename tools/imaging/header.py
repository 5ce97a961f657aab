"""The facts a DICOM header states, each read so that one broken element costs only itself."""

from __future__ import annotations

import math
import re
from typing import Any

from tools.imaging.frame import Acquisition, Header, Who
from tools.imaging.spacing import functional_group

_DESCRIPTIONS = (
    "SeriesDescription",
    "ProtocolName",
    "AcquisitionDeviceProcessingDescription",
    "PerformedProcedureStepDescription",
    "StudyDescription",
    "RequestedProcedureDescription",
)
_MAX_TEXT = 256
# Words that stand where a name has been taken away; no person's name.
_NO_NAME = re.compile(
    r"anon\w*|\W*(unknown|unnamed|no[\W_]*name|not[\W_]*known|de-?identified|removed|none|n/?a|x+|patient|test)\W*",
    re.IGNORECASE,
)


def header_of(dataset: Any, frame: int) -> Header:
    """What the file states about the frame."""
    orientation = functional_group(dataset, "PlaneOrientationSequence", frame) or dataset
    anatomy = functional_group(dataset, "FrameAnatomySequence", frame) or dataset
    region = _coded(anatomy, "AnatomicRegionSequence")
    return Header(
        modality=text(dataset, "Modality"),
        sop_class=_sop_class_name(dataset),
        body_part=text(dataset, "BodyPartExamined"),
        anatomy=tuple(filter(None, [region])),
        view_position=text(dataset, "ViewPosition"),
        view_code=_coded(dataset, "ViewCodeSequence"),
        laterality=text(dataset, "ImageLaterality") or text(anatomy, "FrameLaterality") or text(dataset, "Laterality"),
        patient_orientation=_texts(dataset, "PatientOrientation"),
        image_orientation=_numbers(orientation, "ImageOrientationPatient"),
        patient_position=text(dataset, "PatientPosition"),
        descriptions=tuple(dict.fromkeys(filter(None, (text(dataset, name) for name in _DESCRIPTIONS)))),
        image_type=_texts(dataset, "ImageType"),
        presentation_intent=text(dataset, "PresentationIntentType"),
        burned_in=text(dataset, "BurnedInAnnotation"),
        taken_at=_taken_at(dataset),
        study_instance_uid=text(dataset, "StudyInstanceUID"),
        series_instance_uid=text(dataset, "SeriesInstanceUID"),
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        sop_class_uid=text(dataset, "SOPClassUID"),
        who=_who(dataset),
        acquisition=_acquisition(dataset, frame),
    )


def _acquisition(dataset: Any, frame: int) -> Acquisition:
    """Classic instances state these themselves, enhanced ones in functional groups."""
    groups = {
        name: functional_group(dataset, name, frame)
        for name in (
            "PixelMeasuresSequence",
            "CTXRayDetailsSequence",
            "CTReconstructionSequence",
            "CTAcquisitionDetailsSequence",
            "CTAcquisitionTypeSequence",
            "CardiacSynchronizationSequence",
            "PixelValueTransformationSequence",
        )
    }
    agents = element(dataset, "ContrastBolusAgentSequence") or []
    contrast = text(dataset, "ContrastBolusAgent") or (
        _coded(dataset, "ContrastBolusAgentSequence") if agents else None
    )
    gating = text(groups["CardiacSynchronizationSequence"] or dataset, "NominalPercentageOfCardiacPhase")
    return Acquisition(
        slice_thickness_mm=number(groups["PixelMeasuresSequence"] or dataset, "SliceThickness"),
        kvp=number(groups["CTXRayDetailsSequence"] or dataset, "KVP"),
        kernel=text(groups["CTReconstructionSequence"] or dataset, "ConvolutionKernel"),
        contrast=contrast,
        tilt_deg=number(groups["CTAcquisitionDetailsSequence"] or dataset, "GantryDetectorTilt"),
        gating=gating or text(dataset, "CardiacSynchronizationTechnique"),
        kind=text(groups["CTAcquisitionTypeSequence"] or dataset, "AcquisitionType")
        or text(dataset, "ScanningSequence"),
        rescale_type=text(groups["PixelValueTransformationSequence"] or dataset, "RescaleType"),
        manufacturer=text(dataset, "Manufacturer"),
    )


def number(dataset: Any, name: str) -> float | None:
    """A finite number."""
    try:
        found = float(element(dataset, name))
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def element(dataset: Any, name: str) -> Any:
    """The value of an element; None where it is absent, empty or cannot be converted."""
    if dataset is None:
        return None
    try:
        value = dataset.get(name)
    except Exception:  # pydicom converts on access and raises whatever the broken value provokes
        return None
    return None if value is None or value == "" else value


def text(dataset: Any, name: str) -> str | None:
    """A text element, one line, at most `_MAX_TEXT` characters."""
    value = element(dataset, name)
    if value is None or isinstance(value, bytes):
        return None
    if not isinstance(value, str) and hasattr(value, "__iter__"):
        value = " ".join(str(part) for part in value)
    plain = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", str(value)).split())
    return plain[:_MAX_TEXT] or None


def integer(dataset: Any, name: str) -> int | None:
    """A whole number."""
    value = element(dataset, name)
    try:
        return int(str(value))
    except ValueError:
        return None


def _texts(dataset: Any, name: str) -> tuple[str, ...]:
    value = element(dataset, name)
    if value is None:
        return ()
    parts = [value] if isinstance(value, str) else list(value)
    return tuple(plain for part in parts[:16] if (plain := str(part).strip()))


def _numbers(dataset: Any, name: str) -> tuple[float, ...]:
    try:
        found = tuple(float(part) for part in element(dataset, name) or ())
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(number) for number in found) else ()


def _coded(dataset: Any, name: str) -> str | None:
    items = element(dataset, name) or []
    return text(items[0], "CodeMeaning") if len(items) else None


def _sop_class_name(dataset: Any) -> str | None:
    from pydicom.uid import UID

    value = text(dataset, "SOPClassUID")
    return None if value is None else UID(value).name


def _taken_at(dataset: Any) -> str | None:
    """When the picture was taken, ISO 8601 without a zone: acquisition, else content, else study."""
    stamp = text(dataset, "AcquisitionDateTime") or ""
    if not re.match(r"\d{8}", stamp):
        for kind in ("Acquisition", "Content", "Series", "Study"):
            day = text(dataset, f"{kind}Date") or ""
            if re.fullmatch(r"\d{8}", day):
                stamp = day + (text(dataset, f"{kind}Time") or "")
                break
    found = re.match(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?", stamp)
    if not found or not ("01" <= found[2] <= "12" and "01" <= found[3] <= "31"):
        return None
    day = f"{found[1]}-{found[2]}-{found[3]}"
    return day if found[4] is None else f"{day}T{found[4]}:{found[5]}:{found[6] or '00'}"


def _who(dataset: Any) -> Who:
    """Whose image it is said to be. A name such as ANONYMOUS is nobody's, and says that identity was removed."""
    name = element(dataset, "PatientName")
    groups = [str(getattr(name, part, "") or "") for part in ("alphabetic", "ideographic", "phonetic")] if name else []
    names = tuple(plain for group in groups if (plain := group.strip(" ^=")))
    anonymous = any(_NO_NAME.fullmatch(one.replace("^", " ").strip()) for one in names)
    birth = text(dataset, "PatientBirthDate") or ""
    others = element(dataset, "OtherPatientIDsSequence") or []
    return Who(
        patient_id=text(dataset, "PatientID"),
        issuer=text(dataset, "IssuerOfPatientID"),
        names=() if anonymous else names,
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:]}" if re.fullmatch(r"\d{8}", birth) else None,
        other_ids=tuple(
            (value, text(item, "IssuerOfPatientID")) for item in others if (value := text(item, "PatientID"))
        ),
        removed=anonymous or (text(dataset, "PatientIdentityRemoved") or "").upper() == "YES",
    )
