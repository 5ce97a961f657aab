"""Truelove and Witts: severity of an attack of ulcerative colitis."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    HAEMOGLOBIN,
    HEART_RATE,
    TEMPERATURE,
    quantity,
)
from tools.calculators.reference import Reference, Verified


def truelove_witts(
    bloody_stools: float, heart_rate: float, temperature: float, haemoglobin: float, esr: float
) -> Outcome:
    """Severe: 6 bloody stools with any sign of toxicity. Mild: under 4 and no sign at all."""
    signs = {
        "Pulse above 90/min": heart_rate > 90,
        "Temperature above 37.8 °C": temperature > 37.8,
        "Haemoglobin below 10.5 g/dL": haemoglobin < 10.5,
        "ESR above 30 mm/h": esr > 30,
    }
    terms = tuple(Term(name, holds) for name, holds in signs.items())
    if bloody_stools >= 6 and any(signs.values()):
        return Outcome("severe", terms)
    calm = heart_rate < 90 and temperature < 37.5 and haemoglobin > 11.5 and esr < 20
    return Outcome("mild" if bloody_stools < 4 and calm else "moderate", terms)


CALCULATOR = Calculator(
    name="truelove_witts",
    title="Truelove and Witts criteria",
    synonyms=("Truelove-Witts", "Truelove and Witts severity index", "acute severe ulcerative colitis criteria"),
    purpose="Classes an attack of ulcerative colitis as mild, moderate or severe at the bedside.",
    specialty="gastroenterology",
    inputs=(
        quantity(
            "bloody_stools",
            "Bloody stools a day",
            "1",
            plausible=(0, 30),
            possible=(0, 80),
            cuts=(4.0, 6.0),
            max_age_days=2,
            example={"value": 3, "unit": "1"},
        ),
        HEART_RATE.but(cuts=(90.0,)),
        TEMPERATURE.but(cuts=(37.5, 37.8)),
        HAEMOGLOBIN.but(cuts=(10.5, 11.5), max_age_days=2),
        quantity(
            "esr",
            "Erythrocyte sedimentation rate",
            "mm/h",
            plausible=(1, 140),
            possible=(0, 200),
            cuts=(20.0, 30.0),
            max_age_days=2,
            example={"value": 12, "unit": "mm/h"},
        ),
    ),
    notes=("A C-reactive protein above 30 mg/L is used in place of the ESR by some; it is not looked at here",),
    result=Result(
        "Severity",
        source="https://pmj.bmj.com/highwire/markup/172800/expansion",
        codes=(
            Code("mild", "mild", "under 4 bloody stools a day and no sign of toxicity"),
            Code("moderate", "moderate", "between mild and severe"),
            Code("severe", "severe", "6 or more bloody stools a day with a sign of toxicity"),
        ),
    ),
    references=(
        Reference(
            "Disease activity in ulcerative colitis, adapted from Truelove and Witts. Postgrad Med J (table 1).",
            "definition",
            url="https://pmj.bmj.com/highwire/markup/172800/expansion",
            verified=Verified(
                "https://pmj.bmj.com/highwire/markup/172800/expansion",
                "2026-11-22",
                "Postgraduate Medical Journal; the severe class also in Clinical Medicine (RCP)",
                "the limits of every item for mild, moderate and severe",
            ),
        ),
        Reference(
            "Jain S, et al. Are Truelove and Witts criteria for diagnosing acute severe colitis relevant for the "
            "Indian "
            "population? Intest Res 2018;16:69-74.",
            "validation",
            doi="10.5217/ir.2018.16.1.69",
            pmid="29422800",
            unverified="only the abstract was read, which does not list the limits",
        ),
    ),
    compute=truelove_witts,
)
