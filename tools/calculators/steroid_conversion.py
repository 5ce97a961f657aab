"""Equivalent doses of glucocorticoids."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import choice, quantity
from tools.calculators.reference import Reference, Verified

EQUIVALENT_MG = {
    "hydrocortisone": 20.0,
    "cortisone": 25.0,
    "prednisolone": 5.0,
    "prednisone": 5.0,
    "methylprednisolone": 4.0,
    "triamcinolone": 4.0,
    "dexamethasone": 0.75,
    "betamethasone": 0.75,
}
DRUGS = {name: f"{name} ({mg:g} mg)" for name, mg in EQUIVALENT_MG.items()}


def steroid_conversion(from_steroid: str, dose: float, to_steroid: str) -> Outcome:
    """mg of the second drug with the anti-inflammatory effect of the dose of the first."""
    terms = (
        Term(f"Equivalent of {from_steroid}", EQUIVALENT_MG[from_steroid], "mg"),
        Term(f"Equivalent of {to_steroid}", EQUIVALENT_MG[to_steroid], "mg"),
    )
    return Outcome(dose / EQUIVALENT_MG[from_steroid] * EQUIVALENT_MG[to_steroid], terms)


CALCULATOR = Calculator(
    name="steroid_conversion",
    title="Glucocorticoid equivalent dose",
    synonyms=("steroid conversion", "steroid equivalence", "corticosteroid conversion", "prednisolone equivalent"),
    purpose="Converts a dose of one glucocorticoid to the equivalent dose of another.",
    specialty="endocrinology",
    inputs=(
        choice("from_steroid", "Glucocorticoid taken", DRUGS, ask="Which glucocorticoid?"),
        quantity(
            "dose",
            "Dose",
            "mg",
            plausible=(0.1, 1500),
            possible=(0, 20000),
            monotone=True,
            example={"value": 100, "unit": "mg"},
        ),
        choice("to_steroid", "Glucocorticoid wanted", DRUGS, ask="Equivalent in which glucocorticoid?"),
    ),
    example_inputs={"to_steroid": "prednisolone"},
    notes=(
        "Anti-inflammatory effect of oral or intravenous doses; mineralocorticoid effect and duration differ",
        "Betamethasone is given as 0.6 to 0.75 mg; 0.75 mg is used",
    ),
    result=Result("Equivalent dose", "mg", decimals=2),
    references=(
        Reference(
            "Meikle AW, Tyler FH. Potency and duration of action of glucocorticoids. Am J Med 1977;63:200-207.",
            "derivation",
            doi="10.1016/0002-9343(77)90233-9",
            verified=Verified(
                "https://globalrph.com/medcalcs/corticosteroid-converter-based-on-anti-inflammatory-potency/",
                "2026-11-22",
                "GlobalRPh, D. McAuley, pharmacist",
                "cortisone 25, hydrocortisone 20, prednisolone and prednisone 5, methylprednisolone and "
                "triamcinolone 4, dexamethasone 0.75, betamethasone 0.6 to 0.75 mg",
            ),
        ),
    ),
    compute=steroid_conversion,
)
