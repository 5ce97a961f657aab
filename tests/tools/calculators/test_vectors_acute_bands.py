"""Bands of the acute scores on both sides of their limits, and their ranges where something is not known."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import counted
from vectors_acute import CALM

ACS = {"age": 60, "heart_rate": 80, "systolic_bp": 125, "creatinine": 0.9}


@pytest.mark.parametrize(
    ("name", "present", "changed", "label"),
    [
        ("ich_score", (), {}, "30-day mortality 0 %"),
        ("ich_score", ("infratentorial", "intraventricular_blood"), {"age": 80}, "30-day mortality 72 %"),
        ("lrinec", (), {"crp": 150, "wbc": 15}, "low risk"),
        ("lrinec", (), {"crp": 150, "sodium": 130}, "moderate risk"),
        ("lrinec", (), {"crp": 150, "sodium": 130, "creatinine": 2}, "high risk"),
        ("hacor", (), {"gcs": 12}, "18 % failed"),
        ("hacor", (), {"gcs": 12, "heart_rate": 121}, "78 % failed"),
        ("grace_acs", (), {**ACS, "killip_class": "1"}, "low: in-hospital death below 1 %"),  # 108 points
        ("grace_acs", (), {**ACS, "killip_class": "2"}, "intermediate: in-hospital death 1 to 3 %"),
        ("grace_acs", (), {**ACS, "killip_class": "3"}, "high: in-hospital death above 3 %"),
        ("mascc", (), {"burden_of_illness": "none_mild"}, "low risk of complications"),
        ("mascc", (), {"burden_of_illness": "moderate"}, "high risk of complications"),
        ("alvarado", ("rlq_tenderness", "anorexia"), {"wbc": 12}, "equivocal"),
        ("ranson", ("haematocrit_fall",), {"pao2": 55}, "mortality below 1 %"),
        ("ranson", ("haematocrit_fall",), {"pao2": 55, "age": 60}, "mortality 15 %"),
        ("canadian_syncope_risk", (), {"diagnosis_in_department": "vasovagal"}, "very low risk"),
        ("canadian_syncope_risk", (), {}, "low risk"),
        ("canadian_syncope_risk", ("troponin_raised", "heart_disease"), {"qrs_duration": 140}, "high risk"),
        ("modified_nutric", ("two_comorbidities",), {"age": 76, "sofa_score": 7}, "low nutritional risk"),
        ("modified_nutric", ("two_comorbidities",), {"age": 76, "sofa_score": 10}, "high nutritional risk"),
        ("tisdale_qt", ("sepsis", "heart_failure"), {}, "low risk"),
        ("tisdale_qt", ("sepsis", "heart_failure"), {"age": 70}, "moderate risk"),
        ("apfel", (), {}, "10 % had nausea or vomiting"),
        ("apfel", (), {"sex": "female"}, "21 % had nausea or vomiting"),
        ("apfel", (), {"sex": "female", "smoker": False}, "39 % had nausea or vomiting"),
        ("apfel", ("postoperative_opioids",), {"sex": "female", "smoker": False}, "61 % had nausea or vomiting"),
        (
            "apfel",
            ("postoperative_opioids", "ponv_or_motion_sickness"),
            {"sex": "female", "smoker": False},
            "79 % had nausea or vomiting",
        ),
        ("padua_vte", ("active_cancer",), {"age": 71}, "high risk"),
    ],
)
def test_bands(name: str, present: tuple[str, ...], changed: dict[str, Any], label: str) -> None:
    assert counted(name, present, **{**CALM[name], **changed}).label == label


def test_an_unused_measure_of_oxygen_makes_no_difference() -> None:
    result = counted("smart_cop", **{**CALM["smart_cop"], "pao2": None, "pao2_fio2": None})
    assert (result.value, result.missing) == (0, ["pao2", "pao2_fio2"])


def test_a_score_of_unknown_items_is_a_range() -> None:
    result = counted("ich_score", **{**CALM["ich_score"], "haematoma_volume": None})
    assert (result.value, result.range) == (None, (0, 1))
    assert result.label == "30-day mortality 0 % or 30-day mortality 13 %"
