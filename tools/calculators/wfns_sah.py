"""WFNS grade of a subarachnoid haemorrhage, from coma scale and motor deficit."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import boolean
from tools.calculators.critical_inputs import GCS
from tools.calculators.reference import Reference, Verified


def wfns_sah(gcs: float, motor_deficit: bool) -> Outcome:
    """Grade 1 to 5; none for a full coma scale with a deficit."""
    terms = (Term("Glasgow Coma Scale", gcs), Term("Motor deficit", motor_deficit))
    if gcs >= 15 and motor_deficit:
        return Outcome(None, terms, ("The scale has no grade for a coma scale of 15 with a motor deficit",))
    if gcs >= 13:
        return Outcome(1.0 if gcs >= 15 else 3.0 if motor_deficit else 2.0, terms)
    return Outcome(4.0 if gcs >= 7 else 5.0, terms)


CALCULATOR = Calculator(
    name="wfns_sah",
    title="WFNS grade of subarachnoid haemorrhage",
    synonyms=("WFNS", "World Federation of Neurological Surgeons scale", "WFNS subarachnoid hemorrhage grade"),
    purpose=(
        "Grades a subarachnoid bleed on admission from the Glasgow Coma Scale and whether there is a motor deficit."
    ),
    specialty="neurology",
    inputs=(
        GCS.but(cuts=(7.0, 13.0, 15.0)),
        boolean("motor_deficit", "Major focal deficit", ask="Hemiparesis or aphasia?"),
    ),
    result=Result("WFNS grade"),
    references=(
        Reference(
            (
                "Teasdale GM, et al. A universal subarachnoid hemorrhage scale: report of a committee of the "
                "World Federation of Neurosurgical Societies. J Neurol Neurosurg Psychiatry 1988;51:1457; as in "
                "Neurol Res Pract 2019, table 1."
            ),
            "definition",
            doi="10.1186/s42466-019-0015-3",
            verified=Verified(
                "https://neurolrespract.biomedcentral.com/articles/10.1186/s42466-019-0015-3/tables/1",
                "2026-11-22",
                "Neurological Research and Practice, table 1",
                "coma scale and deficit of grades I to V",
            ),
        ),
    ),
    compute=wfns_sah,
)
