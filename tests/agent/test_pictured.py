"""Questions about a structure on an image that came with them: outlined, measured, pointed at, corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from agent import ClinicalAssistant, Consultation
from agent.cli_image import draw_phantom
from agent.instructed import REASON as INSTRUCTION
from agent.pictured import Picture, pictured
from agent.planners.choice import Choice
from tools.segmenters.asked import asked_of

PATIENT = "demo-hfref"
CT = Picture(1, "a" * 64, "CT", True, True)
FILM = Picture(1, "b" * 64, "XR", True, False)


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(draw_phantom(PATIENT, tmp_path_factory.mktemp("pictured") / "series", ct=True)["path"])


@pytest.fixture(scope="module")
def lungs(osler: ClinicalAssistant, series: Path) -> Iterator[Consultation]:
    found = osler.consult("What is the lung volume on this CT?", PATIENT, images=[series], model="none")
    found.document()
    yield found


def claims(consult: Consultation) -> list[str]:
    return [claim["text"] for claim in consult.document()["answer"]["claims"]]


def record(consult: Consultation, slot: str) -> dict[str, Any]:
    return next(dict(row) for row in consult.document()["records"] if row["slot"] == slot)


@pytest.mark.parametrize(
    ("question", "what", "named", "wants"),
    [
        ("How big is the liver on this CT?", "liver", True, "size"),
        ("Outline the lungs", "lungs", True, "outline"),
        ("Measure the lung volume", "lung", True, "size"),
        ("What is the mean density of the liver in this scan?", "liver", True, "size"),
        ("What size is the spleen?", "spleen", True, "size"),
        ("Is the spleen enlarged?", "spleen", True, "size"),
        ("Where are the kidneys?", "kidneys", True, "outline"),
        ("Can you segment the bones on this CT series?", "bones", True, "outline"),
        ("Segment the retinal vessels on this fundus photograph", "retinal vessels", True, "outline"),
        ("right lung outline", "right lung", True, "outline"),
        ("How much emphysema is there?", "emphysema", True, "size"),
        ("What is the size of the nodule?", "nodule", False, "size"),
        ("measure the short axis of this lymph node on slice 40", "lymph node", False, "size"),
    ],
)
def test_what_is_asked_for(question: str, what: str, named: bool, wants: str) -> None:
    (found,) = asked_of(question)
    assert (found.what, found.named, found.wants) == (what, named, wants)


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("How big are the liver and the spleen on this CT?", ["liver", "spleen"]),
        ("Measure the liver, the spleen and the right lung", ["liver", "spleen", "right lung"]),
        ("What is the volume of the left lung and the volume of the right lung?", ["left lung", "right lung"]),
        ("What is the volume of the lungs and the emphysema index?", ["lungs", "emphysema"]),
        ("Outline the lungs and the bones as well as the airway", ["lungs", "bones", "airway"]),
        ("How big are the left and right lungs?", ["left lungs", "right lungs"]),
        ("Measure the right and the left kidney on this CT", ["right kidney", "left kidney"]),
        ("What is the height of L1 and L2?", ["L1", "L2"]),
        ("How much emphysema is there and how big is the liver on this CT?", ["liver", "emphysema"]),
        ("How big are the liver and the nodule?", ["liver", "nodule"]),
        ("How big is the mass in the liver and spleen?", ["mass in the liver and spleen"]),
        ("Emphysema index and lung volume", ["lung", "emphysema"]),
    ],
)
def test_several_at_once(question: str, what: list[str]) -> None:
    assert [one.what for one in asked_of(question)] == what


@pytest.mark.parametrize(
    "question",
    [
        "What is her weight?",
        "What is the ejection fraction?",
        "Measure blood pressure",
        "How long has she had a cough?",
        "Is there a pneumothorax?",
        "What was the last echo?",
        "What is the body surface area?",
        "What is his body height?",
        "How tall is he?",
        "Show me the medications",
        "show me the potassium trend",
        "Should he be anticoagulated?",
        "Is the effusion large?",
        "How long has he had the mass?",
        "Why are his lymph nodes enlarged?",
        "What is the risk of malignancy for a nodule this size?",
        "What is the size of the nodule in the 2019 report?",
        "What was the size of the aneurysm on the last CT?",
        "How large was the aneurysm at the last visit?",
        "Where are the metastases?",
        "Does the melanoma have an irregular outline?",
        "How thick is the melanoma?",
        "Order an ultrasound if the nodes are enlarged",
        "Measure BP in the left or right arm",
    ],
)
def test_what_is_no_question_of_an_image(question: str) -> None:
    assert not asked_of(question)


def test_what_keeps_its_protocol() -> None:
    film = Choice("one", protocols=("chest-film",))
    assert pictured(film, "How large is the heart on this film?", [FILM]) is film
    # A CT is no film: the protocol of films has nothing to say of it.
    assert pictured(film, "How large is the heart on this CT?", [CT]).lookup
    nodule = Choice("one", protocols=("incidental-lung-nodule",))
    assert pictured(nodule, "How big is the nodule on this CT?", [CT]) is nodule
    cirrhosis = Choice("one", protocols=("cirrhosis",))
    assert pictured(cirrhosis, "Is the liver enlarged?", [CT]) is cirrhosis
    assert pictured(cirrhosis, "How big is the liver on this CT?", [CT]).lookup
    assert pictured(Choice("none"), "How big is the liver on this CT?", []).kind == "none"


def test_what_is_looked_up_in_the_record_still_is() -> None:
    density = Choice("lookup", lookup=("bone_density",))
    assert pictured(density, "What is his bone density?", [FILM]) is density
    both = pictured(density, "What is his bone density?", [CT])
    assert both.lookup[0] == "bone_density" and both.lookup[1].endswith(":named:bone")
    told = Choice("lookup", reasons=(INSTRUCTION,))
    assert pictured(told, "Outline the lungs", [CT]) is told


def test_which_image_is_meant() -> None:
    films = [replace(FILM, number=2), CT]
    chosen = pictured(Choice("none"), "Outline the lungs on this chest x-ray", films)
    assert [row.split(":")[1] for row in chosen.lookup] == ["2"]
    # An ultrasound is spoken of, and none is there.
    assert pictured(Choice("none"), "How big was the spleen on her ultrasound?", [CT]).lookup == ()
    many = [replace(CT, number=number) for number in range(1, 6)]
    asked = pictured(Choice("none"), "Outline the lungs", many)
    assert len(asked.lookup) == 3 and "2 more images" in asked.needs[0]


def test_lungs_of_a_series_are_outlined_and_measured(lungs: Consultation) -> None:
    said = claims(lungs)
    # The drawn lungs hold 2,665 mL.
    assert any(text.startswith("lung volume 267") and "mL" in text for text in said)
    assert any("right lung volume" in text for text in said) and not any("long axis" in text for text in said)
    assert all("unvalidated" in text for text in said)
    body = lungs.document()
    sizes = record(lungs, "lookup.sizes_1")
    # What was not asked for stands in the evidence.
    assert any("long_axis" in body["evidence"][name]["slot"] for name in sizes["evidence"])


def test_what_is_not_outlined_by_its_name_is_pointed_at(osler: ClinicalAssistant, series: Path) -> None:
    consult = osler.consult("How big is the liver on this CT?", PATIENT, images=[series], model="none")
    row = next(one for one in consult.document()["answer"]["not_answered"] if "liver" in one["what"])
    assert "lookup.pointed_1" in row["slots"] and any("point at it" in text for text in row["needs"])
    consult.correct("lookup.pointed_1", {"box": [60, 40, 80, 60], "slice": 30}, by="Dr A")
    assert any(text.startswith("liver volume") for text in claims(consult))
    assert "where Dr A pointed" in " ".join(claims(consult))


def test_a_nodule_waits_for_a_person(osler: ClinicalAssistant, series: Path) -> None:
    consult = osler.consult("How big is the lesion on this CT?", PATIENT, images=[series], model="none")
    assert not [text for text in claims(consult) if "lesion" in text]
    row = next(one for one in consult.document()["answer"]["not_answered"] if "lesion" in one["what"])
    assert row["reason"] == "missing_input" and row["slots"] == ["lookup.pointed_1"]
    consult.correct("lookup.pointed_1", {"points": [[44, 37, "+"]], "slice": 36}, by="Dr A")
    assert any(text.startswith("lesion long axis") for text in claims(consult))


def test_emphysema_is_not_measured_before_it_is_known_how_the_scan_was_taken(
    osler: ClinicalAssistant, series: Path
) -> None:
    """Safety rule 16."""
    consult = osler.consult("How much emphysema is there?", PATIENT, images=[series], model="none")
    row = next(one for one in consult.document()["answer"]["not_answered"] if "emphysema" in one["what"])
    told = " ".join(row["needs"])
    assert "inspiration" in told and "section thickness" in told
    assert not [text for text in claims(consult) if "950" in text]
    consult.correct("picture_1.inspiration", True, by="Dr A")
    consult.correct("picture_1.contrast", False, by="Dr A")
    row = next(one for one in consult.document()["answer"]["not_answered"] if "emphysema" in one["what"])
    # What a person said is taken; slices of 5 mm stay too thick.
    assert "inspiration:" not in " ".join(row["needs"]) and "section thickness" in " ".join(row["needs"])


def test_nothing_is_outlined_before_whose_it_is_is_known(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """Safety rule 14: NIfTI names nobody."""
    values = np.full((24, 24, 12), -1000, dtype=np.int16)
    values[6:18, 6:18, 3:9] = 40
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 2.0, 3.0, 1.0])), tmp_path / "scan.nii.gz")
    scan = tmp_path / "scan.nii.gz"
    consult = osler.consult("How big is the mass on this scan?", PATIENT, images=[scan], model="none")
    assert any("known to be this patient" in text for row in consult.document()["answer"]["not_answered"]
               for text in row["needs"])  # fmt: skip
    consult.correct("image.1.identity", "confirmed", by="Dr A")
    consult.correct("lookup.pointed_1", {"points": [[12, 12, "+"]], "slice": 6}, by="Dr A")
    assert any(text.startswith("mass volume") for text in claims(consult))


def test_an_image_that_nothing_looked_at_is_said_to_be_unread(osler: ClinicalAssistant, series: Path) -> None:
    """What it shows is unknown: passages and entries about the same thing must not read as its finding."""
    found = osler.consult("Is there a pneumothorax?", PATIENT, images=[series], model="none").document()
    (told,) = [row for row in found["answer"]["not_answered"] if row["what"].startswith("What image 1 shows")]
    assert told["reason"] == "no_evidence" and "not read" in told["needs"][0] and told["slots"] == ["image.1"]
    assert "CT" in told["what"]


def test_what_was_looked_at_is_not(lungs: Consultation, osler: ClinicalAssistant, series: Path) -> None:
    waits = osler.consult("How big is the nodule?", PATIENT, images=[series], model="none")
    for consult in (lungs, waits):
        assert not [row for row in consult.document()["answer"]["not_answered"] if "shows" in row["what"]]


def test_two_structures_are_each_outlined_and_measured(osler: ClinicalAssistant, series: Path) -> None:
    found = osler.consult("How big are the left lung and the airway?", PATIENT, images=[series], model="none")
    text = claims(found)
    assert any("left lung volume" in one for one in text) and any("airway volume" in one for one in text)
    first, second = record(found, "lookup.outline_1"), record(found, "lookup.outline_1_2")
    assert first["bindings"]["identity"] == second["bindings"]["identity"] == "picture_1.identity"
    found.correct("lookup.outline_1_2", value=None, by="Dr A", reason="leaks")
    text = claims(found)
    assert any("left lung volume" in one for one in text) and not any("airway volume" in one for one in text)
    assert record(found, "lookup.sizes_1") and record(found, "lookup.sizes_1_2")["status"] == "skipped"
