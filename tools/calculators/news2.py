"""NEWS2: the national early warning score of the Royal College of Physicians."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.news2_items import CHART, INPUTS, item_points
from tools.calculators.reference import Reference, Verified


def news2(
    respiratory_rate: float,
    spo2: float,
    spo2_scale: str,
    supplemental_oxygen: bool,
    systolic_bp: float,
    heart_rate: float,
    not_alert: bool,
    temperature: float,
) -> Outcome:
    """0 to 20 points."""
    items = item_points(
        respiratory_rate, spo2, spo2_scale, supplemental_oxygen, systolic_bp, heart_rate, not_alert, temperature
    )
    oxygen = 2 if supplemental_oxygen else 0
    terms = [Term(name, float(worth), "points") for name, worth in items.items()]
    terms.insert(2, Term("Supplemental oxygen", float(oxygen), "points"))
    return Outcome(float(sum(items.values()) + oxygen), tuple(terms))


CALCULATOR = Calculator(
    name="news2",
    title="NEWS2",
    synonyms=("NEWS", "NEWS 2", "national early warning score", "early warning score"),
    purpose="Adds up how far seven vital signs of an acutely ill person of 16 or over lie from normal.",
    specialty="acute medicine",
    inputs=INPUTS,
    notes=("From the age of 16, not in pregnancy; SpO2 scale 2 only in established hypercapnic respiratory failure",),
    result=Result(
        "NEWS2",
        noun="points",
        source="https://www.rcplondon.ac.uk/national-early-warning-score",
        bands=(Band("0 to 4 points"), Band("5 or 6 points", 5), Band("7 points or more", 7)),
    ),
    references=(
        CHART,
        Reference(
            "Definitions relating to NEWS2, table 1, journal of the Royal College of Physicians.",
            "bands",
            url="https://www.rcpjournals.org/highwire/markup/14242/expansion",
            verified=Verified(
                "https://www.rcpjournals.org/highwire/markup/14242/expansion",
                "2026-11-22",
                "Royal College of Physicians journals",
                "0 to 20 points; urgent assessment from 5, emergency assessment from 7, a single 3 as 5 or 6",
            ),
        ),
    ),
    compute=news2,
)
