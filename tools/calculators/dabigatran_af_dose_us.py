"""Dabigatran in non-valvular atrial fibrillation: the dose band of the United States label."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE, boolean, choice
from tools.calculators.dosing_inputs import CRCL, LABEL_NOTE, UNSTABLE, if_stable
from tools.calculators.reference import Reference, Verified

SOURCE = "https://recallguide.org/manufacturer/boehringer-ingelheim-pharmaceuticals-inc"
ADJUSTMENTS = "https://rxdruglabels.com/lib/rx/rx-meds/pradaxa-1/page/2/"
INHIBITORS = {
    "none": "none",
    "dronedarone_ketoconazole": "dronedarone or ketoconazole by mouth or vein",
    "other": "another P-gp inhibitor",
}


def dabigatran_af_dose_us(
    age: float, crcl: float, dialysis: bool, dabigatran_pgp_inhibitor: str, unstable_creatinine: bool
) -> Outcome:
    """`full`, `reduced` or `outside`; age only gates."""
    strong = dabigatran_pgp_inhibitor == "dronedarone_ketoconazole"
    # The label says "above 30" and "15 to 30": 30 itself belongs to the lower band; so does the row "30 to 50".
    if dialysis or crcl < 15 or (crcl <= 30 and dabigatran_pgp_inhibitor != "none"):
        band = "outside"
    else:
        band = "reduced" if crcl <= 30 or (strong and crcl <= 50) else "full"
    terms = (
        Term("Age", age, "a"),
        Term("Creatinine clearance", crcl, "mL/min"),
        Term("P-gp inhibitor", INHIBITORS[dabigatran_pgp_inhibitor]),
    )
    return if_stable(unstable_creatinine, band, *terms)


CALCULATOR = Calculator(
    name="dabigatran_af_dose_us",
    title="Dabigatran dose band in atrial fibrillation (United States label)",
    synonyms=("dabigatran dose", "Pradaxa dose", "dabigatran renal dose", "dabigatran dose reduction"),
    purpose="Says which dose of dabigatran the United States label gives an adult with non-valvular atrial "
    "fibrillation at a creatinine clearance and with interacting drugs.",
    specialty="cardiology",
    inputs=(
        AGE.but(monotone=False, plausible=(18, 110)),
        CRCL.but(cuts=(15.0, 30.0, 50.0)),
        boolean("dialysis", "Dialysis", ask="On dialysis?"),
        choice(
            "dabigatran_pgp_inhibitor",
            "P-gp inhibitor",
            INHIBITORS,
            ask="Is dronedarone or systemic ketoconazole taken, or another P-gp inhibitor?",
        ),
        UNSTABLE,
    ),
    population=ADULTS,
    notes=(
        "The European label differs: not for use below 30 mL/min, and 110 mg twice daily from 80 years or with "
        "verapamil",
        LABEL_NOTE,
    ),
    result=Result(
        "Label dose",
        source=SOURCE,
        codes=(
            Code("outside", "no dose in the label", "below 15 mL/min, dialysis, or 30 or less with a P-gp inhibitor"),
            Code(
                "reduced",
                "75 mg twice daily",
                "15 to 30 mL/min, or 30 to 50 mL/min with dronedarone or systemic ketoconazole",
            ),
            Code(
                "full",
                "150 mg twice daily",
                "above 30 mL/min, or above 50 mL/min with dronedarone or systemic ketoconazole",
            ),
        ),
    ),
    references=(
        Reference(
            "Pradaxa (dabigatran etexilate), United States prescribing information: dosage and administration.",
            "definition",
            url=SOURCE,
            verified=Verified(
                SOURCE,
                "2026-11-22",
                "text of the label of Boehringer Ingelheim at recallguide.org (section 2.1)",
                "150 mg above 30 mL/min, 75 mg at 15 to 30, none below 15 or on dialysis; the rows on P-gp inhibitors",
            ),
        ),
        Reference(
            "Pradaxa (dabigatran etexilate) capsules, United States prescribing information: dosage adjustments (2.4).",
            "definition",
            url=ADJUSTMENTS,
            verified=Verified(
                ADJUSTMENTS,
                "2026-11-22",
                "rxdruglabels.com, text of a later United States label",
                "at 30 to 50 mL/min with dronedarone or systemic ketoconazole the dose is reduced to 75 mg; earlier "
                "labels said to consider it",
            ),
        ),
    ),
    compute=dabigatran_af_dose_us,
)
