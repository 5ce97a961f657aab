"""What of an answer can become a draft, and of what kind."""

from __future__ import annotations

from agent.draft_imaging import measure_at, part_of
from agent.state import Board, Json, State
from tools.ehr.writes.drafts import Action
from tools.errors import UsageError

ALLOWED: dict[str, tuple[Action, ...]] = {
    "step": ("start", "stop", "change", "request"),
    "claim": ("problem",),
    "answer": ("note",),
    "measure": ("measured",),
}
"""The actions that a next step, a claim, the whole answer and a measure on an image allow."""


class SeveralOrders(UsageError):
    """A step fits several orders of the record; `orders` are their references and words."""

    orders: tuple[tuple[str, str], ...] = ()


def action_of(what: str, part: Json) -> Action:
    """What is drafted from an item unless something else is asked for."""
    if what != "step":
        return ALLOWED[what][0]
    if part["kind"] == "question":
        raise UsageError(
            "a question is asked, not ordered",
            found=part["text"],
            expected="a test, treatment, referral or monitoring",
            action="answer it in the consultation, or name an action",
        )
    if part["stops"]:
        return "stop"
    return "start" if part["kind"] == "treatment" and part["drugs"] else "request"


def item_of(state: State, item: str) -> tuple[str, Json]:
    """An item of the answer that stands: `(step | claim | answer | measure, its parts)`; a next step also by its
    number, a measure on an image by the id or slot of its evidence.

    Raises:
        UsageError: there is none, or it was struck or rejected.
    """
    answer, board = state["answer"], Board(state)
    steps = [step for step in answer["next_steps"] if step["status"] == "shown"]
    if item == "answer":
        shown = [claim for claim in answer["claims"] if claim["status"] == "shown"]
        cited = list(dict.fromkeys(i for claim in shown for i in claim["evidence"]))
        return "answer", _part({"id": "answer", "text": state["case"]["question"], "evidence": cited}, board)
    if item.isdigit() and 1 <= int(item) <= len(steps):
        return "step", _part(steps[int(item) - 1], board)
    for what, key in (("step", "next_steps"), ("claim", "claims")):
        for part in answer[key]:
            if part["id"] == item and part["status"] == "shown":
                return what, _part(part, board)
    if (found := measure_at(state, item)) is not None:
        return "measure", _part(part_of(found), board)
    raise UsageError(
        f"nothing called {item} stands in this answer",
        found=item,
        expected="answer, the number or id of a next step, the id of a claim or draft, or of a measure on an image",
        action="see `osler show CONSULTATION --json`",
    )


def stands(state: State, item: str) -> bool:
    try:
        item_of(state, item)
    except UsageError:
        return False
    return True


def _part(part: Json, board: Board) -> Json:
    sources = [getattr(board.evidence(i).source, "reference", None) for i in part["evidence"] if i in board.by_id]
    return {
        "kind": "",
        "drugs": [],
        "stops": False,
        "unknown": [],
        **part,
        "references": [source for source in sources if source],
    }
