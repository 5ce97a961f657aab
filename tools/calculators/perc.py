"""PERC: pulmonary embolism rule-out criteria, for patients whose clinical probability is already low."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE, HEART_RATE, SPO2, boolean
from tools.calculators.reference import Reference, Verified


def perc(
    low_pretest: bool,
    age: float,
    heart_rate: float,
    spo2: float,
    haemoptysis: bool,
    oestrogen: bool,
    prior_vte: bool,
    unilateral_leg_swelling: bool,
    recent_surgery_trauma: bool,
) -> Outcome:
    """`positive` where any criterion is present; `negative` only where the pre-test probability is low."""
    criteria = {
        "Age 50 or older": age >= 50,
        "Heart rate 100/min or more": heart_rate >= 100,
        "Oxygen saturation below 95%": spo2 < 95,
        "Haemoptysis": haemoptysis,
        "Oestrogen": oestrogen,
        "Previous DVT or PE": prior_vte,
        "Unilateral leg swelling": unilateral_leg_swelling,
        "Surgery or trauma within 4 weeks": recent_surgery_trauma,
    }
    terms = (
        *(Term(name, present) for name, present in criteria.items()),
        Term("Criteria present", float(sum(criteria.values()))),
        Term("Low pre-test probability", low_pretest),
    )
    if any(criteria.values()):
        return Outcome("positive", terms)
    if not low_pretest:
        return Outcome(None, terms, ("PERC applies only where the clinical pre-test probability is low: no result",))
    return Outcome("negative", terms)


CALCULATOR = Calculator(
    name="perc",
    title="PERC rule for pulmonary embolism",
    synonyms=("PERC", "pulmonary embolism rule-out criteria", "rule out PE without D-dimer"),
    purpose="Eight criteria whose absence makes testing for pulmonary embolism unnecessary in an adult whose clinical "
    "pre-test probability is low.",
    specialty="emergency medicine",
    inputs=(
        boolean("low_pretest", "Low pre-test probability", ask="Is the clinical probability of PE judged low?"),
        AGE.but(cuts=(50.0,), plausible=(18, 110), example={"value": 34, "unit": "a"}),
        HEART_RATE.but(cuts=(100.0,)),
        SPO2.but(cuts=(95.0,), ask="Oxygen saturation on room air"),
        boolean("haemoptysis", "Haemoptysis", ask="Coughing up blood?"),
        boolean("oestrogen", "Oestrogen", ask="Taking oestrogen (contraceptive or hormone replacement)?"),
        boolean("prior_vte", "Previous DVT or PE", ask="Any previous deep vein thrombosis or pulmonary embolism?"),
        boolean("unilateral_leg_swelling", "Unilateral leg swelling", ask="One leg swollen?"),
        boolean(
            "recent_surgery_trauma",
            "Surgery or trauma within 4 weeks",
            ask="Surgery or trauma needing hospital care within 4 weeks?",
        ),
    ),
    population=ADULTS,
    example_inputs={"low_pretest": True},
    result=Result(
        "PERC",
        source="doi:10.1111/j.1538-7836.2004.00790.x",
        rules_out=("negative",),
        codes=(
            Code("negative", "negative", "no criterion present, pre-test probability low"),
            Code("positive", "positive", "at least one criterion present"),
        ),
    ),
    references=(
        Reference(
            "Kline JA, et al. Clinical criteria to prevent unnecessary diagnostic testing in emergency department "
            "patients with suspected pulmonary embolism. J Thromb Haemost 2004;2:1247-1255.",
            "derivation",
            doi="10.1111/j.1538-7836.2004.00790.x",
            pmid="15304025",
            verified=Verified(
                "http://www.fammedref.org/decision-tools/perc-pe",
                "2026-11-22",
                "Family Medicine Reference, citing the paper",
                "the eight criteria, and that they rule out only with a low pre-test probability",
            ),
        ),
    ),
    compute=perc,
)
