"""Grades and classes: every grade, its meaning, and the two that are worked out from findings."""

from __future__ import annotations

import pytest
from vectors import counted, worked

from tools.calculators import calculator

GRADES = {
    "hunt_hess": ("clinical_grade", range(1, 6)),
    "modified_rankin": ("disability", range(7)),
    "rass": ("sedation_state", range(-5, 5)),
    "asa_physical_status": ("systemic_disease", range(1, 7)),
    "mallampati": ("pharyngeal_view", range(1, 5)),
    "killip": ("killip_class", range(1, 5)),
}


@pytest.mark.parametrize("name", GRADES)
def test_a_grade_is_its_number(name: str) -> None:
    asked, grades = GRADES[name]
    assert sorted(int(code) for code in calculator(name).input(asked).choices) == list(grades)
    for grade in grades:
        assert worked(name, **{asked: str(grade)}).value == grade


@pytest.mark.parametrize(
    ("name", "grade", "meaning"),
    [
        ("hunt_hess", 1, "no symptoms, or mild headache"),
        ("hunt_hess", 5, "coma"),
        ("modified_rankin", 0, "no symptoms"),
        ("modified_rankin", 2, "slight disability"),
        ("modified_rankin", 3, "moderate disability"),
        ("modified_rankin", 6, "dead"),
        ("rass", -5, "unrousable"),
        ("rass", -1, "drowsy"),
        ("rass", 0, "alert and calm"),
        ("rass", 4, "combative"),
        ("asa_physical_status", 4, "severe systemic disease that is a constant threat to life"),
        ("mallampati", 2, "not associated with difficult laryngoscopy"),
        ("mallampati", 3, "associated with difficult laryngoscopy"),
        ("killip", 1, "no signs of heart failure"),
        ("killip", 4, "cardiogenic shock"),
    ],
)
def test_the_meaning_of_a_grade(name: str, grade: int, meaning: str) -> None:
    assert worked(name, **{GRADES[name][0]: str(grade)}).label == meaning


@pytest.mark.parametrize(
    ("gcs", "deficit", "grade"),
    [(15, False, 1), (14, False, 2), (13, False, 2), (14, True, 3), (13, True, 3)]
    + [(score, deficit, 4) for score in (12, 7) for deficit in (False, True)]
    + [(score, deficit, 5) for score in (6, 3) for deficit in (False, True)]
    + [(15, True, None)],
)
def test_wfns(gcs: int, deficit: bool, grade: int | None) -> None:
    assert worked("wfns_sah", gcs=gcs, motor_deficit=deficit).value == grade


def test_wfns_of_an_unknown_deficit_depends_on_it() -> None:
    assert worked("wfns_sah", gcs=14).range == (2, 3)
    assert worked("wfns_sah", gcs=8).value == 4


@pytest.mark.parametrize(
    ("blood", "ventricles", "grade", "vasospasm"),
    [
        ("none", False, 0, 0),
        ("thin", False, 1, 24),
        ("thin", True, 2, 33),
        ("none", True, 2, 33),
        ("thick", False, 3, 33),
        ("thick", True, 4, 40),
    ],
)
def test_modified_fisher(blood: str, ventricles: bool, grade: int, vasospasm: int) -> None:
    result = counted("modified_fisher", subarachnoid_blood=blood, intraventricular_blood=ventricles)
    assert (result.value, result.label) == (grade, f"symptomatic vasospasm {vasospasm} %")


def test_the_levels_of_sedation_are_in_their_order() -> None:
    # What would change the level names the nearest one on either side.
    assert [int(code) for code in calculator("rass").input("sedation_state").choices] == list(range(4, -6, -1))
