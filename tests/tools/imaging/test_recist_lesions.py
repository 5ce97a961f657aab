"""RECIST 1.1 on lesions: measurable or not, which become targets, and the sum the response is judged by."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calculators.recist_1_1 import recist_1_1
from tools.errors import BadInput, NotAssessable
from tools.imaging.measures.model import Interval, Measurement
from tools.imaging.measures.recist import Lesion, select_targets, sum_of, why_not_measurable


def lesion(name: str, mm: float | None, organ: str = "liver", **more: Any) -> Lesion:
    diameter = None
    if mm is not None:
        diameter = Measurement("long axis", mm, "mm", "drawn", "PixelSpacing", Interval(mm - 1, mm + 1, "boundary"))
    return Lesion(name, organ, diameter, **{"slice_mm": 2.0, **more})


@pytest.mark.parametrize(
    ("found", "measurable"),
    [
        (lesion("a", 10.0), True), (lesion("a", 9.9), False),
        (lesion("a", 14.0, slice_mm=8.0), False), (lesion("a", 16.0, slice_mm=8.0), True),
        (lesion("n", 15.0, node=True), True), (lesion("n", 14.9, node=True), False),
        (lesion("n", 15.0, node=True, slice_mm=8.0), False),
        (lesion("f", 19.0, modality="CR"), False), (lesion("f", 20.0, modality="CR"), True),
        (lesion("u", 40.0, modality="US"), False), (lesion("r", 40.0, treated_without_growth=True), False),
        (lesion("s", None, state="too small to measure"), False),
    ],
)  # fmt: skip
def test_what_is_measurable(found: Lesion, measurable: bool) -> None:
    assert (why_not_measurable(found) is None) is measurable


def test_without_slice_thickness_or_scale_nothing_is_decided() -> None:
    with pytest.raises(NotAssessable):
        why_not_measurable(lesion("a", 12.0, slice_mm=None))
    bare = Lesion("a", "liver", Measurement("long axis", 30, "{pixels}", "drawn"), slice_mm=1.0)
    with pytest.raises(BadInput):
        why_not_measurable(bare)


def test_targets_are_the_largest_two_an_organ_five_in_all_every_organ_first() -> None:
    lesions = [
        *(lesion(f"liver {mm}", mm) for mm in (50, 45, 40)),
        *(lesion(f"lung {mm}", mm, "lung") for mm in (30, 12)),
        lesion("adrenal 11", 11, "adrenal"),
        lesion("node 18", 18, "neck", node=True),
        lesion("node 16", 16, "groin", node=True),
        lesion("node 20", 20, "axilla", node=True),
        lesion("node 12", 12, "axilla", node=True),
        lesion("node 8", 8, "axilla", node=True),
    ]
    found = select_targets(lesions)
    # Nodes are one organ; the first of every organ comes before the second of any.
    assert [one.name for one in found.targets] == ["liver 50", "lung 30", "node 20", "adrenal 11", "liver 45"]
    why = {one.name: reason for one, reason in found.others}
    assert (
        "2 targets in the liver" in why["liver 40"] and "5 targets" in why["lung 12"] and "below 15" in why["node 12"]
    )
    assert "node 8" not in why


def test_the_sum_with_small_lost_and_normal_targets() -> None:
    targets = [
        lesion("a", 20.0),
        lesion("b", None, state="too small to measure"),
        lesion("c", 3.0),
        lesion("d", None, state="gone"),
        lesion("n", 9.0, node=True),
    ]
    found = sum_of(targets)
    assert found.total.value == pytest.approx(20 + 5 + 3 + 0 + 9) and found.complete and not found.gone
    assert found.total.interval == Interval(19 + 5 + 2 + 0 + 8, 21 + 5 + 4 + 0 + 10, found.total.interval.method)  # type: ignore[union-attr]
    with pytest.raises(BadInput):
        sum_of([])


def test_normal_nodes_leave_a_sum_and_are_a_complete_response() -> None:
    found = sum_of([lesion("a", None, state="gone"), lesion("n", 9.5, node=True)])
    assert found.gone and found.total.value == pytest.approx(9.5)
    assert recist_1_1(40, 40, found.total.value, found.complete, found.gone, "complete", "no").value == "CR"
    partly = sum_of([lesion("a", None, state="not evaluated"), lesion("n", 9.5, node=True)])
    assert not partly.complete and not partly.gone
    assert recist_1_1(40, 40, partly.total.value, partly.complete, partly.gone, "complete", "no").value == "NE"
