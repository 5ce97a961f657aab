"""Modified Fisher grade: subarachnoid and ventricular blood on CT."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import boolean, choice
from tools.calculators.reference import Reference, Verified

SUBARACHNOID_BLOOD = {
    "none": "none",
    "thin": "thin, focal or diffuse",
    "thick": "thick, focal or diffuse",
}


def modified_fisher(subarachnoid_blood: str, intraventricular_blood: bool) -> Outcome:
    """Grade 0 to 4."""
    terms = (Term("Subarachnoid blood", subarachnoid_blood), Term("Blood in the ventricles", intraventricular_blood))
    base = {"none": 0.0, "thin": 1.0, "thick": 3.0}[subarachnoid_blood]
    if intraventricular_blood:
        base = max(base, 1.0) + 1.0
    return Outcome(base, terms)


CALCULATOR = Calculator(
    name="modified_fisher",
    title="Modified Fisher grade",
    synonyms=("modified Fisher scale", "mFisher", "Fisher grade", "Claassen-Frontera scale"),
    purpose="Grades the blood on the first CT after an aneurysm has bled, for the risk of vasospasm.",
    specialty="neurology",
    inputs=(
        choice(
            "subarachnoid_blood",
            "Subarachnoid blood on CT",
            SUBARACHNOID_BLOOD,
            ask="Subarachnoid blood on the first CT: none, thin or thick?",
        ),
        boolean("intraventricular_blood", "Blood in the ventricles", ask="Intraventricular haemorrhage on CT?"),
    ),
    notes=("The original Fisher grade of 1980 counts otherwise",),
    result=Result(
        "Modified Fisher grade",
        source="doi:10.1227/01.NEU.0000218821.34014.1B",
        bands=(
            Band("symptomatic vasospasm 0 %"),
            Band("symptomatic vasospasm 24 %", 1),
            Band("symptomatic vasospasm 33 %", 2),
            Band("symptomatic vasospasm 40 %", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Frontera JA, et al. Prediction of symptomatic vasospasm after subarachnoid hemorrhage: the "
                "modified Fisher scale. Neurosurgery 2006;59:21-27."
            ),
            "derivation",
            doi="10.1227/01.NEU.0000218821.34014.1B",
            pmid="16823296",
            verified=Verified(
                "https://pacs.de/term/modified-fisher-scale",
                "2026-11-22",
                "pacs.de, copy of the Radiopaedia article; BMJ Best Practice for grades 1 to 4",
                (
                    "thin or thick blood with or without ventricular blood; symptomatic vasospasm 0, 24, 33, 33 and "
                    "40 %; ventricular blood without subarachnoid blood is grade 2"
                ),
            ),
        ),
    ),
    compute=modified_fisher,
)
