"""PECARN head injury rule, under 2 years."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def pecarn_head_under_2(
    age: float,
    altered_mental_status: bool,
    palpable_skull_fracture: bool,
    scalp_haematoma: bool,
    loss_of_consciousness_5s: bool,
    severe_mechanism: bool,
    not_acting_normally: bool,
) -> Outcome:
    """High, intermediate or very low risk; age only decides whether it applies."""
    terms = (
        Term("Altered mental status", altered_mental_status),
        Term("Palpable skull fracture", palpable_skull_fracture),
        Term("Occipital, parietal or temporal scalp haematoma", scalp_haematoma),
        Term("Loss of consciousness of 5 seconds", loss_of_consciousness_5s),
        Term("Severe mechanism of injury", severe_mechanism),
        Term("Not acting normally", not_acting_normally),
    )
    if altered_mental_status or palpable_skull_fracture:
        return Outcome("high", terms)
    lesser = scalp_haematoma or loss_of_consciousness_5s or severe_mechanism or not_acting_normally
    return Outcome("intermediate" if lesser else "very_low", terms)


CALCULATOR = Calculator(
    name="pecarn_head_under_2",
    title="PECARN head injury rule, under 2 years",
    synonyms=("PECARN under 2", "PECARN", "paediatric head injury rule", "pediatric head trauma rule"),
    purpose=(
        "Decides whether an infant or toddler under 2 years with a head injury is at very low risk of an "
        "important brain injury."
    ),
    specialty="emergency medicine",
    inputs=(
        AGE.but(plausible=(0, 1.99)),
        boolean(
            "altered_mental_status",
            "Altered mental status",
            ask="Coma scale 14, agitated, sleepy, slow to answer or repeating questions?",
        ),
        boolean(
            "palpable_skull_fracture", "Palpable skull fracture", ask="Palpable or possibly palpable skull fracture?"
        ),
        boolean(
            "scalp_haematoma",
            "Occipital, parietal or temporal scalp haematoma",
            ask="A scalp haematoma other than frontal?",
        ),
        boolean(
            "loss_of_consciousness_5s",
            "Loss of consciousness of 5 seconds",
            ask="Loss of consciousness of 5 seconds or more?",
        ),
        boolean(
            "severe_mechanism",
            "Severe mechanism of injury",
            ask=(
                "Ejection, death of a passenger, rollover, pedestrian or cyclist without helmet struck, fall over"
                " 0.9 m, hit by a high-impact object?"
            ),
        ),
        boolean("not_acting_normally", "Not acting normally", ask="Not acting normally according to the parent?"),
    ),
    population=Population("children under 2 years with a coma scale of 14 or 15 after head injury", below={"age": 2}),
    example_inputs={"age": {"value": 1, "unit": "a"}},
    result=Result(
        "PECARN head injury rule",
        source="https://eval.health/pecarn-pediatric-head-injurytrauma-algorithm",
        codes=(
            Code("very_low", "very low risk", "very low risk of a clinically important brain injury"),
            Code("intermediate", "intermediate risk", "one of the lesser findings, none of the two of high risk"),
            Code("high", "high risk", "altered mental status or a sign of skull fracture"),
        ),
        rules_out=("very_low",),
    ),
    references=(
        Reference(
            (
                "Kuppermann N, et al. Identification of children at very low risk of clinically-important brain "
                "injuries after head trauma: a prospective cohort study. Lancet 2009;374:1160-1170."
            ),
            "derivation",
            url="https://eval.health/pecarn-pediatric-head-injurytrauma-algorithm",
            verified=Verified(
                "https://eval.health/pecarn-pediatric-head-injurytrauma-algorithm",
                "2026-11-22",
                "eval.health; KP CREST (Kaiser Permanente) and AJNR table 1 for the same items",
                "under 2 years: two findings of high risk, four lesser ones; none of them, risk below 0.02 %",
            ),
        ),
    ),
    compute=pecarn_head_under_2,
)
