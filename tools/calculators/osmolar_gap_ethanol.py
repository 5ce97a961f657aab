"""Osmolal gap with ethanol counted among the known osmoles."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import MEASURED_OSMOLALITY
from tools.calculators.serum_osmolality import GLUCOSE, UREA_NITROGEN


def osmolar_gap_ethanol(
    measured_osmolality: float, sodium: float, glucose: float, urea_nitrogen: float, ethanol: float
) -> Outcome:
    """In mosm/kg; sodium in mmol/L, the others in mg/dL."""
    calculated = 2.0 * sodium + glucose / 18.0 + urea_nitrogen / 2.8 + ethanol / 4.6
    terms = (Term("Calculated osmolality", calculated, "mosm/kg"), Term("of which ethanol", ethanol / 4.6, "mosm/kg"))
    return Outcome(measured_osmolality - calculated, terms)


CALCULATOR = Calculator(
    name="osmolar_gap_ethanol",
    title="Osmolal gap corrected for ethanol",
    synonyms=("osmolal gap with ethanol", "ethanol corrected osmolar gap", "osmole gap with alcohol"),
    purpose="Works out the difference between measured and calculated osmolality where a blood alcohol is known, to "
    "look for a second toxic alcohol.",
    specialty="toxicology",
    inputs=(
        MEASURED_OSMOLALITY,
        SODIUM.but(monotone=True, max_age_days=1),
        GLUCOSE,
        UREA_NITROGEN,
        quantity(
            "ethanol",
            "Ethanol in serum",
            "mg/dL",
            analyte="ethanol",
            plausible=(0, 500),
            possible=(0, 1500),
            monotone=True,
            max_age_days=1,
            example={"value": 92, "unit": "mg/dL"},
        ),
    ),
    example_inputs={"measured_osmolality": {"value": 315, "unit": "mosm/kg"}},
    result=Result(
        "Osmolal gap",
        "mosm/kg",
        decimals=1,
        source="https://amboss.com/us/snippet/Osmolar_gap",
        bands=(Band("10 mosm/kg or less"), Band("above 10 mosm/kg: raised", above=10)),
    ),
    references=(
        Reference(
            "Lynd LD, et al. An evaluation of the osmole gap as a screening test for toxic alcohol poisoning. "
            "BMC Emerg Med 2008;8:5.",
            "definition",
            doi="10.1186/1471-227X-8-5",
            verified=Verified(
                "http://www.biomedcentral.com/1471-227X/8/5/table/T1",
                "2026-11-22",
                "the journal, table 1; WikEM for 4.6 mg/dL of ethanol for each mosm",
                "twice sodium plus urea, glucose and ethanol in mmol/L; 0.217 mmol/L of ethanol for each mg/dL",
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
    compute=osmolar_gap_ethanol,
)
