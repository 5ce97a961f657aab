"""Files given to the page: notes and images with a question, a record that becomes a patient."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pictures import dicom, png

from agent import Settings
from app_desk import Desk
from app_files import sorted_files
from app_session import Page, View, fresh

AF = "Should she be anticoagulated?"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Page]:
    """A page over a home of its own, since records are imported; the search index is the session's."""
    desk = Desk(Settings(home=home).beside(tmp_path_factory.mktemp("imports")))
    desk.folder = tmp_path_factory.mktemp("exports")
    desk.patients()
    yield Page(desk)
    desk.close()


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": item} for item in resources]}


def person(key: str, family: str = "Novak") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": key, "birthDate": "1950-02-01", "gender": "female",
            "name": [{"family": family, "given": ["Ana"]}]}


def weight(key: str, of: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": key, "status": "final", "subject": {"reference": f"Patient/{of}"},
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "effectiveDateTime": "2026-01-05", "valueQuantity": {
                "value": 70, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}


def written(path: Path, body: Any) -> str:
    path.write_text(body if isinstance(body, str) else json.dumps(body), encoding="utf-8")
    return str(path)


def last(views: Iterator[View]) -> View:
    return [*views][-1]


# -- a record --------------------------------------------------------------------------------------------------------


def test_a_record_becomes_a_patient_and_is_gone_to(page: Page, tmp_path: Path) -> None:
    path = written(tmp_path / "ana.json", bundle(person("ana-1"), weight("ana-w", "ana-1")))
    view = page.take(path, fresh())
    assert view.state["patient"] == "ana-1"
    assert "Ana Novak" in (view.banner or "")
    assert "2 new resources" in (view.notice or "")
    assert any(line.id == "ana-1" for line in view.lines or [])
    again = page.take(path, view.state)
    assert "in the record already" in (again.notice or "")
    assert again.banner is None and again.state == view.state


@pytest.mark.parametrize(("body", "code", "said"), [
    (bundle(person("two-1"), person("two-2")), "bad_input", "2 patients"),
    (bundle(weight("w-0", "demo-af")), "bad_input", "no patient"),
    (bundle(person("other-1"), weight("w-1", "demo-af")), "identity_mismatch", "about another patient"),
    (bundle(person("demo-af", "Changed")), "usage", "in the record already"),
    ("this is no record", "bad_input", ""),
    ("{\"resourceType\": \"Bundle\"", "bad_input", ""),
    ("", "bad_input", ""),
    ("[1, 2]", "bad_input", ""),
])  # fmt: skip
def test_what_is_not_one_new_patient_is_refused_and_nothing_is_lost(
    page: Page, tmp_path: Path, body: Any, code: str, said: str
) -> None:
    held = page.pick("demo-af", "", fresh()).state
    before = page.lines()
    view = page.take(written(tmp_path / "record.json", body), held)
    assert f'data-code="{code}"' in (view.notice or "")
    assert said in (view.notice or "")
    assert view.state == held and view.banner is None and view.thread is None
    assert page.lines() == before
    assert "Margaret Ellison" in (page.pick("demo-af", "", fresh()).banner or "")


def test_a_record_that_would_replace_something_of_another_is_refused(page: Page, tmp_path: Path) -> None:
    first = page.take(written(tmp_path / "a.json", bundle(person("rep-1"), weight("rep-w", "rep-1"))), fresh())
    assert first.state["patient"] == "rep-1"
    second = page.take(written(tmp_path / "b.json", bundle(person("rep-2"), weight("rep-w", "rep-2"))), fresh())
    assert "with other content" in (second.notice or "")
    assert "rep-2" not in {line.id for line in page.lines()}


def test_where_a_server_holds_the_records_nothing_is_imported(tmp_path: Path) -> None:
    desk = Desk(Settings(home=tmp_path, fhir_url="http://127.0.0.1:9/fhir"))
    view = Page(desk).take(written(tmp_path / "a.json", bundle(person("x"))), fresh())
    desk.close()
    assert "come from a server here" in (view.notice or "")


# -- with a question -------------------------------------------------------------------------------------------------


def test_files_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    note = written(tmp_path / "letter", "Dear colleague, no heart failure. Größe 170 cm.")
    latin = tmp_path / "old.txt"
    latin.write_bytes("Größe".encode("latin-1"))
    film_path = dicom(tmp_path / "IM0001")
    pdf = tmp_path / "report.pdf"
    pdf.write_bytes(b"%PDF-1.7 text only")
    assert sorted_files([note, film_path, str(latin), str(pdf)]) == ([note, str(latin)], [film_path, str(pdf)])


def test_a_note_and_a_film_come_with_the_question(page: Page, tmp_path: Path) -> None:
    note = written(tmp_path / "letter.txt", "Patient: Margaret Ellison, born 12 March 1948.\nNo liver disease.")
    picture = dicom(tmp_path / "film.dcm")
    view = last(page.ask(AF, [note, picture], "", page.pick("demo-af", "", fresh()).state))
    slots = {item["slot"] for item in page.desk.document(view.state["consultation"])["evidence"].values()}
    assert "image.1.view" in slots
    assert view.question == "" and not view.files


@pytest.mark.parametrize("kind", ["film", "record", "pdf", "latin", "long"])
def test_a_file_that_is_not_taken_keeps_question_and_files(page: Page, tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("note.txt" if kind in ("latin", "long") else "file.bin")
    if kind == "film":
        dicom(path, PatientID="OSL-0009", PatientName="Brandt^Thomas")
    elif kind == "record":
        written(path, bundle(person("x")))
    else:
        path.write_bytes({"pdf": b"%PDF-1.7", "latin": "Größe".encode("latin-1"), "long": b"a" * 2_000_001}[kind])
    view = last(page.ask(AF, [str(path)], "", page.pick("demo-af", "", fresh()).state))
    codes = {"film": "identity_mismatch", "record": "usage", "latin": "usage", "pdf": "not_an_image",
             "long": "bad_input"}
    assert f'data-code="{codes[kind]}"' in (view.thread or "")
    assert (view.question, view.files) == (AF, [str(path)])
    assert "Brandt" not in (view.thread or "")


def test_a_picture_without_a_name_is_taken_as_unconfirmed(page: Page, tmp_path: Path) -> None:
    view = last(page.ask(AF, [png(tmp_path / "film.png")], "", page.pick("demo-af", "", fresh()).state))
    document = page.desk.document(view.state["consultation"])
    identity = next(item for item in document["evidence"].values() if item["slot"] == "image.1.identity")
    assert identity["value"] == "unconfirmed"
