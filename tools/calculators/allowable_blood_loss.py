"""Maximum allowable blood loss from blood volume and haematocrit."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import WEIGHT, choice
from tools.calculators.gases import HAEMATOCRIT
from tools.calculators.reference import Reference, Verified

GROUPS = {
    "adult_male": "man (75 mL/kg)",
    "adult_female": "woman (65 mL/kg)",
    "infant": "infant (80 mL/kg)",
    "term_neonate": "term neonate (85 mL/kg)",
    "preterm_neonate": "preterm neonate (95 mL/kg)",
}
ML_PER_KG = {"adult_male": 75.0, "adult_female": 65.0, "infant": 80.0, "term_neonate": 85.0, "preterm_neonate": 95.0}


def allowable_blood_loss(weight: float, patient_group: str, haematocrit: float, lowest_haematocrit: float) -> Outcome:
    """mL; haematocrits in per cent."""
    volume = weight * ML_PER_KG[patient_group]
    terms = (Term("Blood volume", volume, "mL"), Term("Fall in haematocrit", haematocrit - lowest_haematocrit, "%"))
    if lowest_haematocrit >= haematocrit:
        return Outcome(0.0, terms, ("The haematocrit is already at or below the lowest acceptable one",))
    return Outcome(volume * (haematocrit - lowest_haematocrit) / haematocrit, terms)


CALCULATOR = Calculator(
    name="allowable_blood_loss",
    title="Maximum allowable blood loss",
    synonyms=("MABL", "ABL", "allowable blood loss", "acceptable blood loss"),
    purpose=(
        "Estimates how much blood a patient can lose in surgery before the haematocrit falls to a chosen minimum."
    ),
    specialty="anaesthesia",
    inputs=(
        WEIGHT.but(plausible=(0.5, 250), max_age_days=30),
        choice(
            "patient_group", "Group, for the blood volume", GROUPS, ask="Man, woman, infant, term or preterm neonate?"
        ),
        HAEMATOCRIT.but(monotone=True),
        HAEMATOCRIT.but(
            name="lowest_haematocrit",
            title="Lowest acceptable haematocrit",
            monotone=True,
            codings=(),
            max_age_days=None,
            ask="Which haematocrit is the lowest you accept?",
            plausible=(12, 50),
            example={"value": 25, "unit": "%"},
        ),
    ),
    notes=("Gross's formula of 1983 divides by the mean haematocrit instead, which gives more",),
    result=Result("Allowable blood loss", "mL"),
    references=(
        Reference(
            "University of Iowa, Iowa Head and Neck Protocols: maximum allowable blood loss.",
            "definition",
            url="https://medicine.uiowa.edu/iowaprotocols/maximum-allowable-blood-loss",
            verified=Verified(
                "https://medicine.uiowa.edu/iowaprotocols/maximum-allowable-blood-loss",
                "2026-11-22",
                (
                    "University of Iowa Health Care; American Society of Anesthesiologists, Monitor, ACE question, "
                    "for the same formula"
                ),
                (
                    "blood volume times the fall in haematocrit over the first haematocrit; 5 kg at 80 mL/kg from 36 "
                    "to 25 % is 122 mL"
                ),
            ),
        ),
        Reference(
            "Manuel's Web: calculate allowable blood loss (blood volumes by group).",
            "definition",
            url="https://www.manuelsweb.com/blood_loss.htm",
            verified=Verified(
                "https://www.manuelsweb.com/blood_loss.htm",
                "2026-11-22",
                "Manuel's Web, a site of anaesthesia nurses, after Morgan and Mikhail",
                "95, 85, 80, 75 and 65 mL/kg for preterm, term, infant, man and woman",
            ),
        ),
    ),
    compute=allowable_blood_loss,
)
