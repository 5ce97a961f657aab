"""Over the whole catalogue: two numbers of one calculator are never read from the same place."""

from __future__ import annotations

from collections import Counter

import pytest

from knowledge.terminology import default_terminology
from tools.calculators import calculator
from tools.calculators.catalog import NAMES
from tools.fill.record import reads_for
from tools.fill.slots import fill, rule_for


@pytest.mark.parametrize("name", NAMES)
def test_no_two_numbers_are_read_from_one_place(name: str) -> None:
    declared = calculator(name)
    numbers = [entry for entry in declared.inputs if entry.numeric]
    notes = Counter(
        (rule["measure"], rule.get("choose"), rule.get("when"))
        for rule in (rule_for(name, entry) for entry in numbers)
        if "measure" in rule
    )
    record = Counter(
        (read.tool, str(sorted(read.arguments.items())))
        for entry in numbers
        for read in reads_for(declared, entry, default_terminology())
    )
    assert not {place: count for place, count in (notes + record).items() if count > 1}


def test_a_urine_or_an_earlier_value_is_not_taken_for_the_serum_value_of_now() -> None:
    note = "Serum magnesium 0.6 mmol/L, creatinine 1.9 mg/dL. Height 170 cm."
    assert "urine_magnesium" not in fill("fe_magnesium", note).inputs
    assert "baseline_creatinine" not in fill("kdigo_aki_stage", note).inputs
    assert "mother_height" not in fill("mid_parental_height", note).inputs
