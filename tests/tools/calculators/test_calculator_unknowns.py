"""Unknown is not absent: the range holds every completion, and nothing is ruled out on what is not known."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES
from tools.calculators.inputs import Input

Case = tuple[str, dict[str, Any], dict[str, Any]]


def q(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


def known(entry: Input) -> st.SearchStrategy[Any]:
    if entry.kind == "boolean":
        return st.booleans()
    if entry.kind == "code":
        return st.sampled_from(sorted(entry.choices))
    if entry.kind == "date":
        return st.dates(date(2020, 1, 1), date(2027, 1, 1)).map(str)
    assert entry.plausible
    low, high = entry.plausible
    edges = [cut for cut in entry.cuts if low <= cut <= high]
    numbers = st.floats(low, high).map(lambda value: round(value, 2)).filter(lambda value: low <= value <= high)
    return (st.sampled_from(edges) | numbers if edges else numbers).map(lambda value: q(value, entry.unit))


def same(first: float | str, second: float | str | None) -> bool:
    return first == second if isinstance(first, str) else second == pytest.approx(first, rel=1e-9)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A calculator, complete inputs, and the same with some of them hidden."""
    declared = calculator(draw(st.sampled_from(NAMES)))
    complete = {entry.name: draw(known(entry)) for entry in declared.inputs}
    hidden = draw(st.sets(st.sampled_from([entry.name for entry in declared.inputs if entry.default is None])))
    return declared.name, complete, {name: None if name in hidden else value for name, value in complete.items()}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_range_contains_every_completion(case: Case) -> None:
    name, complete, partial = case
    declared = calculator(name)
    full, open_ = run(declared.name, complete), run(declared.name, partial)
    if full.applicable is False:
        assert open_.applicable is not True
        return
    assert open_.applicable is not False
    if open_.value is not None:
        assert same(open_.value, full.value)
        assert full.label == open_.label
    if open_.range is not None:
        assert isinstance(full.value, float)
        assert open_.range[0] - 1e-9 <= full.value <= open_.range[1] + 1e-9
        assert full.label is None or full.label in str(open_.label)
    if any(value is None for value in partial.values()):
        assert open_.missing == [each for each in partial if partial[each] is None]
        assert open_.value not in declared.result.rules_out


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.sampled_from(["<", "<=", ">", ">="]))
def test_a_comparator_contains_every_value_it_allows(case: Case, comparator: str) -> None:
    name, complete, _ = case
    declared = calculator(name)
    for entry in declared.inputs:
        if not entry.numeric:
            continue
        value = complete[entry.name]["value"]
        assert entry.plausible
        other = value / 2 if comparator.startswith("<") else (value + entry.plausible[1]) / 2
        if other == value or not entry.plausible[0] <= other <= entry.plausible[1]:
            continue
        bound = run(declared.name, {**complete, entry.name: {**complete[entry.name], "comparator": comparator}})
        exact = run(declared.name, {**complete, entry.name: q(other, entry.unit)})
        if exact.applicable is False:
            assert bound.applicable is not True
            continue
        if bound.value is not None:
            assert same(bound.value, exact.value)
        if bound.range is not None:
            assert isinstance(exact.value, float)
            assert bound.range[0] - 1e-9 <= exact.value <= bound.range[1] + 1e-9


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(), st.data())
def test_declared_cuts_and_monotone_inputs_are_so(case: Case, data: st.DataObject) -> None:
    """`evaluate` relies on these two declarations; a wrong one would make a range too narrow."""
    name, complete, _ = case
    declared = calculator(name)
    entry = data.draw(st.sampled_from(declared.inputs))
    if not entry.numeric or not entry.plausible:
        return
    if entry.cuts:
        cuts = [entry.plausible[0], *(c for c in entry.cuts if entry.plausible[0] < c < entry.plausible[1])]
        start = data.draw(st.sampled_from(cuts))
        later = [c for c in (*cuts, entry.plausible[1]) if c > start]
        width = min(later) - start
        found = {
            run(declared.name, {**complete, entry.name: q(start + width * part, entry.unit)}).value
            for part in (0.01, 0.5, 0.99)
        }
        assert len(found) == 1
    elif entry.monotone:
        low, high = entry.plausible
        values = [
            run(declared.name, {**complete, entry.name: q(low + (high - low) * part / 12, entry.unit)}).value
            for part in range(13)
        ]
        order = [code.code for code in declared.result.codes]
        ranked = [order.index(v) if v in order else v for v in values if v is not None]
        assert ranked in (sorted(ranked), sorted(ranked, reverse=True))


def test_unknown_items_give_the_points_between() -> None:
    result = run(
        "cha2ds2_va",
        {
            "age": q(70, "a"),
            "hypertension": True,
            "diabetes": False,
            "stroke_tia_te": False,
        },
    )
    assert (result.value, result.range, result.display) == (None, (2.0, 4.0), "2 to 4 points")
    assert result.label == "high risk"
    assert result.missing == ["heart_failure", "vascular_disease"]
    assert [change.input for change in result.sensitivity] == ["heart_failure", "vascular_disease"]


def test_an_unknown_age_is_bounded_by_the_points_of_age() -> None:
    result = run(
        "cha2ds2_va",
        dict.fromkeys(
            ("heart_failure", "hypertension", "diabetes", "stroke_tia_te", "vascular_disease"),
            False,
        ),
    )
    assert (result.range, result.applicable) == ((0.0, 2.0), None)


def test_a_formula_without_one_of_its_numbers_has_no_range() -> None:
    result = run("cockcroft_gault", {"age": q(70, "a"), "weight": q(70, "kg"), "sex": "male"})
    assert (result.value, result.range, result.missing) == (None, None, ["creatinine"])


def test_sex_that_is_not_known_or_other_gives_both() -> None:
    for sex in (None, "unknown", "other"):
        result = run("ckd_epi_2021", {"creatinine": q(1.2, "mg/dL"), "age": q(70, "a"), "sex": sex})
        ends = tuple(
            run("ckd_epi_2021", {"creatinine": q(1.2, "mg/dL"), "age": q(70, "a"), "sex": each}).value
            for each in ("female", "male")
        )
        assert result.range == pytest.approx(ends)


def test_a_code_is_given_where_every_completion_agrees() -> None:
    result = run("kdigo_risk", {"egfr": q(12, "mL/min/{1.73_m2}")})
    assert (result.value, result.missing) == ("very_high", ["acr"])
    assert "makes no difference" in result.warnings[0]
    either = run("kdigo_risk", {"egfr": q(50, "mL/min/{1.73_m2}")})
    assert either.value is None
    assert either.label == "moderately increased or high or very high"


PERC: dict[str, Any] = {
    "low_pretest": True,
    "age": q(34, "a"),
    "heart_rate": q(80, "/min"),
    "spo2": q(98, "%"),
    "haemoptysis": False,
    "oestrogen": False,
    "prior_vte": False,
    "unilateral_leg_swelling": False,
    "recent_surgery_trauma": False,
}


def test_perc_is_negative_only_when_complete_and_the_probability_is_low() -> None:
    assert run("perc", PERC).value == "negative"
    ungated = run("perc", {**PERC, "low_pretest": False})
    assert ungated.value is None
    assert "pre-test probability is low" in ungated.warnings[0]
    for name in PERC:
        assert run("perc", {**PERC, name: None}).value is None


def test_perc_is_positive_on_the_first_criterion_present() -> None:
    assert run("perc", {"haemoptysis": True}).value == "positive"
    assert run("perc", {**PERC, "spo2": q(94, "%"), "oestrogen": None}).value == "positive"
    assert run("perc", {**PERC, "age": q(50, "a"), "low_pretest": False}).value == "positive"


def test_years_excludes_nothing_while_an_item_is_unknown() -> None:
    low = {"d_dimer": q(300, "ng/mL{FEU}")}
    result = run("years", low)
    assert result.value is None
    assert "Nothing is ruled out" in result.warnings[0]
    assert run("years", {"d_dimer": q(1200, "ng/mL{FEU}")}).value == "ctpa"
    complete = dict.fromkeys(("dvt_signs", "haemoptysis", "pe_most_likely"), False)
    assert run("years", {**low, **complete}).value == "excluded"


def test_every_completion_of_has_bled_by_brute_force() -> None:
    names = [entry.name for entry in calculator("has_bled").inputs if entry.kind == "boolean"]
    hidden = names[:4]
    rest = dict.fromkeys(names[4:], True) | {"age": q(70, "a")}
    found = [
        run("has_bled", {**rest, **dict(zip(hidden, flags, strict=True))}).value
        for flags in itertools.product((False, True), repeat=len(hidden))
    ]
    numbers = [value for value in found if isinstance(value, float)]
    assert run("has_bled", rest).range == (min(numbers), max(numbers)) == (5.0, 9.0)
