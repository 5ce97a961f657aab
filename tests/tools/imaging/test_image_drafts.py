"""A measure on an image reaches the record only as what it is: preliminary until signed, of this patient's study, with
what drew it; and an unvalidated one is read by Osler as no fact."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_image_sizes import FOUR, slice_with_nodule
from test_image_sizes import QUESTION as NODULE
from typer.testing import CliRunner

from agent import ClinicalAssistant
from agent.api import Consultation
from agent.cli import cli
from agent.cli_image import draw_phantom
from agent.cli_writes import offered_text
from agent.draft_imaging import measured
from app_evidence import Known, detail
from knowledge.evidence import DicomRegion, Evidence, ModelReading
from tools.ehr.checks.validate import check
from tools.ehr.demo import demo_patients
from tools.ehr.modifiers import VALIDATION, judge
from tools.ehr.store.store import Store
from tools.ehr.writes.drafts import carries
from tools.ehr.writes.write import Writer
from tools.errors import BadInput, IdentityMismatch, NotAssessable, Refused, UsageError
from tools.imaging.phantom import write_phantom

Json = dict[str, Any]
WHO = {"by": "Dr A. Example", "role": "physician"}
SEEN = {"accepted": "yes"}
RATIO, RIGHT, NODULE_SIZE = "film_ratio", "film_lungs.right", "nodule_measured"


@pytest.fixture(scope="module")
def desk(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicalAssistant]:
    home = tmp_path_factory.mktemp("image-drafts")
    (home / "index").symlink_to(osler.settings.index)
    with ClinicalAssistant(osler.settings.beside(home)) as assistant:
        yield assistant


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn chest film in a demo patient's name."""
    demo = next(one for one in demo_patients() if one.id == "demo-hfref")
    patient = next(e["resource"] for e in demo.bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    path = tmp_path_factory.mktemp("film") / "film.dcm"
    write_phantom(path, patient, demo.as_of[:10])
    return path


@pytest.fixture(scope="module")
def answered(desk: ClinicalAssistant, film: Path) -> Consultation:
    return desk.consult("How large is the heart on the film?", "demo-hfref", images=[film], model="none").run()


@pytest.fixture(scope="module")
def store(desk: ClinicalAssistant, answered: Consultation) -> Store:
    client = desk.portal.call(desk.core.reader(answered.state["case"]))
    assert client.store is not None
    return client.store


@pytest.fixture
def kept(desk: ClinicalAssistant, store: Store) -> Iterator[Store]:
    """The record and the drafts are put back afterwards."""
    with sqlite3.connect(":memory:") as held:
        store._db.backup(held)
        yield store
        held.backup(store._db)
        store._rows.forget()
    desk.portal.call(desk.core.services()).effects._connection.execute("DELETE FROM effects WHERE kind = 'draft'")


@pytest.fixture
def consult(answered: Consultation, kept: Store) -> Consultation:
    return answered


@pytest.fixture(scope="module")
def other(desk: ClinicalAssistant, film: Path) -> Consultation:
    """Another consultation on the same film."""
    return desk.consult("How large is the heart on the film?", "demo-hfref", images=[film], model="none").run()


@pytest.fixture
def nodule(desk: ClinicalAssistant, kept: Store, tmp_path: Path) -> Consultation:
    """A nodule on a CT slice, between landmarks that a person set."""
    path = slice_with_nodule(tmp_path / "slice.dcm")
    consult = desk.consult(NODULE, "demo-af", images=[path], model="none")
    consult.correct("nodule_landmarks", value=FOUR, by="Dr A", reason="drawn on the slice")
    return consult


def checks(draft: Json) -> dict[str, str]:
    return {row["name"]: row["state"] for row in draft["checks"]}


def written(store: Store, kind: str) -> list[Json]:
    rows = [store.get(kind, id_) for id_ in store.ids(kind)]
    return [row.resource for row in rows if row is not None]


def values(store: Store) -> list[Json]:
    return [row for row in written(store, "Observation") if carries(row)]


def test_a_measure_is_written_after_approval_with_its_study_and_what_drew_it(
    consult: Consultation, store: Store
) -> None:
    before = store.counts()
    draft = consult.draft(RATIO, by="Dr A")
    assert draft["state"] == "incomplete" and [row["field"] for row in draft["missing"]] == ["accepted"]
    with pytest.raises(NotAssessable, match="looked at"):
        consult.approve(item=draft["id"], **WHO)
    draft = consult.draft(draft["id"], fields=SEEN, by="Dr A")
    assert checks(draft) == {
        "record_version": "pass", "patient": "pass", "image_identity": "pass", "study": "pass", "validation": "warn",
        "duplicates": "pass", "trigger_age": "pass", "encounter": "warn",
    }  # fmt: skip
    assert "with the ImagingStudy" in draft["words"] and "not validated" in draft["words"]
    rows = {row["path"]: row["after"] for row in draft["diff"]}
    assert rows["ImagingStudy.series[0].instance"] == "1 listed" and "ImagingStudy.identifier[0].value" in rows
    assert store.counts() == before
    done = consult.approve(item=draft["id"], **WHO)
    assert done["approved"]
    (value,) = values(store)
    check(value)
    evidence = next(row for row in consult.document()["evidence"].values() if row["slot"] == RATIO)
    assert value["valueQuantity"]["value"] == evidence["value"] and value["valueQuantity"]["code"] == "1"
    assert (value["status"], value["subject"]) == ("preliminary", {"reference": "Patient/demo-hfref"})
    assert value["effectiveDateTime"] == evidence["effective_at"][:10] and "focus" not in value
    study = next(row for row in written(store, "ImagingStudy") if row["id"] not in ("demo-hfref-img1", "demo-pe-img1"))
    check(study)
    assert value["derivedFrom"] == [{"reference": f"ImagingStudy/{study['id']}"}]
    source = next(row["source"] for row in consult.document()["evidence"].values() if row["slot"] == "film")
    assert study["identifier"][0]["value"] == f"urn:oid:{source['study_instance_uid']}"
    assert study["series"][0]["instance"][0]["uid"] == source["sop_instance_uid"]
    algorithms = {"osler-heart-borders 1.0.0", "osler-lung-fields 1.0.0"}
    assert {row["value"] for row in value["contained"][0]["identifier"]} == algorithms
    proof = next(row for row in written(store, "Provenance") if row["id"] == f"osler-{draft['id']}")
    assert {row["reference"] for row in proof["target"]} == {
        f"Observation/{value['id']}",
        f"ImagingStudy/{study['id']}",
    }
    agents = {row["type"]["coding"][0]["code"]: row["who"] for row in proof["agent"]}
    assert agents["verifier"] == {"display": WHO["by"]}
    assert {row["who"]["identifier"]["value"] for row in proof["agent"] if row["who"].get("identifier")} == {
        "osler", *algorithms,
    }  # fmt: skip
    named = [row["what"]["identifier"]["value"] for row in proof["entity"] if "identifier" in row["what"]]
    assert source["file_sha256"] in named and f"urn:oid:{source['sop_instance_uid']}" in named
    # What this consultation wrote itself does not outdate it, and is written once.
    assert consult.outdated() == [] and consult.draft(RATIO)["state"] == "committed"
    consult.approve(item=draft["id"], **WHO)
    assert len(values(store)) == 1


def test_the_study_is_made_once(consult: Consultation, store: Store) -> None:
    before = len(store.ids("ImagingStudy"))
    first, second = (consult.draft(item, fields=SEEN)["id"] for item in (RATIO, RIGHT))
    for id_ in (first, second):
        # The second was drafted before the first had made the study.
        assert consult.approve(item=id_, **WHO)["approved"]
    assert len(store.ids("ImagingStudy")) == before + 1
    assert len({row["derivedFrom"][0]["reference"] for row in values(store)}) == 1
    assert {row["bodySite"]["coding"][0]["code"] for row in values(store) if "bodySite" in row} == {"3341006"}


def test_an_unvalidated_measure_stays_preliminary_and_is_no_fact(consult: Consultation, store: Store) -> None:
    draft = consult.draft(RATIO, fields=SEEN)
    with pytest.raises(BadInput):
        consult.draft(draft["id"], fields={"status": "final"})
    consult.approve(item=draft["id"], **WHO)
    (value,) = values(store)
    assert value["meta"]["tag"][0]["system"] == VALIDATION
    assert any("decides nothing" in row["text"] for row in value["note"])
    assert not judge(value).usable and "not validated" in judge(value).reason
    assert judge({**value, "meta": {}}).usable


def test_a_measure_by_hand_may_be_final_once_the_answer_is_signed(nodule: Consultation, kept: Store) -> None:
    (size,) = nodule.measured()
    assert (size["slot"], size["validated"], size["accepted_by"]) == (NODULE_SIZE, True, None)
    draft = nodule.draft(NODULE_SIZE, by="Dr A")
    assert [row["field"] for row in draft["missing"]] == ["accepted"]
    with pytest.raises(BadInput):
        nodule.draft(draft["id"], fields={"status": "final"})
    assert "drawn by hand: Dr A" in next(row["why"] for row in draft["checks"] if row["name"] == "validation")
    nodule.approve(item="answer", **WHO)
    assert nodule.measured()[0]["accepted_by"] == "Dr A. Example (physician)"
    draft = nodule.draft(draft["id"], fields={"status": "final", **SEEN}, by="Dr A")
    assert nodule.approve(item=draft["id"], **WHO)["approved"]
    (value,) = values(kept)
    assert (value["status"], value["valueQuantity"]["value"], value["valueQuantity"]["code"]) == ("final", 6.5, "mm")
    assert value["performer"] == [{"display": "Dr A. Example (physician)"}] and "tag" not in value["meta"]
    assert judge(value).usable and any("scale: PixelSpacing" in row["text"] for row in value["note"])


def test_a_moved_caliper_voids_the_draft(nodule: Consultation, kept: Store) -> None:
    draft = nodule.draft(NODULE_SIZE, fields=SEEN)
    nodule.correct("nodule_landmarks", value={"2": [118, 120]}, by="Dr B")
    done = nodule.approve(item=draft["id"], **WHO)
    assert not done["approved"] and done["draft"]["state"] == "void" and values(kept) == []
    with pytest.raises(UsageError):
        nodule.draft(draft["item"])
    again = nodule.draft(NODULE_SIZE, fields=SEEN)
    assert again["id"] != draft["id"] and again["resource"]["valueQuantity"]["value"] == 7.5


def test_a_statement_is_accepted_or_rejected_with_what_it_shows(other: Consultation, kept: Store) -> None:
    claims = other.document()["answer"]["claims"]
    lungs = next(row["item"] for row in other.measured() if row["slot"] == "film_lungs")
    other.approve(item=next(row["id"] for row in claims if lungs in row["evidence"]), **WHO)
    assert [row["accepted_by"] for row in other.measured() if row["slot"] == "film_lungs"] == [
        "Dr A. Example (physician)"
    ]
    assert other.draft("film_lungs")["missing"] == [] and other.draft(RIGHT)["missing"] != []
    ratio = next(row["item"] for row in other.measured() if row["slot"] == RATIO)
    shown = next(row["id"] for row in claims if ratio in row["evidence"])
    draft = other.draft(RATIO, fields=SEEN)
    other.reject(shown, "Dr B", "radiologist", "calipers are wrong")
    assert RATIO not in {row["slot"] for row in other.measured()}
    with pytest.raises(UsageError, match="rejected"):
        other.draft(RATIO)
    assert other.approve(item=draft["id"], **WHO)["draft"]["state"] == "void" and values(kept) == []


def test_what_is_no_measure_is_not_offered(answered: Consultation) -> None:
    slots = {row["slot"] for row in answered.measured()}
    assert slots == {"film_ratio", "film_lungs", "film_lungs.right", "film_lungs.left"}
    for item in ("image.1.spacing", "film_quality", "film_calipers", "film_identity", "age", "nothing"):
        with pytest.raises(UsageError, match="nothing called"):
            answered.draft(item)
    read = Evidence(slot="x", value=0.6, unit="1", display="0.6", source=ModelReading(model="m", prompt_version="1"))
    pixels = Evidence(slot="x", value=None, display="13 pixels", source=DicomRegion(segment="nodule"))
    assert not measured(read) and not measured(pixels)
    copy, _ = answered.what_if("age", {"value": 70, "unit": "a"})
    with pytest.raises(UsageError):
        copy.draft(RATIO)


def test_a_study_of_another_patient_stops_it(consult: Consultation, store: Store) -> None:
    draft = consult.draft(RATIO, fields=SEEN)
    study = {**draft["beside"]["study"], "id": "elsewhere", "subject": {"reference": "Patient/demo-af"}}
    store.put(study)
    for override in (None, "it is his"):
        with pytest.raises(IdentityMismatch, match="another patient"):
            consult.approve(item=draft["id"], **WHO, override=override)
    store.put({**study, "subject": {"reference": "Patient/demo-hfref"}, "status": "entered-in-error"})
    done = consult.approve(item=draft["id"], **WHO)
    assert not done["approved"] and checks(done["draft"])["study"] == "contraindicated"
    with pytest.raises(Refused, match="entered in error"):
        consult.approve(item=draft["id"], **WHO)
    assert values(store) == []


def test_a_patient_who_is_another_now_stops_it(consult: Consultation, store: Store) -> None:
    draft = consult.draft(RIGHT, fields=SEEN)
    row = store.get("Patient", "demo-hfref")
    assert row is not None
    store.put({**row.resource, "birthDate": "1930-01-01"})
    for override in (None, "she is"):
        with pytest.raises(IdentityMismatch):
            consult.approve(item=draft["id"], **WHO, override=override)
    assert values(store) == []


def test_a_file_that_is_gone_or_changed_is_not_written_of(consult: Consultation, store: Store, film: Path) -> None:
    draft = consult.draft(RIGHT, fields=SEEN)
    folder = consult.settings.home / "attachments"
    (kept_file,) = (folder / row["file"] for row in consult.state["case"]["attachments"])
    whole = kept_file.read_bytes()
    try:
        kept_file.unlink()
        with pytest.raises(NotAssessable, match="no longer kept"):
            consult.approve(item=draft["id"], **WHO)
        kept_file.write_bytes(whole[:-2] + b"\x01\x00")
        with pytest.raises(BadInput):
            consult.approve(item=draft["id"], **WHO)
    finally:
        kept_file.write_bytes(whole)
    assert values(store) == []
    assert consult.approve(item=draft["id"], **WHO)["approved"]


def test_the_same_measure_of_the_same_study_is_pointed_out(consult: Consultation, other: Consultation) -> None:
    consult.approve(item=consult.draft(RIGHT, fields=SEEN)["id"], **WHO)
    draft = other.draft(RIGHT, fields=SEEN)
    assert checks(draft)["duplicates"] == "warn" and "beside" in draft and draft["beside"]["study"] is None
    assert "on record already: 19.2 %" in next(row["why"] for row in draft["checks"] if row["name"] == "duplicates")


def test_one_transaction_holds_all_and_a_kill_leaves_one(
    consult: Consultation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """What a test throws where a process would end."""

    sent, bundles = Writer._post, []

    async def killed(self: Writer, bundle: Json) -> Json:
        bundles.append(bundle)
        await sent(self, bundle)
        raise Killed

    draft = consult.draft(RATIO, fields=SEEN)
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "_post", killed)
        with pytest.raises(Killed):
            consult.approve(item=draft["id"], **WHO)
    check(json.loads(json.dumps(bundles[0])))
    kinds = [entry["resource"]["resourceType"] for entry in bundles[0]["entry"]]
    assert bundles[0]["type"] == "transaction" and kinds == ["Observation", "ImagingStudy", "Provenance"]
    studies = len(store.ids("ImagingStudy"))
    assert consult.approve(item=draft["id"], **WHO)["approved"]
    assert len(values(store)) == 1 and len(store.ids("ImagingStudy")) == studies and len(bundles) == 1


def test_on_the_command_line_and_the_page(consult: Consultation, kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSLER_HOME", str(consult.settings.home))
    listed = json.loads(CliRunner().invoke(cli, ["draft", consult.id, "--measured", "--json"]).stdout)
    assert listed == consult.measured()
    item = next(row["item"] for row in listed if row["slot"] == RATIO)
    assert "not validated: preliminary" in offered_text(listed) and f"--item {item}" in offered_text(listed)
    known = Known(by="Dr A", role="physician")
    page = detail(consult.document(), item, known)
    assert "Draft this measure for the record" in page
    film_ = next(row["id"] for row in consult.document()["evidence"].values() if row["slot"] == "film")
    assert "Draft this measure" not in detail(consult.document(), film_, known)


def test_a_size_of_a_series_tells_who_corrected_its_outline(
    desk: ClinicalAssistant, kept: Store, tmp_path: Path
) -> None:
    folder = draw_phantom("demo-hfref", tmp_path / "series", ct=True)["path"]
    consult = desk.consult("What is the lung volume on this CT?", "demo-hfref", images=[folder], model="none").run()
    size = "lookup.sizes_1"
    (row,) = [one for one in consult.measured() if one["slot"] == size]
    assert row["validated"] is False
    stroke = {"points": [[44, 43]], "radius": 3, "inside": False, "slice": 28, "part": "right lung"}
    consult.correct("lookup.outline_1", [stroke], by="Dr A")
    # One lung is still as a program drew it.
    (row,) = [one for one in consult.measured() if one["slot"] == size]
    assert row["validated"] is False
    draft = consult.draft(size, fields=SEEN, by="Dr A")
    assert draft["kind"] == "Observation" and draft["resource"]["status"] == "preliminary"
    told = next(check["why"] for check in draft["checks"] if check["name"] == "validation")
    assert "not validated" in told or "unvalidated" in told
    notes = [note["text"] for note in draft["resource"]["note"]]
    # One of two lungs was corrected: nobody has drawn the whole by hand.
    assert "corrected: Dr A" in notes and not any("drawn by hand" in text for text in notes)
    assert any("osler-ct-threshold" in text for text in notes)


def test_a_brushed_outline_says_what_it_began_as(desk: ClinicalAssistant, tmp_path: Path) -> None:
    folder = draw_phantom("demo-hfref", tmp_path / "series", ct=True)["path"]
    consult = desk.consult("How big is the left lung?", "demo-hfref", images=[folder], model="none").run()
    drawn = next(row for row in consult.document()["evidence"].values() if row["slot"] == "lookup.outline_1")
    points = [[column, row] for row in range(20, 60, 6) for column in range(60, 110, 6)]
    stroke = {"points": points, "radius": 2, "inside": False, "slice": 28, "part": "left lung"}
    assert drawn["source"]["algorithm"].startswith("osler-ct-threshold")
    consult.correct("lookup.outline_1", [stroke], by="Dr A")
    draft = consult.draft("lookup.sizes_1", fields=SEEN, by="Dr A")
    notes = [note["text"] for note in draft["resource"]["note"]]
    assert "drawn by hand: Dr A" in notes and any(text.startswith("began as drawn by osler-ct") for text in notes)
