"""Dose bands of labels, on both sides of every limit."""

from __future__ import annotations

from typing import Any

import pytest
from vectors import worked

STABLE: dict[str, Any] = {"age": 70, "unstable_creatinine": False}


@pytest.mark.parametrize(
    ("crcl", "band"),
    [(14.9, "outside"), (15, "reduced_caution"), (29.9, "reduced_caution"), (30, "reduced"), (49.9, "reduced"),
     (50, "full"), (120, "full")],
)  # fmt: skip
def test_rivaroxaban(crcl: float, band: str) -> None:
    assert worked("rivaroxaban_af_dose", **STABLE, crcl=crcl).value == band


@pytest.mark.parametrize(
    ("crcl", "weight", "inhibitor", "band"),
    [
        (14.9, 80, False, "outside"), (14.9, 50, True, "outside"), (15, 80, False, "reduced"),
        (50, 80, False, "reduced"), (50.1, 80, False, "full"), (90, 60, False, "reduced"), (90, 60.1, False, "full"),
        (90, 80, True, "reduced"),
    ],
)  # fmt: skip
def test_edoxaban(crcl: float, weight: float, inhibitor: bool, band: str) -> None:
    found = worked("edoxaban_af_dose", **STABLE, crcl=crcl, weight=weight, pgp_inhibitor=inhibitor)
    assert found.value == band


@pytest.mark.parametrize(
    ("crcl", "dialysis", "inhibitor", "band"),
    [
        (14.9, False, "none", "outside"), (15, False, "none", "reduced"), (30, False, "none", "reduced"),
        (30.1, False, "none", "full"), (90, True, "none", "outside"), (30, False, "other", "outside"),
        (30.1, False, "other", "full"), (30.1, False, "dronedarone_ketoconazole", "reduced"),
        (50, False, "dronedarone_ketoconazole", "reduced"), (50.1, False, "dronedarone_ketoconazole", "full"),
        (20, False, "dronedarone_ketoconazole", "outside"),
    ],
)  # fmt: skip
def test_dabigatran_in_the_united_states(crcl: float, dialysis: bool, inhibitor: str, band: str) -> None:
    found = worked("dabigatran_af_dose_us", **STABLE, crcl=crcl, dialysis=dialysis, dabigatran_pgp_inhibitor=inhibitor)
    assert found.value == band


@pytest.mark.parametrize(("crcl", "band"), [(14.9, "outside"), (15, "reduced"), (29.9, "reduced"), (30, "usual")])
def test_enoxaparin(crcl: float, band: str) -> None:
    found = worked("enoxaparin_renal_dose", **STABLE, crcl=crcl, weight=84)
    assert found.value == band
    assert "1 mg/kg (100 IU/kg): 84 mg" in found.steps


@pytest.mark.parametrize(
    ("weight", "crcl", "band"),
    [(49.9, 60, "low"), (50, 60, "middle"), (100, 60, "middle"), (100.1, 60, "high"), (80, 29.9, "outside"),
     (80, 30, "middle")],
)  # fmt: skip
def test_fondaparinux(weight: float, crcl: float, band: str) -> None:
    assert worked("fondaparinux_treatment_dose", **STABLE, weight=weight, crcl=crcl).value == band


@pytest.mark.parametrize(
    ("weight", "risk", "single", "daily"),
    [(4, False, 30, "120 mg"), (10, False, 75, "300 mg"), (10.1, False, 151.5, "606 mg"), (33, False, 495, "1980 mg"),
     (34, False, 510, "2040 mg"), (50, True, 750, "3000 mg"), (50.1, True, 1000, "3000 mg"),
     (50.1, False, 1000, "4000 mg"), (90, False, 1000, "4000 mg")],
)  # fmt: skip
def test_paracetamol_by_vein(weight: float, risk: bool, single: float, daily: str) -> None:
    found = worked("paracetamol_iv_dose", weight=weight, hepatotoxicity_risk=risk)
    assert found.value == pytest.approx(single)
    assert f"Most in 24 hours, from all sources: {daily}" in found.steps


def test_a_risk_that_is_not_known_matters_only_above_50_kg() -> None:
    assert worked("paracetamol_iv_dose", weight=40).value == 600
    heavy = worked("paracetamol_iv_dose", weight=80)
    assert heavy.value == 1000
    assert any("3000 to 4000 mg" in step for step in heavy.steps)


@pytest.mark.parametrize(("weight", "total"), [(5, 1500), (70, 21000), (100, 30000), (100.1, 30000), (140, 30000)])
def test_acetylcysteine(weight: float, total: float) -> None:
    found = worked("acetylcysteine_iv_dose", weight=weight)
    assert found.value == pytest.approx(total)
    assert f"First infusion, over 1 hour = 150 mg/kg = {total / 2:g} mg" in found.steps


def test_acetylcysteine_below_5_kg_is_outside_the_table() -> None:
    assert worked("acetylcysteine_iv_dose", weight=4.9).applicable is False


@pytest.mark.parametrize(("weight", "total"), [(50, 45), (70, 63), (99.9, 89.91), (100, 90), (130, 90)])
def test_alteplase(weight: float, total: float) -> None:
    found = worked("alteplase_stroke_dose", age=70, weight=weight)
    assert found.value == pytest.approx(total)
    assert f"Bolus, a tenth: {float(f'{total / 10:.4g}'):g} mg" in found.steps
