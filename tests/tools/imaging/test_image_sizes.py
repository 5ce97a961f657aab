"""`image.pick`, `image.landmarks` and `image.measure` in a consultation: a moved end measures again, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import CT, instance, saved
from PIL import Image as Pillow

from agent import ClinicalAssistant
from tools.context import ImageFile
from tools.errors import BadInput, UsageError
from tools.imaging.corrections import corrected_region
from tools.imaging.describe import region
from tools.imaging.measures.lines import Landmark
from tools.imaging.reading import read_image
from tools.imaging.sizes import MASK, landmarks_text, mask_of, of_landmarks, of_mask, read_landmarks

QUESTION = "A lung nodule was found by chance on CT. When is the next CT due?"
HERS: dict[str, Any] = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}
FOUR = [[100, 120], [114, 120], [107, 114], [107, 126]]


def slice_with_nodule(path: Path, **elements: Any) -> Path:
    """A CT slice of the demo patient with a nodule of 7 x 6 mm at half-millimetre pixels."""
    y, x = np.mgrid[:256, :256]
    nodule = ((x - 107) / 7) ** 2 + ((y - 120) / 6) ** 2 <= 1
    stored = np.where(nodule, 1064, 150).astype(np.uint16)
    given = {**HERS, "Modality": "CT", "PixelSpacing": [0.5, 0.5], "RescaleSlope": 1, "RescaleIntercept": -1024}
    return saved(instance(stored, CT, **{**given, **elements}), path)


@pytest.fixture(scope="module")
def consult(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = slice_with_nodule(tmp_path_factory.mktemp("ct") / "slice.dcm")
    return osler.consult(QUESTION, "demo-af", images=[path], model="none")


def held(consult: Any, slot: str) -> dict[str, Any]:
    """The evidence that fills a slot now."""
    document = consult.document()
    record = [row for row in document["records"] if row["slot"] == slot][-1]
    found: dict[str, Any] = document["evidence"][record["evidence"][0]]
    return found


def test_landmarks_measure_the_nodule_and_a_moved_end_measures_again(consult: Any) -> None:
    assert held(consult, "nodule_ct")["value"] == held(consult, "nodule_landmarks")["source"]["file_sha256"]
    assert held(consult, "nodule_landmarks")["value"] is None
    set_ = consult.correct("nodule_landmarks", value=FOUR, by="Dr A", reason="drawn on the slice")
    # It could not be measured before: that is a first run, of what hangs on it a further one.
    assert {"nodule_size", "nodule_follow_up"} <= set(set_["rerun"])
    assert not {"nodule_ct", "nodule_identity", "nodule_cancer"} & set(set_["rerun"])
    found = held(consult, "nodule_measured")
    assert (found["value"], found["unit"]) == (6.5, "mm") and found["range"][0] < 6.5 < found["range"][1]
    source = found["source"]
    assert source["kind"] == "dicom" and source["frame"] == 0 and source["box"] == [100, 114, 114, 126]
    assert (source["pixel_spacing_mm"], source["spacing_source"]) == ([0.5, 0.5], "PixelSpacing")
    assert source["algorithm"] == "by hand" and source["validated"] is None
    assert held(consult, "nodule_size")["value"] == 6.5
    moved = consult.correct("nodule_landmarks", value={"2": [118, 120]}, by="Dr B")
    assert "nodule_measured" in moved["rerun"] and held(consult, "nodule_measured")["value"] == 7.5


def test_what_is_refused(consult: Any) -> None:
    consult.correct("nodule_landmarks", value=FOUR, by="Dr A")
    for wrong in ([[1, 2]], [[1, 2], [300, 4]], [[1, 2, 3], [4, 5, 6]], "far left", {"5": [1, 2]}, {"1": [999, 2]}):
        with pytest.raises(BadInput):
            consult.correct("nodule_landmarks", value=wrong, by="Dr A")
    with pytest.raises(UsageError, match="measured on an outline"):
        consult.correct("nodule_measured", value={"value": 3, "unit": "mm"}, by="Dr A")


def test_known_cancer_is_said_and_ends_the_intervals(consult: Any) -> None:
    """Safety rule 16."""
    consult.correct("nodule_cancer", value=True, by="Dr A", reason="breast cancer 2019")
    answer = consult.document()["answer"]
    said = " ".join(claim["text"] for claim in answer["claims"])
    assert "these intervals do not apply" in said and "nodule may be a metastasis" in said
    assert held(consult, "nodule_follow_up")["value"] is None


def four() -> list[Landmark]:
    return [(float(x), float(y)) for x, y in FOUR]


def test_every_measure_of_landmarks_and_masks(tmp_path: Path) -> None:
    image = read_image(slice_with_nodule(tmp_path / "a.dcm"))
    values = {kind: of_landmarks(kind, four(), image).value for kind in ("distance", "long axis", "short axis")}  # type: ignore[arg-type]
    assert values == {"distance": 7.0, "long axis": 7.0, "short axis": 6.0}
    assert (
        of_landmarks("angle", four(), image).value == 90 and of_landmarks("mean diameter", four(), image).value == 6.5
    )
    mask = np.asarray(image.values) > 0
    # Fifteen by thirteen pixels.
    assert of_mask("mean diameter", mask, image).value == pytest.approx(7.0, abs=0.1)
    assert of_mask("mean density", mask, image).value == 40 and of_mask("area", mask, image).unit == "cm2"
    for kind in ("area", "mean density"):
        with pytest.raises(BadInput):
            of_landmarks(kind, four(), image)  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        of_landmarks("mean diameter", four()[:2], image)
    with pytest.raises(BadInput):
        of_mask("distance", mask, image)
    assert read_landmarks(landmarks_text(four(), edited=True), image) == four()


def test_an_outline_is_drawn_where_there_was_none(tmp_path: Path) -> None:
    path = slice_with_nodule(tmp_path / "a.dcm")
    image = read_image(path)
    file = ImageFile(path, image.sha256, path.name)
    place = region(image, segment=MASK)
    stroke = [{"points": [[107, 120]], "radius": 6, "inside": True}]
    first, shown = corrected_region(stroke, "", place, file)
    assert first.startswith("mask:") and "by hand" in shown
    drawn = mask_of(image, first, tmp_path)
    assert drawn[120, 107] and drawn.sum() == pytest.approx(np.pi * 36, rel=0.1)
    more, _ = corrected_region([{"points": [[120, 120]], "radius": 3, "inside": True}], first, place, file)
    assert mask_of(image, more, tmp_path).sum() > drawn.sum()
    # A PNG does not say who drew it; a person can.
    Pillow.fromarray(drawn.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    unknown, shown = corrected_region(str(tmp_path / "mask.png"), "", place, file)
    assert (
        unknown.startswith("drawn:") and "unvalidated" in shown and (mask_of(image, unknown, tmp_path) == drawn).all()
    )
    known, shown = corrected_region({"mask": str(tmp_path / "mask.png"), "by_hand": True}, unknown, place, file)
    assert known.startswith("mask:") and "by hand" in shown and (mask_of(image, known, tmp_path) == drawn).all()
    for wrong in ([{"points": [[900, 120]], "radius": 6, "inside": True}], "[{'points': 1}]"):
        with pytest.raises(BadInput):
            corrected_region(wrong, "", place, file)


def test_no_scale_no_millimetres(osler: ClinicalAssistant, tmp_path: Path) -> None:
    """Safety rule 15, in evidence: pixels are shown, no value is given, and nothing is decided on them."""
    path = slice_with_nodule(tmp_path / "slice.dcm", PixelSpacing=None)
    consult = osler.consult(QUESTION, "demo-af", images=[path], model="none")
    consult.correct("nodule_landmarks", value=FOUR, by="Dr A")
    found = held(consult, "nodule_measured")
    assert found["value"] is None and found["unit"] is None and found["source"]["pixel_spacing_mm"] is None
    assert "13 pixels" in found["display"] and "not in mm" in found["display"]
    assert held(consult, "nodule_size")["value"] is None
