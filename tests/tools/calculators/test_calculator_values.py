"""Known answers: from publications, or worked out by hand with another program, not with this code."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators import run


def q(value: float, unit: str, comparator: str | None = None) -> dict[str, Any]:
    return {"value": value, "unit": unit} | ({"comparator": comparator} if comparator else {})


@pytest.mark.parametrize(
    ("creatinine", "age", "sex", "expected"),
    [
        (0.9, 50, "male", 104.049013),  # the knot for men: both terms are 1
        (0.8, 50, "male", 107.816698),  # just below it: a knot of 0.7 would give 92
        (1.0, 50, "male", 91.691479),
        (0.7, 50, "female", 105.297601),  # the knot for women
        (0.6, 30, "female", 123.757864),
        (0.9, 55, "female", 75.498805),
        (3.5, 82, "male", 16.711486),
    ],
)
def test_ckd_epi_2021(creatinine: float, age: float, sex: str, expected: float) -> None:
    inputs = {"creatinine": q(creatinine, "mg/dL"), "age": q(age, "a"), "sex": sex}
    assert run("ckd_epi_2021", inputs).value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "sex", "expected"),
    [
        (30, 70, 1.0, "male", 7700 / 72),
        (30, 60, 1.0, "female", 6600 * 0.85 / 72),
        (80, 60, 1.5, "male", 3600 / 108),
        (40, 100, 1.0, "male", 10000 / 72),  # actual weight, whatever the height
    ],
)
def test_cockcroft_gault(age: float, weight: float, creatinine: float, sex: str, expected: float) -> None:
    inputs = {"age": q(age, "a"), "weight": q(weight, "kg"), "creatinine": q(creatinine, "mg/dL"), "sex": sex}
    result = run("cockcroft_gault", inputs)
    assert result.value == pytest.approx(expected)
    assert "actual body weight" in result.steps[0]


AF = dict.fromkeys(("heart_failure", "hypertension", "diabetes", "stroke_tia_te", "vascular_disease"), False)


@pytest.mark.parametrize(
    ("age", "sex", "present", "vasc", "va"),
    [
        (64, "male", (), 0, 0),
        (64, "female", (), 1, 0),
        (65, "male", (), 1, 1),
        (74, "female", ("hypertension",), 3, 2),
        (75, "male", ("hypertension", "diabetes"), 4, 4),
        (80, "female", tuple(AF), 9, 8),
        (50, "male", ("stroke_tia_te",), 2, 2),
    ],
)
def test_cha2ds2_scores(age: float, sex: str, present: tuple[str, ...], vasc: float, va: float) -> None:
    inputs = {**AF, **dict.fromkeys(present, True), "age": q(age, "a")}
    assert run("cha2ds2_va", inputs).value == va
    assert run("cha2ds2_vasc", {**inputs, "sex": sex}).value == vasc


BLED = (
    "hypertension_uncontrolled",
    "abnormal_renal",
    "abnormal_liver",
    "stroke",
    "bleeding",
    "labile_inr",
    "antiplatelet_nsaid",
    "alcohol",
)


@pytest.mark.parametrize(
    ("age", "present", "expected", "label"),
    [
        (65, (), 0, "not high risk"),
        (66, (), 1, "not high risk"),
        (66, BLED[:2], 3, "high risk"),
        (70, BLED, 9, "high risk"),
    ],
)
def test_has_bled(age: float, present: tuple[str, ...], expected: float, label: str) -> None:
    result = run("has_bled", {**dict.fromkeys(BLED, False), **dict.fromkeys(present, True), "age": q(age, "a")})
    assert (result.value, result.label) == (expected, label)


@pytest.mark.parametrize(
    ("haemoglobin", "sex", "age", "bleeding", "egfr", "antiplatelet", "expected", "label"),
    [
        (12.9, "male", 74, False, 60, False, 2, "low risk"),
        (12.9, "female", 74, False, 60, False, 0, "low risk"),
        (13.0, "male", 75, True, 90, False, 3, "medium risk"),
        (11.9, "female", 75, True, 59.9, True, 7, "high risk"),
    ],
)
def test_orbit(
    haemoglobin: float,
    sex: str,
    age: float,
    bleeding: bool,
    egfr: float,
    antiplatelet: bool,
    expected: float,
    label: str,
) -> None:
    result = run(
        "orbit",
        {
            "haemoglobin": q(haemoglobin, "g/dL"),
            "sex": sex,
            "age": q(age, "a"),
            "bleeding": bleeding,
            "egfr": q(egfr, "mL/min/{1.73_m2}"),
            "antiplatelet": antiplatelet,
        },
    )
    assert (result.value, result.label) == (expected, label)


@pytest.mark.parametrize(
    ("age", "weight", "creatinine", "expected"),
    [
        (79, q(60, "kg"), q(1.49, "mg/dL"), "full"),
        (80, q(60, "kg"), q(1.0, "mg/dL"), "reduced"),
        (80, q(60.1, "kg"), q(133, "umol/L"), "reduced"),  # the label: 133 µmol/L
        (80, q(61, "kg"), q(132, "umol/L"), "full"),
        (60, q(132, "[lb_av]"), q(1.5, "mg/dL"), "reduced"),
    ],
)
def test_apixaban(age: float, weight: dict[str, Any], creatinine: dict[str, Any], expected: str) -> None:
    assert run("apixaban_af_dose", {"age": q(age, "a"), "weight": weight, "creatinine": creatinine}).value == expected


WELLS = ("dvt_signs", "pe_most_likely", "immobilisation_surgery", "prior_vte", "haemoptysis", "malignancy")


@pytest.mark.parametrize(
    ("present", "heart_rate", "expected", "label"),
    [
        ((), 100, 0, "PE unlikely"),
        ((), 101, 1.5, "PE unlikely"),
        (("pe_most_likely", "malignancy"), 80, 4, "PE unlikely"),
        (("pe_most_likely",), 110, 4.5, "PE likely"),
        (WELLS, 120, 12.5, "PE likely"),
    ],
)
def test_wells(present: tuple[str, ...], heart_rate: float, expected: float, label: str) -> None:
    inputs = {**dict.fromkeys(WELLS, False), **dict.fromkeys(present, True), "heart_rate": q(heart_rate, "/min")}
    result = run("wells_pe", inputs)
    assert (result.value, result.label) == (expected, label)


GENEVA = ("prior_vte", "surgery_fracture", "malignancy", "unilateral_leg_pain", "haemoptysis", "leg_tenderness_oedema")


@pytest.mark.parametrize(
    ("age", "present", "heart_rate", "expected", "label"),
    [
        (65, (), 74, 0, "low probability"),
        (66, (), 75, 4, "intermediate probability"),
        (40, ("prior_vte",), 94, 6, "intermediate probability"),
        (40, ("prior_vte", "unilateral_leg_pain"), 95, 11, "high probability"),
        (70, GENEVA, 130, 22, "high probability"),
    ],
)
def test_revised_geneva(age: float, present: tuple[str, ...], heart_rate: float, expected: float, label: str) -> None:
    inputs = {**dict.fromkeys(GENEVA, False), **dict.fromkeys(present, True)}
    result = run("revised_geneva", {**inputs, "age": q(age, "a"), "heart_rate": q(heart_rate, "/min")})
    assert (result.value, result.label) == (expected, label)


@pytest.mark.parametrize(
    ("age", "d_dimer", "expected"),
    [(40, 499, "below"), (40, 500, "above"), (50, 499, "below"), (78, 779, "below"), (78, 780, "above")],
)
def test_age_adjusted_d_dimer(age: float, d_dimer: float, expected: str) -> None:
    assert run("age_adjusted_d_dimer", {"age": q(age, "a"), "d_dimer": q(d_dimer, "ng/mL{FEU}")}).value == expected


@pytest.mark.parametrize(
    ("items", "d_dimer", "expected"),
    [(0, 999, "excluded"), (0, 1000, "ctpa"), (1, 499, "excluded"), (1, 500, "ctpa"), (3, 400, "excluded")],
)
def test_years(items: int, d_dimer: float, expected: str) -> None:
    names = ("dvt_signs", "haemoptysis", "pe_most_likely")
    inputs: dict[str, Any] = {name: number < items for number, name in enumerate(names)}
    assert run("years", {**inputs, "d_dimer": q(d_dimer, "ng/mL{FEU}")}).value == expected


@pytest.mark.parametrize(
    ("age", "present", "heart_rate", "pressure", "saturation", "expected"),
    [(80, (), 109, 100, 90, 0), (81, (), 109, 100, 90, 1), (70, ("malignancy",), 110, 99, 89, 4)],
)
def test_spesi(
    age: float,
    present: tuple[str, ...],
    heart_rate: float,
    pressure: float,
    saturation: float,
    expected: float,
) -> None:
    inputs = {"malignancy": False, "chronic_cardiopulmonary": False, **dict.fromkeys(present, True)}
    result = run(
        "spesi",
        {
            **inputs,
            "age": q(age, "a"),
            "heart_rate": q(heart_rate, "/min"),
            "systolic_bp": q(pressure, "mm[Hg]"),
            "spo2": q(saturation, "%"),
        },
    )
    assert (result.value, result.label) == (expected, "low risk" if expected == 0 else "high risk")


def test_pesi() -> None:
    inputs = {
        "age": q(65, "a"),
        "sex": "female",
        "malignancy": False,
        "heart_failure": False,
        "chronic_lung_disease": False,
        "heart_rate": q(109, "/min"),
        "systolic_bp": q(100, "mm[Hg]"),
        "respiratory_rate": q(29, "/min"),
        "temperature": q(36, "Cel"),
        "altered_mental_status": False,
        "spo2": q(90, "%"),
    }
    least = run("pesi", inputs)
    assert (least.value, least.label) == (65, "class I, very low risk")
    worst = run(
        "pesi",
        {
            **inputs,
            "sex": "male",
            "malignancy": True,
            "heart_failure": True,
            "chronic_lung_disease": True,
            "heart_rate": q(110, "/min"),
            "systolic_bp": q(99, "mm[Hg]"),
            "respiratory_rate": q(30, "/min"),
            "temperature": q(96.7, "[degF]"),
            "altered_mental_status": True,
            "spo2": q(89, "%"),
        },
    )
    assert (worst.value, worst.label) == (65 + 230, "class V, very high risk")


@pytest.mark.parametrize(
    ("egfr", "expected"),
    [
        (90, "G1"),
        (89.9, "G2"),
        (60, "G2"),
        (59.9, "G3a"),
        (45, "G3a"),
        (44.9, "G3b"),
        (30, "G3b"),
        (29.9, "G4"),
        (15, "G4"),
        (14.9, "G5"),
    ],
)
def test_gfr_category(egfr: float, expected: str) -> None:
    assert run("kdigo_gfr_category", {"egfr": q(egfr, "mL/min/{1.73_m2}")}).value == expected


@pytest.mark.parametrize(
    ("acr", "unit", "expected"),
    [
        (29.9, "mg/g", "A1"),
        (30, "mg/g", "A2"),
        (300, "mg/g", "A2"),
        (301, "mg/g", "A3"),
        (2.9, "mg/mmol", "A1"),
        (3, "mg/mmol", "A2"),
        (30, "mg/mmol", "A2"),
        (30.1, "mg/mmol", "A3"),
        (33, "mg/mmol", "A3"),
        (120, "mg/g{creat}", "A2"),
    ],
)
def test_albuminuria_category_by_the_limits_of_its_own_unit(acr: float, unit: str, expected: str) -> None:
    assert run("kdigo_albuminuria_category", {"acr": q(acr, unit)}).value == expected


KDIGO_MAP = {
    95: ("low", "moderate", "high"),
    75: ("low", "moderate", "high"),
    50: ("moderate", "high", "very_high"),
    35: ("high", "very_high", "very_high"),
    20: ("very_high",) * 3,
    10: ("very_high",) * 3,
}


@pytest.mark.parametrize("egfr", KDIGO_MAP)
def test_kdigo_risk(egfr: float) -> None:
    found = [
        run("kdigo_risk", {"egfr": q(egfr, "mL/min/{1.73_m2}"), "acr": q(acr, "mg/g")}).value for acr in (10, 100, 1000)
    ]
    assert tuple(found) == KDIGO_MAP[int(egfr)]


@pytest.mark.parametrize(
    ("age", "sex", "egfr", "acr", "region", "expected"),
    [
        (70, "male", 25, q(50, "mg/mmol"), None, 32.303344),
        (60, "female", 40, q(100, "mg/g"), "non_north_american", 3.592007),
        (60, "female", 40, q(100, "mg/g"), "north_american", 4.311653),
        (57.28, "female", 15, q(1762.00184, "mg/g"), None, 89.885554),
    ],
)
def test_kfre(
    age: float,
    sex: str,
    egfr: float,
    acr: dict[str, Any],
    region: str | None,
    expected: float,
) -> None:
    inputs = {"age": q(age, "a"), "sex": sex, "egfr": q(egfr, "mL/min/{1.73_m2}"), "acr": acr, "region": region}
    result = run("kfre_4", inputs)
    assert result.value == pytest.approx(expected, abs=1e-4)
    assert any("outside North America" in step for step in result.steps) is (region != "north_american")


def test_kfre_holds_below_60_only() -> None:
    inputs = {"age": q(70, "a"), "sex": "male", "egfr": q(60, "mL/min/{1.73_m2}"), "acr": q(50, "mg/g")}
    result = run("kfre_4", inputs)
    assert (result.applicable, result.value) == (False, None)
    assert "below 60" in result.warnings[0]


@pytest.mark.parametrize(
    ("weight", "height", "expected", "label"),
    [(70, 175, 22.857143, "normal range"), (72.25, 170, 25.0, "overweight"), (46, 165, 16.896235, "underweight")],
)
def test_bmi(weight: float, height: float, expected: float, label: str) -> None:
    result = run("bmi", {"weight": q(weight, "kg"), "height": q(height, "cm")})
    assert (result.value, result.label) == (pytest.approx(expected), label)


def test_bsa() -> None:
    result = run("bsa_mosteller", {"weight": q(70, "kg"), "height": q(1.7, "m")})
    assert result.value == pytest.approx(1.818119, abs=1e-6)
