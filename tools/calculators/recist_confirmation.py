"""RECIST 1.1: whether a complete or partial response is confirmed by a later scan."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import boolean, choice, quantity
from tools.calculators.recist_sources import ALL, CONFIRMATION

FIRST = {"CR": "complete response", "PR": "partial response"}
LATER = {**FIRST, "SD": "stable disease", "PD": "progressive disease", "NE": "not evaluable"}
WEEKS = 4.0


def recist_confirmation(first: str, later: str, weeks_between: float, needed: bool) -> Outcome:
    """Confirmed by the same or a better response at least 4 weeks later, where the trial needs it."""
    terms = (
        Term("First", FIRST[first]),
        Term("Later", LATER[later]),
        Term("Between", weeks_between, "wk"),
    )
    if not needed:
        return Outcome("not_needed", terms)
    told: tuple[str, ...] = ()
    if (first, later) == ("CR", "PR"):
        told = (
            "Disease after a complete response is progression; where small lesions were likely still there at the "
            "first scan, both were partial responses",
        )
    late_enough = weeks_between >= WEEKS
    if late_enough and first == later == "CR":
        return Outcome("confirmed_cr", terms)
    if late_enough and first == "PR" and later in FIRST:
        return Outcome("confirmed_pr", terms)
    return Outcome("not_confirmed", terms, told)


CALCULATOR = Calculator(
    name="recist_confirmation",
    title="RECIST 1.1 confirmation of a response",
    synonyms=("RECIST confirmation", "confirmed response", "confirmation of response"),
    purpose="Tells whether a complete or partial response by RECIST 1.1 is confirmed by a later scan, where the trial "
    "needs confirmation.",
    specialty="oncology",
    inputs=(
        choice("first", "Response at the first scan", FIRST, ask="The response at the first scan?"),
        choice("later", "Response at the later scan", LATER, ask="The response at the later scan?"),
        quantity(
            "weeks_between",
            "Time between the two scans",
            "wk",
            plausible=(0, 52),
            possible=(0, 1000),
            cuts=(WEEKS,),
            ask="How many weeks lie between the two scans?",
            example={"value": 8, "unit": "wk"},
        ),
        boolean(
            "needed",
            "Confirmation needed",
            ask="Is it a trial without randomisation whose primary endpoint is response?",
        ),
    ),
    population=Population("solid tumours with measurable target lesions at baseline"),
    result=Result(
        "Confirmation",
        source=CONFIRMATION.key,
        codes=(
            Code(
                "not_needed",
                "not needed",
                "confirmation is needed only without randomisation, with response as endpoint",
            ),
            Code(
                "confirmed_cr", "confirmed complete response", "complete response on both scans, at least 4 weeks apart"
            ),
            Code("confirmed_pr", "confirmed partial response", "partial response, and at least that 4 weeks later"),
            Code("not_confirmed", "not confirmed", "no such response on a scan at least 4 weeks later"),
        ),
    ),
    references=ALL,
    compute=recist_confirmation,
)
