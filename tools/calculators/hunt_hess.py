"""Hunt and Hess grade of a subarachnoid haemorrhage."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

CLINICAL_GRADE = {
    "1": "no symptoms, or mild headache and slight neck stiffness",
    "2": "moderate to severe headache, stiff neck, no deficit but a cranial nerve palsy",
    "3": "drowsy or confused, or mild focal deficit",
    "4": "stupor, moderate to severe hemiparesis",
    "5": "deep coma, decerebrate posturing",
}


def hunt_hess(clinical_grade: str) -> Outcome:
    """Grade 1 to 5."""
    return Outcome(float(clinical_grade))


CALCULATOR = Calculator(
    name="hunt_hess",
    title="Hunt and Hess grade",
    synonyms=("Hunt-Hess", "Hunt and Hess scale", "Hunt & Hess"),
    purpose=(
        "Grades how ill a patient with bleeding from a brain aneurysm is at the bedside: headache, neck "
        "stiffness, drowsiness, hemiparesis, coma."
    ),
    specialty="neurology",
    inputs=(
        choice(
            "clinical_grade",
            "Clinical picture",
            CLINICAL_GRADE,
            ask="Which of the five pictures fits best?",
            max_age_days=1,
        ),
    ),
    result=Result(
        "Hunt and Hess grade",
        source="doi:10.3171/jns.1968.28.1.0014",
        bands=(
            Band("no symptoms, or mild headache"),
            Band("severe headache without deficit", 2),
            Band("drowsy, confused or mild deficit", 3),
            Band("stupor or severe hemiparesis", 4),
            Band("coma", 5),
        ),
    ),
    references=(
        Reference(
            (
                "Hunt WE, Hess RM. Surgical risk as related to time of intervention in the repair of intracranial"
                " aneurysms. J Neurosurg 1968;28:14-20."
            ),
            "derivation",
            doi="10.3171/jns.1968.28.1.0014",
            pmid="5635959",
            verified=Verified(
                "https://www.rcemlearning.nl/modules/non-traumatic-subarachnoid-haemorrhage/lessons/clinical-grading/",
                "2026-11-22",
                "RCEM Learning, of the Royal College of Emergency Medicine",
                "the clinical picture of the five grades",
            ),
        ),
    ),
    compute=hunt_hess,
)
