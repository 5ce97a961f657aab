"""Corrections as training data, a head learnt from them, and the gate in front of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import BadInput
from tools.imaging.training import LINES, Corrected, dice, pseudonym, read, write
from tools.imaging.training_gate import Case, Change, change, decide, gate, overlap
from tools.imaging.training_head import Example, Head, fit_head, lesson, sides_of
from tools.imaging.training_store import OFF, cards, head_of, keep, put_to_use, used
from tools.segmenters.classifier import Classifier
from tools.segmenters.lungs import lung_fields, shipped

SIDE = 192


def drawn(seed: int, low: float = 0.0) -> tuple[Any, Any]:
    """A small film of two dark lungs, and their mask; `low`: how much higher than they look a person ends them."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    shift = random.uniform(-0.02, 0.02, 2)
    lungs = [((x - c - shift[0]) / 0.15) ** 2 + ((y - 0.48 - shift[1]) / 0.3) ** 2 <= 1 for c in (0.29, 0.71)]
    mask = lungs[0] | lungs[1]
    film = np.where(((x - 0.5) / 0.47) ** 2 + ((y - 0.75) / 0.8) ** 2 <= 1, 0.75, 0.02)
    film = np.where(mask, 0.3, film) + random.normal(0, 0.02, mask.shape)
    return np.clip(film, 0, 1).astype(np.float32), mask & (y < 0.78 + shift[1] - low)


def case(seed: int, low: float = 0.0) -> Case:
    film, mask = drawn(seed, low)
    return Case(f"p{seed}", Example(film, sides_of(mask)))


def item(seed: int, **more: Any) -> Corrected:
    film, mask = drawn(seed)
    before = mask.copy()
    before[: SIDE // 3] = False
    given: dict[str, Any] = {"pixels": film, "view": "PA", "consent": "ethics 12", **more}
    return Corrected(f"p{seed}", f"i{seed}", "lung", "drawn 1", "someone", before, mask, **given)


@pytest.fixture(scope="module")
def base() -> Classifier:
    return shipped()


@pytest.fixture(scope="module")
def head(base: Classifier) -> Head:
    """Learnt from three people's lungs that end higher than they look."""
    return fit_head(base, [case(seed, 0.14).lesson(base) for seed in range(3)])


# -- what is written -------------------------------------------------------------------------------------------------


def test_corrections_are_written_and_read_back(tmp_path: Path) -> None:
    given = [item(1), item(2, pixels=None)]
    rows = write(given, tmp_path)
    assert [row["picture"] is None for row in rows] == [False, True]
    back = {one.image: one for one in read(tmp_path)}
    for one in given:
        assert np.array_equal(back[one.image].after, one.after) and np.array_equal(back[one.image].before, one.before)
    assert back["i2"].pixels is None and back["i1"].consent == "ethics 12"
    held = back["i1"].pixels
    assert held is not None and np.abs(held - given[0].pixels).max() < 0.003
    assert rows[0]["dice_before_after"] == round(dice(given[0].before, given[0].after), 4)
    # The same once more changes nothing; another outline of the same image is a further line.
    write(given, tmp_path)
    write([replace(given[0], after=given[0].before)], tmp_path)
    assert len(read(tmp_path)) == 3


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no corrections"):
        read(tmp_path)
    (row,) = write([item(1)], tmp_path)
    (tmp_path / row["after"]).write_bytes(b"no picture")
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path)
    (tmp_path / LINES).write_text("{")
    with pytest.raises(BadInput, match="jsonl cannot be read"):
        read(tmp_path)


def test_a_pseudonym_needs_its_key() -> None:
    one = pseudonym(b"key", "patient", "OSL-0001")
    assert one == pseudonym(b"key", "patient", "OSL-0001") and len(one) == 16
    others = {pseudonym(b"other", "patient", "OSL-0001"), pseudonym(b"key", "person", "OSL-0001")}
    assert one not in others and len(others) == 2


# -- what is learnt --------------------------------------------------------------------------------------------------


def test_a_head_learns_what_people_correct_and_nothing_without_corrections(base: Classifier, head: Head) -> None:
    unseen = case(50, 0.14)
    assert overlap(head, unseen.example) > overlap(base, unseen.example) + 0.03
    nothing = Head.on(base, np.zeros((len(base.mean) + 1, 3), dtype=np.float32))
    rows = lesson(base, unseen.example).rows[:50, :-1] * base.spread + base.mean
    assert np.allclose(nothing.probabilities(rows), base.probabilities(rows), atol=1e-4)
    found = lung_fields(unseen.example.pixels, classifier=head)
    assert found.confidence > 0.5 and not np.array_equal(
        found.right.mask, lung_fields(unseen.example.pixels).right.mask
    )


def test_the_same_corrections_give_the_same_head(base: Classifier) -> None:
    lessons = [case(1, 0.14).lesson(base)]
    assert np.array_equal(fit_head(base, lessons).added, fit_head(base, [case(1, 0.14).lesson(base)]).added)


def test_the_gate_compares_on_patients_the_head_has_not_seen(base: Classifier, head: Head) -> None:
    corrected, earlier = [case(0, 0.14)], [case(0), case(10, 0.14), case(11, 0.14)]
    verdict = gate(base, head, corrected, earlier)
    # Of the three earlier films one is of a corrected patient; its loss must not be seen, nor its gain.
    assert verdict.earlier.patients == 2 and verdict.earlier.low > 0 and verdict.corrected.mean > 0.02
    assert not verdict.adopted and verdict.why.startswith("2 patients with an accepted outline")
    assert verdict.how == "on the corrected cases themselves"


UP, FEW = Change(0.02, 0.01, 0.03, 8, 8), Change(0.02, -0.01, 0.03, 2, 2)
HOLDS = Change(0.0, -0.005, 0.01, 9, 9)


@pytest.mark.parametrize(
    ("gained", "earlier", "why"),
    [
        (UP, HOLDS, ""),
        (FEW, HOLDS, ""),
        (UP, replace(HOLDS, low=-0.0051), "on earlier cases the Dice changes by +0.0000 (-0.0051 to +0.0100)"),
        (UP, replace(HOLDS, mean=-0.0001), "on earlier cases the Dice changes by -0.0001"),
        (UP, replace(HOLDS, patients=4), "4 patients with an accepted outline"),
        (replace(UP, mean=0.0), HOLDS, "the corrected cases do not improve"),
        (replace(UP, low=0.0), HOLDS, "the corrected cases do not improve"),
    ],
)
def test_the_gate_adopts_what_helps_and_costs_nothing(gained: Change, earlier: Change, why: str) -> None:
    verdict = decide(gained, earlier, "")
    assert verdict.adopted == (not why) and verdict.why.startswith(why)


def test_corrected_patients_are_left_out_in_turn(base: Classifier) -> None:
    cases = [case(seed, 0.14) for seed in range(3)]
    verdict = gate(base, fit_head(base, [one.lesson(base) for one in cases]), cases, [])
    assert verdict.how.startswith("on corrected cases left out in turn") and verdict.corrected.low > 0.02


def test_an_interval_draws_films_of_one_patient_together() -> None:
    alone = change([0.1, -0.1, 0.1, -0.1], ["a", "b", "c", "d"])
    paired = change([0.1, -0.1, 0.1, -0.1], ["a", "a", "b", "b"])
    assert alone.mean == paired.mean == 0.0 and alone.low < 0 < alone.high
    assert (paired.low, paired.high, paired.patients, paired.cases) == (0.0, 0.0, 2, 4)
    assert change([], []) == Change(0.0, 0.0, 0.0, 0, 0)


# -- versions --------------------------------------------------------------------------------------------------------


def test_versions_are_kept_put_to_use_by_name_and_taken_back(base: Classifier, head: Head, tmp_path: Path) -> None:
    good = decide(UP, HOLDS, "")
    bad = replace(good, adopted=False, why="it costs")
    first, second = (keep(tmp_path, head, base, verdict, ["c1"]) for verdict in (good, bad))
    assert [card["version"] for card in cards(tmp_path)] == ["lung-001", "lung-002"] and first != second
    assert used(tmp_path) == {"version": OFF, "changes": []}
    put_to_use(tmp_path, "lung-001", "Dr A")
    with pytest.raises(BadInput, match="did not pass the gate"):
        put_to_use(tmp_path, "lung-002", "Dr A")
    with pytest.raises(BadInput, match="no head"):
        put_to_use(tmp_path, "lung-009", "Dr A")
    assert np.array_equal(head_of(tmp_path, "lung-001", base).added, head.added)
    put_to_use(tmp_path, OFF, "Dr B")
    assert used(tmp_path)["version"] == OFF
    assert [(line["version"], line["instead_of"]) for line in used(tmp_path)["changes"]] == [
        ("lung-001", OFF), (OFF, "lung-001"),
    ]  # fmt: skip


def test_a_head_that_was_changed_or_belongs_elsewhere_is_refused(base: Classifier, head: Head, tmp_path: Path) -> None:
    keep(tmp_path, head, base, decide(UP, HOLDS, ""), [])
    other = replace(base, mean=base.mean + 1)
    with pytest.raises(BadInput, match="cannot be used"):
        head_of(tmp_path, "lung-001", other)
    for name in ("lung-002", "../lung-001", "in-use"):
        with pytest.raises(BadInput, match="cannot be used"):
            head_of(tmp_path, name, base)
    (tmp_path / "lung-001.npz").write_bytes(b"PK")
    with pytest.raises(BadInput) as caught:
        head_of(tmp_path, "lung-001", base)
    assert "the file was changed" in str(caught.value.found)
