"""Whole calculators filled from a note: which value, why, what was converted or inferred, and what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES
from tools.errors import BadInput
from tools.fill.numbers import UNITS
from tools.fill.slots import SLOTS, fill
from tools.fill.text import MOST_CHARACTERS
from tools.fill.vocabulary import vocabulary

NOTE = """A 62-year-old woman. Height 5'4", weight 154 lb. Creatinine was 1.0 mg/dL two years ago.
Laboratory: sodium 131 mmol/L, glucose 22 mmol/L, creatinine 190, albumin 31 g/L."""


def test_the_latest_creatinine_fills_the_egfr() -> None:
    found = fill("ckd_epi_2021", NOTE)
    creatinine = found.filled["creatinine"]
    assert creatinine.value == {"value": pytest.approx(190 * 0.011312), "unit": "mg/dL"}
    assert creatinine.converted == "µmol/L to mg/dL" and "only usual unit" in creatinine.inferred
    assert [other.value for other in creatinine.others] == [1.0]
    assert creatinine.why and creatinine.mention is not None and creatinine.mention.quote == "creatinine 190"
    assert run("ckd_epi_2021", found.inputs).value is not None and found.missing == ()


def test_the_question_may_say_which_time_is_meant() -> None:
    note = "A 62-year-old woman. On admission creatinine was 2.1 mg/dL. At discharge creatinine was 1.1 mg/dL."
    assert fill("ckd_epi_2021", note).inputs["creatinine"]["value"] == 1.1
    asked = fill("ckd_epi_2021", note, question="What was her GFR when she was first admitted?")
    assert asked.inputs["creatinine"]["value"] == 2.1


def test_sizes_in_other_units() -> None:
    found = fill("bmi", NOTE)
    assert run("bmi", found.inputs).value == pytest.approx(26.43, abs=0.01)


def test_what_the_note_does_not_give_is_missing() -> None:
    found = fill("corrected_calcium", NOTE)
    assert found.missing == ("calcium",) and "calcium" not in found.inputs
    assert fill("corrected_calcium", NOTE, unmentioned="absent").missing == ("calcium",)


def test_a_number_whose_unit_could_be_two_is_asked_for() -> None:
    found = fill("bmi", "A man of 45 years, height 180 cm, weight 90.")
    assert found.missing == ("weight",) and "more than one would fit" in found.ambiguous["weight"].why


def test_a_unit_that_is_not_read_is_asked_for_and_never_guessed() -> None:
    found = fill("ckd_epi_2021", "A 62-year-old woman, creatinine 90 micromole/dl.")
    assert found.missing == ("creatinine",) and "none of this measure" in found.ambiguous["creatinine"].why


def test_results_of_one_sample_are_taken_together() -> None:
    note = (
        """Sodium was 126 mmol/L. Later blood gases and electrolytes: Na 140 mmol/L, Cl 104 mmol/L, HCO3 24 mmol/L."""
    )
    found = fill("anion_gap", note)
    assert found.inputs["sodium"]["value"] == 140 and "one sample" in found.filled["sodium"].why
    assert [other.value for other in found.filled["sodium"].others] == [126]


def test_a_birth_weight_is_not_an_adults() -> None:
    found = fill("bmi", "A 33-year-old woman, 165 cm tall, gave birth to a live baby measuring 3600 g in weight.")
    assert found.missing == ("weight",)
    newborn = fill("maintenance_fluids", "A 2-day-old neonate with birth weight 2.9 kg.")
    assert newborn.inputs["weight"] == {"value": 2.9, "unit": "kg"}


def test_urea_is_turned_into_urea_nitrogen() -> None:
    found = fill("serum_osmolality", "Na 140 mmol/L, glucose 90 mg/dL, urea 60 mg/dL")
    assert found.inputs["urea_nitrogen"]["value"] == pytest.approx(28.0, abs=0.05)


def test_an_input_without_a_measure_of_its_own_is_found_by_its_title() -> None:
    found = fill("das28_crp", "Tender joints: 5, swollen joints 3. CRP 12 mg/L.")
    assert found.inputs["tender_joints"]["value"] == 5 and found.inputs["swollen_joints"]["value"] == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LMP 12 Mar 2025", "2025-03-12"),
        ("Last menstrual period: March 12th, 2025", "2025-03-12"),
        ("last menstrual period was on 2025-03-12", "2025-03-12"),
        ("LMP 12/03/2025. Seen on 20/08/2025.", "2025-03-12"),
        ("LMP 03/12/2025. Seen on 08/20/2025.", "2025-03-12"),
        ("LMP 23.04.2025", "2025-04-23"),
    ],
)
def test_dates(text: str, expected: str) -> None:
    assert fill("estimated_due_date", text).inputs == {"last_menstrual_period": expected}


def test_a_menstrual_cycle_is_not_a_course_of_chemotherapy() -> None:
    assert fill("due_date_by_cycle", "LMP 12 Mar 2025, regular 30-day cycles.").inputs["cycle_length"]["value"] == 30
    assert "cycle_length" in fill("due_date_by_cycle", "Six cycles of 21 days of chemotherapy.").missing


def test_a_date_that_can_be_two_days_is_asked_for() -> None:
    found = fill("estimated_due_date", "LMP 12/03/2025.")
    assert found.missing and "2025-03-12" in found.ambiguous["last_menstrual_period"].why
    settled = fill("estimated_due_date", "LMP 12/03/2025.", question="Answer as M/D/Y, for instance 08/31/2023.")
    assert settled.inputs["last_menstrual_period"] == "2025-12-03"


def test_doses_a_day() -> None:
    note = "Oxycodone 10 mg q6h, 30 mg of morphine 2 times a day, fentanyl patch 25 mcg/h every 72 hours."
    found = fill("mme_cdc_2022", note, unmentioned="absent")
    assert found.inputs["oxycodone_dose"] == {"value": 40, "unit": "mg/d"}
    assert found.inputs["morphine_dose"] == {"value": 60, "unit": "mg/d"}
    assert found.inputs["fentanyl_patch_dose"] == {"value": 25, "unit": "ug/h"}
    assert run("mme_cdc_2022", found.inputs).value == pytest.approx(40 * 1.5 + 60 + 25 * 2.4)
    assert "codeine_dose" in found.assumed and "codeine_dose" in fill("mme_cdc_2022", note).missing


@pytest.mark.parametrize(
    "text",
    ["tramadol 50 mg prn", "tramadol 50 mg", "previously tramadol 50 mg bd", "tramadol 50 mg twice weekly",
     "tramadol 50 mg bd then tramadol 100 mg bd at night only as needed"],
)  # fmt: skip
def test_an_uncertain_dose_is_asked_for(text: str) -> None:
    found = fill("mme_cdc_2022", text, unmentioned="absent")
    assert "tramadol_dose" in found.missing or found.inputs["tramadol_dose"]["value"] == 100


def test_a_patch_in_milligrams_is_not_converted() -> None:
    found = fill("mme_cdc_2022", "40 mg of fentanyl patch 1 time a day", unmentioned="absent")
    assert "fentanyl_patch_dose" in found.missing


def test_the_question_names_the_steroid_wanted() -> None:
    found = fill("steroid_conversion", "Takes 40 mg of prednisone.", question="equivalent dose of hydrocortisone?")
    assert found.inputs["from_steroid"] == "prednisone" and found.inputs["to_steroid"] == "hydrocortisone"
    assert run("steroid_conversion", found.inputs).value == 160


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("x" * (MOST_CHARACTERS + 1), "characters"),
        ("Der Patient ist ein 62-jähriger Mann, der wegen Fieber auf die Station kam und behandelt wurde. "
         "Er hat eine Niereninsuffizienz und der Blutdruck ist nicht hoch.", "German"),
        ("Paciente de 62 años que acude por fiebre y tos desde hace una semana, sin dolor, con una analítica normal.",
         "Spanish"),
        ("患者は六十二歳の男性で発熱のため入院した。血清クレアチニンは高値であった。腎不全と診断された。", "script"),
    ],
)  # fmt: skip
def test_a_note_that_cannot_be_read_is_a_typed_error(text: str, expected: str) -> None:
    with pytest.raises(BadInput, match=expected):
        fill("bmi", text)


@pytest.mark.parametrize(
    "text",
    ["BMI 24. Na 138, K 4.1.", "62M CP", "Die-cast factory worker, 70 kg, 180 cm", "O/E: alert. Plan: do ECG, no a/b.",
     "Creatinine 1.2 mg/dL\nUrea 40 mg/dL\nAlbumin 3.1 g/dL"],
)  # fmt: skip
def test_short_english_notes_and_panels_are_read(text: str) -> None:
    fill("bmi", text)


def test_every_rule_of_a_number_names_an_input_of_its_calculator_and_a_measure() -> None:
    known = vocabulary().measures
    for path in sorted(Path(SLOTS).glob("*.yaml")):
        rules = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("inputs", {})
        numbers = {name: rule for name, rule in rules.items() if {"measure", "drug_dose", "chosen", "date"} & set(rule)}
        for name, rule in numbers.items():
            assert {rule.get("measure", "weight"), *rule.get("or", ())} <= set(known), (path.name, name)
        if not path.stem.startswith("_"):
            assert path.stem in NAMES, path.name
            assert set(numbers) <= {entry.name for entry in calculator(path.stem).inputs}, path.name


def test_every_unit_of_a_measure_can_be_written_and_read() -> None:
    """A measure whose unit no note can be read with would never be found."""
    written = set(yaml.safe_load(UNITS.read_text(encoding="utf-8"))) | {"1", "[stone_av]"}
    for measure in vocabulary().measures.values():
        assert set(measure.units) <= written, measure.name
