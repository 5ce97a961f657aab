"""Joint counts and global assessments of rheumatoid arthritis, and the sources of its indices."""

from __future__ import annotations

from tools.calculators.base import Band
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified

TENDER = quantity(
    "tender_joints",
    "Tender joints of 28",
    "1",
    plausible=(0, 28),
    possible=(0, 28),
    monotone=True,
    max_age_days=14,
    example={"value": 4, "unit": "1"},
    ask="How many of the 28 joints are tender?",
)
SWOLLEN = quantity(
    "swollen_joints",
    "Swollen joints of 28",
    "1",
    plausible=(0, 28),
    possible=(0, 28),
    monotone=True,
    max_age_days=14,
    example={"value": 2, "unit": "1"},
    ask="How many of the 28 joints are swollen?",
)
PATIENT_GLOBAL = quantity(
    "patient_global",
    "Patient's global assessment",
    "mm",
    plausible=(0, 100),
    possible=(0, 100),
    monotone=True,
    max_age_days=14,
    example={"value": 30, "unit": "mm"},
    ask="How active is the arthritis in your view, on a line of 100 mm?",
)
PROVIDER_GLOBAL = quantity(
    "provider_global",
    "Provider's global assessment",
    "cm",
    plausible=(0, 10),
    possible=(0, 10),
    monotone=True,
    max_age_days=14,
    example={"value": 2, "unit": "cm"},
    ask="How active is the arthritis in the examiner's view, from 0 to 10 cm?",
)
CRP = quantity(
    "crp",
    "C-reactive protein",
    "mg/L",
    plausible=(0.1, 400),
    possible=(0, 1000),
    monotone=True,
    max_age_days=14,
    codings=("loinc:1988-5",),
    example={"value": 8, "unit": "mg/L"},
)
FORMULAE = Reference(
    "Radboud university medical centre, Nijmegen: alternative validated formulae of DAS and DAS28.",
    "derivation",
    url="https://das-score.nl/en/das-and-das28/how-to-meaure-the-das28/how-to-calculate-the-das28/alternative-validated-formulae",
    verified=Verified(
        "https://das-score.nl/en/das-and-das28/how-to-meaure-the-das28/how-to-calculate-the-das28/alternative-validated-formulae",
        "2026-11-22",
        "das-score.nl, the site of the authors",
        "DAS28 and DAS28-CRP of four variables with every coefficient, and the limits",
    ),
)
STATES = Reference(
    "Validated composite measures and their cut-off points for different states of disease activity. Ann Rheum Dis "
    "(table 3).",
    "bands",
    url="https://ard.bmj.com/highwire/markup/185556/expansion",
    verified=Verified(
        "https://ard.bmj.com/highwire/markup/185556/expansion",
        "2026-11-22",
        "Annals of the Rheumatic Diseases; CDAI and SDAI as sums in table 1 of PMC2678269",
        "the limits of low, moderate and high activity of CDAI, SDAI and DAS28",
    ),
)
DAS28_BANDS = (
    Band("remission"),
    Band("low disease activity", 2.6),
    Band("moderate disease activity", above=3.2),
    Band("high disease activity", above=5.1),
)
