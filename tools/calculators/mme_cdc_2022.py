"""Morphine milligram equivalents per day (CDC 2022)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

FACTORS = {
    "codeine": 0.15,
    "hydrocodone": 1.0,
    "hydromorphone": 5.0,
    "methadone": 4.7,
    "morphine": 1.0,
    "oxycodone": 1.5,
    "oxymorphone": 3.0,
    "tapentadol": 0.4,
    "tramadol": 0.2,
    "fentanyl_patch": 2.4,
    "fentanyl_buccal": 0.13,
}


def mme_cdc_2022(
    codeine_dose: float,
    hydrocodone_dose: float,
    hydromorphone_dose: float,
    methadone_dose: float,
    morphine_dose: float,
    oxycodone_dose: float,
    oxymorphone_dose: float,
    tapentadol_dose: float,
    tramadol_dose: float,
    fentanyl_patch_dose: float,
    fentanyl_buccal_dose: float,
) -> Outcome:
    """mg of oral morphine a day; doses in mg a day, the patch in ug/h, buccal fentanyl in ug a day."""
    doses = {
        "codeine": codeine_dose,
        "hydrocodone": hydrocodone_dose,
        "hydromorphone": hydromorphone_dose,
        "methadone": methadone_dose,
        "morphine": morphine_dose,
        "oxycodone": oxycodone_dose,
        "oxymorphone": oxymorphone_dose,
        "tapentadol": tapentadol_dose,
        "tramadol": tramadol_dose,
        "fentanyl_patch": fentanyl_patch_dose,
        "fentanyl_buccal": fentanyl_buccal_dose,
    }
    terms = tuple(Term(name.replace("_", " "), FACTORS[name] * dose, "mg/d") for name, dose in doses.items() if dose)
    return Outcome(math.fsum(FACTORS[name] * dose for name, dose in doses.items()), terms)


def _dose(name: str, title: str, unit: str = "mg/d") -> Input:
    return quantity(
        name,
        title,
        unit,
        plausible=(0, 400),
        possible=(0, 20000),
        monotone=True,
        ask=f"{title} a day; 0 where it is not taken",
        example={"value": 0, "unit": unit},
    )


CALCULATOR = Calculator(
    name="mme_cdc_2022",
    title="Morphine milligram equivalents",
    synonyms=("MME", "morphine equivalents", "opioid equivalents", "oral morphine equivalent dose", "OME"),
    purpose="Adds up the opioids of a day as milligrams of oral morphine, by the factors of the CDC guideline of 2022.",
    specialty="pain medicine",
    inputs=(
        _dose("codeine_dose", "Codeine"),
        _dose("hydrocodone_dose", "Hydrocodone"),
        _dose("hydromorphone_dose", "Hydromorphone"),
        _dose("methadone_dose", "Methadone"),
        _dose("morphine_dose", "Morphine"),
        _dose("oxycodone_dose", "Oxycodone"),
        _dose("oxymorphone_dose", "Oxymorphone"),
        _dose("tapentadol_dose", "Tapentadol"),
        _dose("tramadol_dose", "Tramadol"),
        _dose("fentanyl_patch_dose", "Fentanyl patch", "ug/h"),
        _dose("fentanyl_buccal_dose", "Fentanyl buccal or sublingual", "ug/d"),
    ),
    example_inputs={"oxycodone_dose": {"value": 20, "unit": "mg/d"}},
    notes=(
        "An opioid that is not named is not known; where it is not taken, its dose is 0",
        "A measure of exposure; the factors are not for changing from one opioid to another",
        "Buccal fentanyl is not in the table of 2022; its factor is that of the earlier table",
    ),
    result=Result("Morphine equivalents", "mg/d", decimals=1),
    references=(
        Reference(
            "Dowell D, et al. CDC clinical practice guideline for prescribing opioids for pain - United "
            "States, 2022. MMWR Recomm Rep 2022;71(3):1-95.",
            "definition",
            doi="10.15585/mmwr.rr7103a1",
            verified=Verified(
                "https://globalrph.com/medcalcs/morphine-milligram-equivalents-calculator",
                "2026-11-22",
                "GlobalRPh, giving the CDC's table in full",
                "the factors of ten opioids; 20 mg of oxycodone a day is 30; not for converting between opioids",
            ),
        ),
        Reference(
            "Centers for Medicare and Medicaid Services. Opioid morphine equivalent conversion factors, "
            "after CDC, May 2014.",
            "definition",
            url="https://www.formsbank.com/template/119490/opioid-morphine-equivalent-conversion-factors1-cms.html",
            verified=Verified(
                "https://www.formsbank.com/template/119490/opioid-morphine-equivalent-conversion-factors1-cms.html",
                "2026-11-22",
                "CMS, on Formsbank",
                "0.13 for each microgram of buccal or sublingual fentanyl",
            ),
        ),
    ),
    compute=mme_cdc_2022,
)
