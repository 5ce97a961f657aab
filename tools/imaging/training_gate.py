"""Whether a head learnt from corrections may be used: it must help, and it must not cost what was right before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tools.imaging.training_head import Example, Lesson, fit_head, lesson
from tools.segmenters.classifier import Classifier
from tools.segmenters.lungs import probabilities, tidy
from tools.segmenters.pixels import WHOLE, sampled

EARLIER = 5
"""Patients with an accepted outline below which nothing is adopted: too few to notice a loss."""
MARGIN = 0.005
"""The lower end of the interval of the change on earlier cases may lie no further below zero."""
SAMPLES = 2000


@dataclass(frozen=True)
class Change:
    """Mean change of the Dice with a 95 % interval (bootstrap over patients), and on how many."""

    mean: float
    low: float
    high: float
    cases: int
    patients: int


@dataclass(frozen=True)
class Verdict:
    """What the gate says, and on what grounds."""

    adopted: bool
    why: str
    corrected: Change
    earlier: Change
    how: str

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Case:
    """A film with the outline that a person gave or accepted, and whose it is (a pseudonym)."""

    patient: str
    example: Example

    def lesson(self, base: Classifier) -> Lesson:
        """What is to be learnt from it."""
        return lesson(base, self.example)


def overlap(classifier: Classifier, one: Example) -> float:
    """Dice of both lung fields at 256 pixels, pixels not known left out."""
    first, second = probabilities(one.pixels, classifier)
    left, right = tidy(np.asarray((first + second) / 2, dtype=np.float32))
    found = left | right
    lung = np.asarray(sampled((one.sides > 0).astype(np.float32), WHOLE, 256)) >= 0.5
    known = np.asarray(sampled((one.sides >= 0).astype(np.float32), WHOLE, 256)) >= 0.5
    total = int((found & known).sum() + (lung & known).sum())
    return 2 * int((found & lung & known).sum()) / total if total else 1.0


def gate(
    base: Classifier,
    head: Classifier,
    corrected: Sequence[Case],
    earlier: Sequence[Case],
    rehearsed: Sequence[Case] = (),
) -> Verdict:
    """Compare a head with what is used now.

    Args:
        base: what is used now.
        head: learnt from `corrected` (and `rehearsed`).
        earlier: accepted outlines of other patients, which it has not seen.
    """
    overlapping = {case.patient for case in earlier} & {case.patient for case in [*corrected, *rehearsed]}
    held = [case for case in earlier if case.patient not in overlapping]
    was, now = changes(base, head, held)
    before = change([after - first for first, after in zip(was, now, strict=True)], [case.patient for case in held])
    gained, how = _gain(base, head, corrected, rehearsed)
    return decide(gained, before, how)


def decide(gained: Change, before: Change, how: str) -> Verdict:
    """The gate on two changes: of the corrected cases, and of earlier ones."""
    if before.patients < EARLIER:
        why = f"{before.patients} patients with an accepted outline to compare on; at least {EARLIER} are needed"
    elif before.mean < 0 or before.low < -MARGIN:
        why = f"on earlier cases the Dice changes by {before.mean:+.4f} ({before.low:+.4f} to {before.high:+.4f})"
    elif gained.mean <= 0 or (gained.patients >= EARLIER and gained.low <= 0):
        why = f"the corrected cases do not improve ({gained.mean:+.4f}, {gained.low:+.4f} to {gained.high:+.4f})"
    else:
        return Verdict(True, "earlier cases hold and the corrected ones improve", gained, before, how)
    return Verdict(False, why, gained, before, how)


def changes(base: Classifier, head: Classifier, cases: Sequence[Case]) -> tuple[list[float], list[float]]:
    """Dice of each case before and after."""
    return [overlap(base, case.example) for case in cases], [overlap(head, case.example) for case in cases]


def change(differences: Sequence[float], patients: Sequence[str]) -> Change:
    """The mean of paired differences; cases of one patient are drawn together."""
    groups = defaultdict(list)
    for difference, patient in zip(differences, patients, strict=True):
        groups[patient].append(difference)
    sums = np.array([[sum(group), len(group)] for group in groups.values()])
    if not len(sums):
        return Change(0.0, 0.0, 0.0, 0, 0)
    drawn = np.random.default_rng(0).integers(0, len(sums), (SAMPLES, len(sums)))
    totals = sums[drawn].sum(axis=1)
    low, high = np.percentile(totals[:, 0] / totals[:, 1], [2.5, 97.5])
    mean = float(sums[:, 0].sum() / sums[:, 1].sum())
    return Change(round(mean, 4), round(float(low), 4), round(float(high), 4), len(differences), len(groups))


def _gain(
    base: Classifier, head: Classifier, corrected: Sequence[Case], rehearsed: Sequence[Case]
) -> tuple[Change, str]:
    """What the corrected cases gain: each patient's from a head learnt without them, where there are three or more."""
    patients = sorted({case.patient for case in corrected})
    if len(patients) < 3:
        was, now = changes(base, head, corrected)
        differences = [after - first for first, after in zip(was, now, strict=True)]
        return change(differences, [case.patient for case in corrected]), "on the corrected cases themselves"
    differences, whose = [], []
    lessons = [case.lesson(base) for case in corrected]
    kept = [case.lesson(base) for case in rehearsed]
    # At most three parts: a head costs seconds, and one for each patient would cost minutes.
    parts = [patients[number::3] for number in range(3)]
    for part in parts:
        rest = [one for one, case in zip(lessons, corrected, strict=True) if case.patient not in part]
        held = [case for case in corrected if case.patient in part]
        was, now = changes(base, fit_head(base, rest, kept), held)
        differences += [after - first for first, after in zip(was, now, strict=True)]
        whose += [case.patient for case in held]
    return change(differences, whose), "on corrected cases left out in turn, in three parts by patient"
