"""The vocabulary of structures: every code is one that was read somewhere, every name is found again."""

from __future__ import annotations

import pickle

import pytest

from tools.errors import BadInput, NotAssessable
from tools.segmenters.prompts import NotAStructure, WhichStructure, structure_of
from tools.segmenters.segment import CODINGS, Segment
from tools.segmenters.structures import (
    OBJECT,
    coding_of,
    data,
    laterality_of,
    structure_and_side,
    structures,
    totalsegmentator_classes,
    zones,
)

# TotalSegmentator's classes of its task "total" (version 2), as its class map lists them.
SIDED = [
    "kidney",
    "adrenal_gland",
    "lung_upper_lobe",
    "lung_lower_lobe",
    "subclavian_artery",
    "common_carotid_artery",
    "brachiocephalic_vein",
    "iliac_artery",
    "iliac_vena",
    "humerus",
    "scapula",
    "clavicula",
    "femur",
    "hip",
    "gluteus_maximus",
    "gluteus_medius",
    "gluteus_minimus",
    "autochthon",
    "iliopsoas",
]
ALONE = [
    "spleen",
    "gallbladder",
    "liver",
    "stomach",
    "pancreas",
    "lung_middle_lobe_right",
    "esophagus",
    "trachea",
    "thyroid_gland",
    "small_bowel",
    "duodenum",
    "colon",
    "urinary_bladder",
    "prostate",
    "sacrum",
    "vertebrae_S1",
    "heart",
    "aorta",
    "pulmonary_vein",
    "brachiocephalic_trunk",
    "atrial_appendage_left",
    "superior_vena_cava",
    "inferior_vena_cava",
    "portal_vein_and_splenic_vein",
    "spinal_cord",
    "brain",
    "skull",
    "sternum",
    "costal_cartilages",
]
LEVELS = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
CLASSES = [
    *(f"{name}_{side}" for name in SIDED for side in ("left", "right")),
    *ALONE,
    *(f"vertebrae_{level}" for level in LEVELS),
    *(f"rib_{side}_{n}" for side in ("left", "right") for n in range(1, 13)),
]


def test_codes_are_those_of_dicom_where_they_are_said_to_be() -> None:
    from pydicom.sr._concepts_dict import concepts

    known = {code: meaning for row in concepts["SCT"].values() for code, (meaning, _) in row.items()}
    checked = 0
    for structure in structures().values():
        rows = [structure.coding] if structure.by == "dicom" else []
        by_side = [data_row for data_row in structure.sided if structure.name == "subclavian artery"]
        for coding in [*rows, *(found for _, found in by_side)]:
            assert coding is not None
            assert known[coding.code].removesuffix(" (body structure)") == coding.display, structure.name
            checked += 1
    for zone in zones().values():
        if zone.coding:
            assert known[zone.coding.code].removesuffix(" (body structure)") == zone.coding.display
            checked += 1
    assert checked > 100


def test_every_code_says_where_it_was_read_and_none_is_used_twice() -> None:
    codes: dict[str, str] = {}
    for structure in structures().values():
        if structure.coding is None:
            assert structure.by is None
            continue
        assert structure.by in ("dicom", "ts", "hl7")
        other = codes.setdefault(structure.coding.code, structure.name)
        assert other == structure.name or {other, structure.name} == {"phalanges of hand", "phalanges of foot"}


def test_segments_of_the_older_table_have_the_same_codes() -> None:
    for name, coding in CODINGS.items():
        found = structures()["lung"].coding if name == "lung" else coding_of(name)
        assert found is not None and found.code == coding.code, name


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_of_totalsegmentator_is_found_and_leads_back(name: str) -> None:
    prompt = structure_of(name)
    assert len(prompt.segments) == 1
    assert totalsegmentator_classes(prompt.segments[0]) == (name,)


def test_every_name_is_found_as_itself() -> None:
    for structure in structures().values():
        for segment in structure.segments():
            assert segment in structure_of(segment).segments
            assert structure_and_side(segment)[0] is structure
            coding_of(segment)
        assert structure.within is None or structure.within in structures()
        assert set(structure.zones) <= set(zones())
    for names in data()["ambiguous"].values():
        assert set(names) <= set(structures())


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("left lung base", ("left lung, base",)),
        ("both lungs", ("right lung", "left lung")),
        ("L lung", ("left lung",)),
        ("spleen", ("spleen",)),
        ("aorta", ("aorta",)),
        ("heart shadow", ("heart",)),
        ("upper lobe of the left lung", ("left upper lobe of lung",)),
        ("RUL", ("right upper lobe of lung",)),
        ("middle lobe", ("middle lobe of right lung",)),
        ("upper pole of the right kidney", ("right kidney, upper pole",)),
        ("left 5th rib", ("left fifth rib",)),
        ("third lumbar vertebra", ("L3 vertebra",)),
        ("left ventricle", ("left ventricle",)),
        ("left and right kidney", ("right kidney", "left kidney")),
        ("oesophagus", ("esophagus",)),
        ("large bowel", ("colon",)),
        ("Segment both kidneys on this CT, please", ("right kidney", "left kidney")),
    ],
)
def test_words_become_structures(text: str, segments: tuple[str, ...]) -> None:
    assert structure_of(text).segments == segments


@pytest.mark.parametrize(
    ("text", "meant"), [("splene", "spleen"), ("kindey", "kidney"), ("trachia", "trachea"), ("aortta", "aorta")]
)
def test_a_slip_is_read_and_said(text: str, meant: str) -> None:
    prompt = structure_of(text)
    assert prompt.structure == meant and prompt.respelt == ((text, meant),)


def test_names_that_differ_by_a_letter_are_not_taken_for_each_other() -> None:
    assert structure_of("ileum").structure == "ileum" and structure_of("ilium").structure == "ilium"
    assert structure_of("ureter").structure == "ureter" and structure_of("urethra").structure == "urethra"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("pneumonia severity", ""),
        ("is the liver enlarged?", "liver"),
        ("prognosis", ""),
        ("nodule", ""),
        ("liver metastasis", "liver"),
        ("how big is the spleen", "spleen"),
        ("spleen size", "spleen"),
        ("no spleen", "spleen"),
        ("hart", "heart"),
        ("left", ""),
        ("", ""),
        ("pancreas head", "pancreas"),
    ],
)
def test_what_is_no_structure_is_refused_with_what_is_near(text: str, near: str) -> None:
    with pytest.raises(NotAStructure) as refused:
        structure_of(text)
    assert near in str(refused.value.expected) and refused.value.action
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("lobe", "lower lobe of lung"),
        ("left heart", "left atrium"),
        ("ventricle", "right ventricle"),
        ("apex", "lung, apex"),
    ],
)
def test_several_are_asked_back(text: str, option: str) -> None:
    with pytest.raises(WhichStructure) as asked:
        structure_of(text)
    assert option in asked.value.options and asked.value.exit_code == 3
    assert isinstance(asked.value, NotAssessable)
    assert pickle.loads(pickle.dumps(asked.value)).options == asked.value.options


def test_the_kind_of_image_decides_between_several() -> None:
    assert structure_of("blood vessels", "fundus").structure == "retinal vessels"
    assert structure_of("blood vessels", "CT").structure == "lung vessels"
    with pytest.raises(WhichStructure):
        structure_of("blood vessels")


@pytest.mark.parametrize(
    "text", ["left liver", "left right lung", "left middle lobe", "liver and spleen", "both spleens"]
)
def test_contradictions_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        structure_of(text)


def test_side_is_in_the_code_or_beside_it() -> None:
    left = coding_of("left lung")
    assert left is not None and left.code == "44029006" and laterality_of("left lung") is None
    kidney, side = coding_of("left kidney"), laterality_of("left kidney")
    assert kidney is not None and kidney.code == "64033007" and side is not None and side.code == "7771000"
    zone = coding_of("left lung, base")
    assert zone is not None and zone.code == "281394001" and laterality_of("left lung, base") is not None
    assert laterality_of("spleen") is None and laterality_of(OBJECT) is None


def test_a_segment_without_a_verified_code_is_any_anatomical_structure() -> None:
    import numpy as np

    segment = Segment("left hip bone", np.ones((2, 2), dtype=bool), 0.5, "x", "1")
    assert coding_of("left hip bone") is None and segment.coding.code == "91723000"
    with pytest.raises(BadInput):
        coding_of("left spleen")
