"""Abbreviated mental test score."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    boolean,
)
from tools.calculators.reference import Reference, Verified


def amts(
    knows_age: bool,
    knows_time: bool,
    recalls_address: bool,
    knows_year: bool,
    knows_place: bool,
    recognises_two: bool,
    knows_birth_date: bool,
    knows_past_event: bool,
    knows_head_of_state: bool,
    counts_backwards: bool,
) -> Outcome:
    """0 to 10 points."""
    return points(
        ("Age", knows_age, 1),
        ("Time to the hour", knows_time, 1),
        ("Address recalled", recalls_address, 1),
        ("Year", knows_year, 1),
        ("Place", knows_place, 1),
        ("Two persons", recognises_two, 1),
        ("Date of birth", knows_birth_date, 1),
        ("Year of a past event", knows_past_event, 1),
        ("Head of state", knows_head_of_state, 1),
        ("Counting backwards", counts_backwards, 1),
    )


CALCULATOR = Calculator(
    name="amts",
    title="Abbreviated Mental Test Score",
    synonyms=("AMTS", "AMT", "AMT10", "Hodkinson", "abbreviated mental test"),
    purpose="Screens an older patient in hospital for confusion or dementia with ten short questions.",
    specialty="geriatrics",
    inputs=(
        boolean("knows_age", "Age", ask="Knows the own age?", max_age_days=2),
        boolean("knows_time", "Time", ask="Knows the time to the nearest hour?", max_age_days=2),
        boolean("recalls_address", "Address", ask="Repeats an address at the end of the test?", max_age_days=2),
        boolean("knows_year", "Year", ask="Knows the year?", max_age_days=2),
        boolean("knows_place", "Place", ask="Knows the name of this place?", max_age_days=2),
        boolean(
            "recognises_two", "Two persons", ask="Recognises two persons, such as doctor and nurse?", max_age_days=2
        ),
        boolean("knows_birth_date", "Date of birth", ask="Knows day and month of birth?", max_age_days=2),
        boolean("knows_past_event", "Past event", ask="Knows the year of a known event of the past?", max_age_days=2),
        boolean("knows_head_of_state", "Head of state", ask="Names the present head of state?", max_age_days=2),
        boolean("counts_backwards", "Counting", ask="Counts backwards from 20 to 1?", max_age_days=2),
    ),
    notes=("A screening test; some take 6, 7 or 8 as the limit",),
    result=Result(
        "AMTS",
        noun="points",
        source="doi:10.1093/ageing/afv134",
        bands=(Band("below 9: cognitive impairment likely"), Band("9 or 10", 9)),
    ),
    references=(
        Reference(
            "Hodkinson HM. Evaluation of a mental test score for assessment of mental impairment in the elderly. Age "
            "Ageing 1972;1:233-238.",
            "derivation",
            doi="10.1093/ageing/1.4.233",
            pmid="4669880",
            verified=Verified(
                "https://www.rcemlearning.co.uk/modules/disturbed-or-psychiatric-patients-in-the-ed/lessons/triage-of-psychiatric-patient-and-risk-assessment/topic/abbreviated-mental-state-test-assessment/",
                "2026-11-22",
                "RCEM Learning, Royal College of Emergency Medicine; e-Ageing (Western Australia) for below 8, others "
                "for 6 or less",
                "the ten questions, one point for each answer that is wholly right",
            ),
        ),
        Reference(
            "Pendlebury ST, et al. Routine cognitive screening in older patients admitted to acute medicine. Age "
            "Ageing "
            "2015;44:1000-1005.",
            "validation",
            doi="10.1093/ageing/afv134",
            pmid="26464420",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4621235",
                "2026-11-22",
                "the journal, abstract",
                "impairment taken as a score below 9, in agreement with a MoCA below 20",
            ),
        ),
    ),
    compute=amts,
)
