"""Canadian CT head rule for minor head injury."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def canadian_ct_head(
    minor_head_injury: bool,
    age: float,
    gcs_below_15_at_2h: bool,
    open_depressed_fracture: bool,
    basal_fracture_signs: bool,
    vomited_twice: bool,
    amnesia_before_impact: bool,
    dangerous_mechanism: bool,
) -> Outcome:
    """High, medium or no criterion."""
    high = points(
        ("Coma scale below 15 after 2 hours", gcs_below_15_at_2h, 1),
        ("Suspected open or depressed skull fracture", open_depressed_fracture, 1),
        ("Sign of basal skull fracture", basal_fracture_signs, 1),
        ("Vomited twice or more", vomited_twice, 1),
        ("Age 65 or older", age >= 65, 1),
    )
    medium = points(
        ("Amnesia of 30 minutes before impact", amnesia_before_impact, 1),
        ("Dangerous mechanism", dangerous_mechanism, 1),
    )
    terms = (*high.terms, *medium.terms)
    if not minor_head_injury:
        return Outcome(
            None,
            terms,
            ("The rule holds for minor head injuries without anticoagulant, bleeding disorder or seizure only",),
        )
    return Outcome("high" if high.value else "medium" if medium.value else "negative", terms)


CALCULATOR = Calculator(
    name="canadian_ct_head",
    title="Canadian CT head rule",
    synonyms=("CCHR", "Canadian CT head injury rule", "CT head rule"),
    purpose=(
        "Decides whether an adult with a minor head injury has risk factors for neurosurgery or brain injury on CT."
    ),
    specialty="emergency medicine",
    inputs=(
        boolean(
            "minor_head_injury",
            "Minor head injury",
            ask=(
                "Coma scale 13 to 15 with loss of consciousness, amnesia or confusion, and no anticoagulant, bleeding "
                "disorder, seizure or obvious open skull fracture?"
            ),
        ),
        AGE.but(cuts=(65.0,), plausible=(16, 110)),
        boolean(
            "gcs_below_15_at_2h",
            "Coma scale below 15 after 2 hours",
            ask="Coma scale below 15 two hours after the injury?",
        ),
        boolean(
            "open_depressed_fracture",
            "Suspected open or depressed skull fracture",
            ask="Suspected open or depressed skull fracture?",
        ),
        boolean(
            "basal_fracture_signs",
            "Sign of basal skull fracture",
            ask="Blood behind the eardrum, raccoon eyes, Battle sign, leak of cerebrospinal fluid?",
        ),
        boolean("vomited_twice", "Vomited twice or more", ask="Two or more episodes of vomiting?"),
        boolean(
            "amnesia_before_impact",
            "Amnesia of 30 minutes before impact",
            ask="Amnesia of 30 minutes or more before the impact?",
        ),
        boolean(
            "dangerous_mechanism",
            "Dangerous mechanism",
            ask="Pedestrian struck, ejected, or a fall of over 3 feet or 5 stairs?",
        ),
    ),
    population=Population("people of 16 or older with a minor head injury", at_least={"age": 16}),
    example_inputs={"minor_head_injury": True, "age": {"value": 40, "unit": "a"}},
    result=Result(
        "Canadian CT head rule",
        source="https://pmc.ncbi.nlm.nih.gov/articles/PMC4766169/table/Tab1",
        codes=(
            Code("negative", "no criterion", "none of the seven criteria"),
            Code("medium", "medium risk", "medium risk of brain injury on CT"),
            Code("high", "high risk", "high risk of neurosurgical intervention"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            (
                "Stiell IG, et al. Comparison of the Canadian CT Head Rule and the New Orleans Criteria in "
                "patients with minor head injury. JAMA 2005;294:1511-1518."
            ),
            "validation",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC4766169/table/Tab1",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4766169/table/Tab1",
                "2026-11-22",
                "PubMed Central, table 1; Pathway and WikEM for the exclusions and mechanisms",
                "five findings of high risk for neurosurgery, two of medium risk for brain injury on CT",
            ),
        ),
    ),
    compute=canadian_ct_head,
)
