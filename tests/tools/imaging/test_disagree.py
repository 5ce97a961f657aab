"""Disagreements about an image: both statements with their evidence, no winner, and none where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.evidence import Derivation, DicomRegion, Evidence, FhirElement, ImageRegion, ModelReading
from tools.imaging.disagree import (
    Disagreement,
    Says,
    findings,
    heart_size,
    kind_of_image,
    laterality,
    lung_removed,
    of_reading,
    sides,
)

FILM = "f" * 64
WORDS = {"cardiomegaly": ("Cardiomegaly", "enlarged heart"), "effusion": ("Pleural effusion",)}


def reading(words: str, *boxes: tuple[str, tuple[int, int, int, int]]) -> Evidence:
    regions = tuple(ImageRegion(image=FILM, label=label, box=box) for label, box in boxes)
    return Evidence(
        slot="lookup.image.1",
        display=f"tiny: “{words}” (a model's opinion)",
        source=ModelReading(model="tiny", prompt_version="1", images=(FILM,), regions=regions),
    )


def fact(name: str, value: Any, unit: str | None = None) -> Evidence:
    return Evidence(
        slot=f"image.1.{name}", value=value, unit=unit, display=f"{name}: {value}",
        source=DicomRegion(file_sha256=FILM, frame=0),
    )  # fmt: skip


def record(value: bool | None, display: str = "Cardiomegaly: recorded") -> Evidence:
    return Evidence(slot="finding", value=value, display=display, source=FhirElement(reference="Condition/1"))


def ratio(low: float, high: float) -> Evidence:
    return Evidence(
        slot="film_ratio", value=(low + high) / 2, unit="1", range=(low, high), display=f"{(low + high) / 2:.2f}",
        source=Derivation(tool="image.cardiothoracic", version="1"),
    )  # fmt: skip


def both(card: Disagreement, one: Evidence, other: Evidence) -> None:
    """Each side stands with its id, and nothing says which is right."""
    assert card.evidence == (one.id, other.id)
    assert one.id in card.first and other.id in card.second
    text = f"{card.first} {card.second} {card.look}".casefold()
    assert not any(word in text for word in ("correct one", "is wrong", "is right", "therefore", "rather"))


def test_a_model_and_the_record_on_a_finding() -> None:
    said, held = reading("The heart: cardiomegaly is seen."), record(False)
    (card,) = findings([*of_reading(said, WORDS), Says("cardiomegaly", False, held, "the record")])
    assert (card.kind, card.about) == ("finding", "cardiomegaly")
    both(card, said, held)


@pytest.mark.parametrize(
    "words",
    ["No cardiomegaly.", "Cardiomegaly is excluded.", "The heart is normal, not an enlarged heart.", "An opacity."],
)
def test_words_that_exclude_or_say_nothing_disagree_with_nothing(words: str) -> None:
    assert of_reading(reading(words), WORDS) == []


def test_silence_disagrees_with_nothing() -> None:
    held = Says("cardiomegaly", True, record(True), "the record")
    assert findings([held]) == findings([]) == findings([held, held]) == []


@pytest.mark.parametrize(
    ("present", "span", "against", "cards"),
    [
        (True, (0.40, 0.48), (), 1),
        (True, (0.42, 0.52), (), 0),
        (True, (0.55, 0.62), (), 0),
        (False, (0.55, 0.62), (), 1),
        (False, (0.45, 0.55), (), 0),
        (True, (0.40, 0.48), ("AP view",), 0),
    ],
)
def test_a_heart_called_enlarged_and_its_ratio(
    present: bool, span: tuple[float, float], against: tuple[str, ...], cards: int
) -> None:
    said, measured = record(present), ratio(*span)
    found = heart_size(Says("cardiomegaly", present, said, "the record"), measured, 0.5, against)
    assert len(found) == cards
    for card in found:
        both(card, said, measured)
        assert "not validated" in card.look


def test_calipers_of_a_person_have_no_range_and_are_not_compared() -> None:
    bare = ratio(0.4, 0.44).model_copy(update={"range": None})
    assert heart_size(Says("cardiomegaly", True, record(True), "the record"), bare, 0.5, ()) == []
    assert heart_size(None, ratio(0.4, 0.44), 0.5, ()) == []


@pytest.mark.parametrize(
    ("label", "box", "flipped", "cards"),
    [
        ("opacity, right lower zone", (300, 10, 380, 90), False, 1),
        ("opacity, right lower zone", (300, 10, 380, 90), True, 0),
        ("opacity, right lower zone", (20, 10, 90, 90), False, 0),
        ("opacity, left lower zone", (20, 10, 90, 90), False, 1),
        ("opacity, left lower zone", (150, 10, 250, 90), False, 0),
        ("opacity", (300, 10, 380, 90), False, 0),
        ("right and left hilum", (300, 10, 380, 90), False, 0),
    ],
)
def test_a_side_that_is_named_and_the_side_a_box_lies_on(
    label: str, box: tuple[int, int, int, int], flipped: bool, cards: int
) -> None:
    said, film = reading("An opacity.", (label, box)), fact("calipers", "drawn")
    found = sides(said, 200.0, film, flipped=flipped)
    assert len(found) == cards
    for card in found:
        both(card, said, film)


@pytest.mark.parametrize(
    ("side", "words", "cards"),
    [
        ("L", "Is there a fracture of the right hand?", 1),
        ("left", "Is there a fracture of the left hand?", 0),
        ("R", "Compare right with left", 0),
        ("R", "Any fracture?", 0),
        (None, "right hand", 0),
    ],
)
def test_the_side_of_the_body(side: str | None, words: str, cards: int) -> None:
    image, asked = fact("side", side), reading(words)
    found = laterality(image, asked, words)
    assert len(found) == cards
    for card in found:
        both(card, image, asked)


@pytest.mark.parametrize(
    ("kind", "words", "cards"),
    [
        ("DX", "This CT shows a nodule.", 1),
        ("CT", "This CT shows a nodule.", 0),
        ("DX", "The radiograph shows a nodule.", 0),
        ("CT", "The radiograph shows a nodule.", 1),
        ("DX", "A nodule.", 0),
        (None, "This CT shows a nodule.", 0),
    ],
)
def test_the_kind_of_image(kind: str | None, words: str, cards: int) -> None:
    assert len(kind_of_image(fact("modality", kind), reading(words))) == cards


@pytest.mark.parametrize(
    ("removed", "right", "left", "cards"),
    [(True, 20.0, 18.0, 1), (True, 20.0, 4.0, 0), (None, 20.0, 18.0, 0), (False, 20.0, 18.0, 0), (True, 20.0, None, 0)],
)
def test_a_lung_that_was_removed_and_is_outlined(
    removed: bool | None, right: float, left: float | None, cards: int
) -> None:
    lungs = {"right": fact("lungs.right", right, "%"), "left": fact("lungs.left", left, "%")}
    held = record(removed, "Left pneumonectomy, 2019")
    found = lung_removed("left", held, lungs)  # type: ignore[arg-type]
    assert len(found) == cards
    for card in found:
        both(card, held, lungs["left"])
    # The other lung's own outline is nobody's doubt.
    if removed and left is not None and left < right / 2:
        assert lung_removed("right", held, lungs)  # type: ignore[arg-type]
