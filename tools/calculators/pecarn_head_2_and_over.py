"""PECARN head injury rule, 2 years and over."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def pecarn_head_2_and_over(
    age: float,
    altered_mental_status: bool,
    basal_fracture_signs: bool,
    loss_of_consciousness: bool,
    vomiting: bool,
    severe_mechanism: bool,
    severe_headache: bool,
) -> Outcome:
    """High, intermediate or very low risk; age only decides whether it applies."""
    terms = (
        Term("Altered mental status", altered_mental_status),
        Term("Sign of basal skull fracture", basal_fracture_signs),
        Term("Loss of consciousness", loss_of_consciousness),
        Term("Vomiting", vomiting),
        Term("Severe mechanism of injury", severe_mechanism),
        Term("Severe headache", severe_headache),
    )
    if altered_mental_status or basal_fracture_signs:
        return Outcome("high", terms)
    lesser = loss_of_consciousness or vomiting or severe_mechanism or severe_headache
    return Outcome("intermediate" if lesser else "very_low", terms)


CALCULATOR = Calculator(
    name="pecarn_head_2_and_over",
    title="PECARN head injury rule, 2 years and over",
    synonyms=("PECARN 2 years and over", "PECARN", "paediatric head injury rule", "pediatric head trauma rule"),
    purpose=(
        "Decides whether a child of 2 years or older with a head injury is at very low risk of an "
        "important brain injury."
    ),
    specialty="emergency medicine",
    inputs=(
        AGE.but(plausible=(2, 17.99)),
        boolean(
            "altered_mental_status",
            "Altered mental status",
            ask="Coma scale 14, agitated, sleepy, slow to answer or repeating questions?",
        ),
        boolean(
            "basal_fracture_signs",
            "Sign of basal skull fracture",
            ask="Blood behind the eardrum, raccoon eyes, Battle sign, leak of cerebrospinal fluid?",
        ),
        boolean("loss_of_consciousness", "Loss of consciousness", ask="Any or suspected loss of consciousness?"),
        boolean("vomiting", "Vomiting", ask="Any vomiting?"),
        boolean(
            "severe_mechanism",
            "Severe mechanism of injury",
            ask=(
                "Ejection, death of a passenger, rollover, pedestrian or cyclist without helmet struck, fall over"
                " 1.5 m, hit by a high-impact object?"
            ),
        ),
        boolean("severe_headache", "Severe headache", ask="Severe headache?"),
    ),
    population=Population(
        "children of 2 to under 18 years with a coma scale of 14 or 15 after head injury",
        at_least={"age": 2},
        below={"age": 18},
    ),
    example_inputs={"age": {"value": 8, "unit": "a"}},
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
                "from 2 years: two findings of high risk, four lesser ones; the mechanisms",
            ),
        ),
    ),
    compute=pecarn_head_2_and_over,
)
