"""RECIST 1.1: the response at one time point of a patient with measurable disease."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import boolean, choice, quantity
from tools.calculators.inputs import Input
from tools.calculators.recist_sources import ALL, TABLE

NON_TARGET = {
    "none": "no non-target disease at baseline",
    "complete": "all gone, nodes below 10 mm, tumour markers normal",
    "present": "still there, without unequivocal progression",
    "progression": "unequivocal progression",
    "not_evaluated": "not, or not all, evaluated",
}
NEW_LESIONS = {"no": "none", "equivocal": "equivocal", "yes": "at least one, unequivocal"}
LESS = 0.30
MORE, AT_LEAST_MM = 0.20, 5.0
_EDGE = 1e-9
MEASURABLE_MM = 10.0
# Nodes are one organ, with at most two targets.
MOST_NORMAL_NODES_MM = 20.0
REAPPEARED = (
    "The targets had all been gone: if that was a complete response, one that is back is progression, however small"
)


def target_response(baseline: float, nadir: float, current: float, complete: bool, gone: bool) -> str:
    """CR, PR, SD, PD or NE of the target lesions. Progression is judged against the smallest sum on study."""
    smallest = min(baseline, nadir)
    grown = current - smallest
    progressed = grown >= AT_LEAST_MM - _EDGE and grown >= MORE * smallest - _EDGE
    # What was not measured can only add to the sum.
    if not complete:
        return "PD" if progressed else "NE"
    if gone:
        return "CR"
    if progressed:
        return "PD"
    return "PR" if baseline - current >= LESS * baseline - _EDGE else "SD"


def overall_response(target: str, non_target: str, new_lesions: str) -> str:
    """The row of the guideline's table of time point responses."""
    if target == "PD" or non_target == "progression" or new_lesions == "yes":
        return "PD"
    if target == "CR":
        return "CR" if non_target in ("none", "complete") else "PR"
    return target


def _contradiction(baseline: float, current: float, complete: bool, gone: bool) -> str | None:
    """Why the entries cannot all hold; None where they can."""
    if baseline < MEASURABLE_MM:
        return "No lesion is measurable at baseline below 10 mm: without measurable targets there is no sum to judge"
    if gone and current >= MOST_NORMAL_NODES_MM:
        return (
            "Targets that are gone, or at most two nodes below 10 mm in short axis, sum up to less than 20 mm: the sum "
            "and what is said of the targets do not fit"
        )
    if complete and not gone and current == 0:
        return "A sum of 0 mm with all targets measured means that all are gone: say whether they are"
    return None


def recist_1_1(
    baseline_sum: float,
    smallest_sum: float,
    current_sum: float,
    all_targets_measured: bool,
    targets_gone: bool,
    non_target: str,
    new_lesions: str,
) -> Outcome:
    """CR, PR, SD, PD or NE; sums of diameters in mm."""
    target = target_response(baseline_sum, smallest_sum, current_sum, all_targets_measured, targets_gone)
    overall = overall_response(target, non_target, new_lesions)
    # A new lesion or unequivocal progression is progression whatever the sums say.
    odd = _contradiction(baseline_sum, current_sum, all_targets_measured, targets_gone)
    if odd is not None and overall != "PD":
        return Outcome(None, (), (odd,))
    smallest = min(baseline_sum, smallest_sum)
    terms = [Term("Sum now minus smallest sum on study", current_sum - smallest, "mm")]
    if baseline_sum:
        terms.append(Term("Change from baseline", 100 * (current_sum - baseline_sum) / baseline_sum, "%"))
    if smallest:
        terms.append(Term("Change from the smallest sum", 100 * (current_sum - smallest) / smallest, "%"))
    terms += [Term("Target lesions", target), Term("Non-target lesions", NON_TARGET[non_target])]
    terms.append(Term("New lesions", NEW_LESIONS[new_lesions]))
    told = []
    if new_lesions == "equivocal" and overall != "PD":
        told.append(
            "An equivocal new lesion counts as progression, from its first scan on, if a later scan confirms it"
        )
    if smallest == 0 < current_sum and overall != "PD":
        told.append(REAPPEARED)
    if smallest_sum > baseline_sum:
        told.append("The smallest sum on study includes the baseline: it is not above it")
    return Outcome(overall, tuple(terms), tuple(told))


def _sum(name: str, title: str, ask: str, example: float) -> Input:
    return quantity(
        name,
        title,
        "mm",
        plausible=(5, 400),
        possible=(0, 2000),
        monotone=True,
        ask=ask,
        example={"value": example, "unit": "mm"},
    )


CALCULATOR = Calculator(
    name="recist_1_1",
    title="RECIST 1.1 response at a time point",
    synonyms=("RECIST", "RECIST 1.1", "tumour response", "tumor response", "response evaluation in solid tumours"),
    purpose="Classes the response of a solid tumour from the sums of the target lesions' diameters, the non-target "
    "lesions and new lesions.",
    specialty="oncology",
    inputs=(
        _sum(
            "baseline_sum", "Sum of diameters at baseline", "The sum of the target lesions' diameters at baseline?", 100
        ),
        _sum("smallest_sum", "Smallest sum on study", "The smallest sum so far, the baseline included?", 60),
        _sum("current_sum", "Sum of diameters now", "The sum of the target lesions' diameters now?", 65),
        boolean(
            "all_targets_measured", "All target lesions measured", ask="Were all target lesions measured this time?"
        ),
        boolean(
            "targets_gone",
            "Target lesions gone",
            ask="Are all targets outside lymph nodes gone, and all pathological nodes below 10 mm in short axis?",
        ),
        choice("non_target", "Non-target lesions", NON_TARGET, ask="What became of the non-target lesions?"),
        choice("new_lesions", "New lesions", NEW_LESIONS, ask="Are there new lesions?"),
    ),
    population=Population("solid tumours with measurable target lesions at baseline"),
    notes=(
        "For trials, with measurable disease; not for lymphoma. Nodes count with their short axis, everything else "
        "with its longest diameter; a lesion that is there but too small to measure counts as 5 mm",
        "In trials without randomisation whose endpoint is response, CR and PR are confirmed after at least 4 weeks",
    ),
    result=Result(
        "RECIST 1.1",
        source=TABLE,
        codes=(
            Code("CR", "complete response", "all lesions gone, nodes below 10 mm, no new lesion"),
            Code("PR", "partial response", "sum at least 30 % below baseline, or targets gone with other disease left"),
            Code("SD", "stable disease", "neither enough shrinkage for PR nor enough growth for PD"),
            Code("PD", "progressive disease", "sum at least 20 % and 5 mm above the smallest, or other progression"),
            Code("NE", "not evaluable", "not all target lesions measured, and no progression shown"),
        ),
    ),
    references=ALL,
    compute=recist_1_1,
    example_inputs={"all_targets_measured": True},
)
