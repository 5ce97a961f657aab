"""Two protocols that contradict each other in one patient: the giving step is struck, both are named."""

from __future__ import annotations

from agent.conflicts import settle
from knowledge.claim import NextStep
from knowledge.terminology import default_terminology

TITLES = {"af": "Stroke prevention", "bleed": "Bleeding"}


def step(text: str, criterion: str, drugs: list[str], stops: bool = False) -> NextStep:
    return NextStep(
        id=f"n-{criterion}",
        text=text,
        template=text,
        names={},
        values=[],
        kind="treatment",
        evidence=["e1"],
        drugs=drugs,
        stops=stops,
        criterion=criterion,
    )


def test_what_one_gives_and_another_takes_away_is_a_conflict() -> None:
    give, stop = step("Offer it.", "af/start", ["doac"]), step("Stop apixaban.", "bleed/stop", ["apixaban"], True)
    found = settle([give, stop], default_terminology(), TITLES)
    assert (give.status, stop.status) == ("struck", "shown")
    assert give.reason == "conflict: Stop apixaban."
    assert [gap.reason for gap in found] == ["conflict"]
    assert found[0].needs == ["Stroke prevention: Offer it.", "Bleeding: Stop apixaban."]


def test_other_drugs_and_two_that_both_give_are_no_conflict() -> None:
    steps = [
        step("Offer it.", "af/start", ["doac"]),
        step("Stop the painkiller.", "bleed/nsaid", ["nsaid"], True),
        step("Offer it as well.", "af/other", ["apixaban"]),
    ]
    assert settle(steps, default_terminology(), TITLES) == []
    assert {item.status for item in steps} == {"shown"}


def test_a_step_that_is_struck_already_takes_nothing_away() -> None:
    give = step("Offer it.", "af/start", ["doac"])
    stop = step("Stop apixaban.", "bleed/stop", ["apixaban"], True).model_copy(update={"status": "struck"})
    assert settle([give, stop], default_terminology(), TITLES) == [] and give.status == "shown"
