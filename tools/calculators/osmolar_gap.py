"""Osmolal gap: measured less calculated osmolality, without ethanol."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import MEASURED_OSMOLALITY
from tools.calculators.serum_osmolality import GLUCOSE, UREA_NITROGEN


def osmolar_gap(measured_osmolality: float, sodium: float, glucose: float, urea_nitrogen: float) -> Outcome:
    """In mosm/kg; sodium in mmol/L, glucose and urea nitrogen in mg/dL."""
    calculated = 2.0 * sodium + glucose / 18.0 + urea_nitrogen / 2.8
    return Outcome(measured_osmolality - calculated, (Term("Calculated osmolality", calculated, "mosm/kg"),))


CALCULATOR = Calculator(
    name="osmolar_gap",
    title="Osmolal gap",
    synonyms=("osmolar gap", "osmole gap", "osmol gap", "serum osmolal gap"),
    purpose="Works out the difference between measured and calculated osmolality, which unmeasured substances such as "
    "methanol or ethylene glycol widen.",
    specialty="nephrology",
    inputs=(MEASURED_OSMOLALITY, SODIUM.but(monotone=True, max_age_days=1), GLUCOSE, UREA_NITROGEN),
    notes=("Ethanol is not subtracted: where it was drunk, it is part of this gap",),
    result=Result(
        "Osmolal gap",
        "mosm/kg",
        decimals=1,
        source="https://amboss.com/us/snippet/Osmolar_gap",
        bands=(Band("10 mosm/kg or less"), Band("above 10 mosm/kg: raised", above=10)),
    ),
    references=(
        Reference(
            "Cleveland Clinic Journal of Medicine: increasing the diagnostic utility of the osmol gap (table).",
            "definition",
            url="https://www.ccjm.org/highwire/markup/1782/expansion",
            verified=Verified(
                "https://www.ccjm.org/highwire/markup/1782/expansion",
                "2026-11-22",
                "Cleveland Clinic Journal of Medicine",
                "twice sodium plus glucose / 18 plus urea nitrogen / 2.8, and what raises the gap",
            ),
        ),
        Reference(
            "AMBOSS: osmolar gap.",
            "bands",
            url="https://amboss.com/us/snippet/Osmolar_gap",
            verified=Verified(
                "https://amboss.com/us/snippet/Osmolar_gap",
                "2026-11-22",
                "AMBOSS",
                "a gap of more than 10 mosm/L is raised",
            ),
        ),
    ),
    compute=osmolar_gap,
)
