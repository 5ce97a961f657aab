"""Whose image: a mismatch stops, two identifiers confirm, anything less needs a person's word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from films import film, instance, saved

from tools.errors import IdentityMismatch
from tools.imaging.frame import Who
from tools.imaging.identity import compare_identity
from tools.imaging.reading import read_image

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"system": "http://hospital-a.example/mrn", "value": "MRN-77", "assigner": {"display": "Hospital A"}}
    ],
    "name": [{"family": "Müller", "given": ["Margaret", "Ann"]}],
    "birthDate": "1950-04-03",
}


@pytest.mark.parametrize(
    ("who", "agrees"),
    [
        (Who("MRN-77", None, ("Müller^Margaret",), "1950-04-03"), ("record number", "name", "birth date")),
        (Who("MRN77", "Hospital A", ("MULLER^MARGARET",)), ("record number", "name")),
        (Who(None, None, ("MUELLER^M",), "1950-04-03"), ("name", "birth date")),
        (Who("p1", None, (), "1950-04-03"), ("record number", "birth date")),
        (Who("X1", "Hospital B", ("Muller^Ann",), "1950-04-03"), ("name", "birth date")),
        (Who("X1", "B", (), "1950-04-03", (("MRN-77", "Hospital A"),)), ("record number", "birth date")),
    ],
)
def test_two_identifiers_confirm(who: Who, agrees: tuple[str, ...]) -> None:
    found = compare_identity(who, PATIENT)
    assert (found.status, found.agrees) == ("confirmed", agrees)


@pytest.mark.parametrize(
    ("who", "named"),
    [
        (Who("MRN-78", None, ("Muller^Margaret",), "1950-04-03"), "record number"),
        (Who("MRN-78", "Hospital A"), "record number"),
        (Who("MRN-77", None, ("Smith^John",)), "name"),
        (Who("MRN-77", None, ("Muller^Margaret",), "1951-04-03"), "birth date"),
        (Who(None, None, ("Smith^John",), "1960-01-01"), "name and birth date"),
    ],
)
def test_a_mismatch_stops(who: Who, named: str) -> None:
    with pytest.raises(IdentityMismatch) as caught:
        compare_identity(who, PATIENT)
    assert caught.value.found is not None and named.split(" and ")[0] in caught.value.found
    assert "Smith" not in str(caught.value.document())


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (Who(), "names nobody"),
        (Who("MRN-77"), "only the record number"),
        (Who("X1", "Hospital B"), "nothing the file says can be compared"),
        (Who("MRN-77", "Hospital B"), "nothing the file says can be compared"),
        (Who(None, None, ("山田^太郎",)), "nothing the file says can be compared"),
        (Who("ANON1", None, (), "1900-01-01", removed=True), "identity was removed"),
    ],
)
def test_absence_needs_a_persons_word(who: Who, reason: str) -> None:
    found = compare_identity(who, PATIENT)
    assert found.status == "unconfirmed" and reason in found.reason and "a named person" in found.display


def test_half_a_birth_date_confirms_nothing_and_still_can_differ() -> None:
    year_only = PATIENT | {"birthDate": "1950"}
    assert compare_identity(Who("p1", None, (), "1950-04-03"), year_only).status == "unconfirmed"
    with pytest.raises(IdentityMismatch):
        compare_identity(Who("p1", None, (), "1951-04-03"), year_only)


@pytest.mark.parametrize("name", ["ANONYMOUS", "Anonymized^^", "anon_123", "Unknown^", "NO^NAME", "DE-IDENTIFIED"])
def test_a_name_that_is_nobodys_says_that_identity_was_removed(name: str, tmp_path: Path) -> None:
    made = instance(film(20, 20), PatientID="77", PatientName=name)
    who = read_image(saved(made, tmp_path / "film.dcm")).header.who
    assert who.removed and who.names == ()


def test_what_a_file_says_of_its_patient(tmp_path: Path) -> None:
    made = instance(
        film(20, 20), PatientID="MRN-77", IssuerOfPatientID="Hospital A", PatientName="Müller^Margaret",
        PatientBirthDate="19500403", SpecificCharacterSet="ISO_IR 100",
    )  # fmt: skip
    who = read_image(saved(made, tmp_path / "film.dcm")).header.who
    assert who == Who("MRN-77", "Hospital A", ("Müller^Margaret",), "1950-04-03")
    assert not {"Müller", "MRN-77"} & set(repr(who).replace("'", " ").split())
