"""What goes into the record with a measure on an image: its study, the images it was measured on, what drew it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from tools.ehr.fhirjson import Resource

ALGORITHM = "urn:osler:algorithm"
"""System of the identifier of an algorithm: its name and version."""


@dataclass(frozen=True)
class Beside:
    """What goes with a measure on an image: its ImagingStudy where the record has none, identifiers of the images it
    was measured on, and the algorithms (name and version) that drew what was measured."""

    study: Resource | None = None
    images: tuple[Resource, ...] = ()
    algorithms: tuple[str, ...] = ()


def study_place(uid: str) -> str:
    """What an entry of a transaction is called that holds the ImagingStudy of a study."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, uid)}"


def study_entry(study: Resource) -> Resource:
    """The entry that makes an ImagingStudy where the patient has none of that study."""
    row = study["identifier"][0]
    patient = str(study["subject"]["reference"])
    unless = f"identifier={row['system']}|{row['value']}&patient={patient}"
    return {
        "fullUrl": study_place(str(row["value"]).removeprefix("urn:oid:")),
        "resource": study,
        "request": {"method": "POST", "url": "ImagingStudy", "ifNoneExist": unless},
    }


def algorithm(name: str) -> Resource:
    """An algorithm as a reference of type Device."""
    return {"type": "Device", "identifier": {"system": ALGORITHM, "value": name}, "display": name}
