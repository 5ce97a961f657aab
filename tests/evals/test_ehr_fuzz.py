"""A small seeded slice of the fuzz benchmark: no 5xx, no hang, every error an OperationOutcome."""

from __future__ import annotations

from evals.benchmarks import ehr_fuzz
from evals.benchmarks.ehr_asgi import Reply
from evals.benchmarks.ehr_fuzz import Tally


def test_made_up_searches_and_broken_resources_do_no_harm() -> None:
    body = ehr_fuzz.run(None, 600, seed=5)
    assert body["by"]["failures"] == []
    assert body["score"] == 1
    statuses = body["by"]["statuses"]
    assert statuses["search"][200] > 60
    assert statuses["resource"].keys() & {200, 201}
    assert max(body["by"]["longest_seconds"].values()) < 5


def test_the_tally_sees_what_is_wrong() -> None:
    tally = Tally()
    tally.judge("x", Reply(500, {}, b'{"resourceType":"OperationOutcome"}', 0.1), "a")
    tally.judge("x", Reply(400, {}, b"<html>", 0.1), "b")
    tally.judge("x", Reply(404, {}, b'{"resourceType":"Patient"}', 0.1), "c")
    tally.judge("x", Reply(200, {}, b"{}", 60.0), "d")
    tally.judge("x", Reply(404, {}, b"", 0.1), "e", head=True)
    assert [row["request"] for row in tally.failures] == ["a", "b", "c", "d"]
