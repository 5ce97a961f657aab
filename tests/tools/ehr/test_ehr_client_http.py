"""One request: what is tried again and when, how much and how long it may be, and who must act on what went wrong."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import BadAnswer, Busy, HttpError, LoginRefused, ServerFailed, Unreachable
from tools.ehr.client.http import retry_after
from tools.errors import UpstreamError

BASE = "http://fhir.example/r4"
PATIENT = {"resourceType": "Patient", "id": "p"}
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.ehr.client.http.LONGEST_WAIT", 0.0)


def client(*answers: httpx.Response | Exception, **more: Any) -> tuple[FhirClient, list[str]]:
    queue, asked = list(answers), []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        given = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    return FhirClient(BASE, transport=httpx.MockTransport(handle), **more), asked


GOOD = httpx.Response(200, json=PATIENT)


@pytest.mark.parametrize(
    "first",
    [
        httpx.Response(429, headers={"Retry-After": "3"}),
        httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        httpx.Response(502),
        httpx.Response(504),
        httpx.Response(500),
        httpx.ConnectError("refused"),
        httpx.RemoteProtocolError("cut"),
    ],
)
async def test_what_may_pass_is_tried_again(first: Any) -> None:
    reader, asked = client(first, GOOD)
    assert await reader.read("Patient", "p") == PATIENT
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("always", "times", "error"),
    [
        (httpx.Response(500), 2, ServerFailed),
        (httpx.Response(502), 3, ServerFailed),
        (httpx.Response(429, headers={"Retry-After": "3600"}), 3, Busy),
        (httpx.Response(401), 1, LoginRefused),
        (httpx.Response(403), 1, LoginRefused),
        (httpx.Response(404), 1, HttpError),
        (httpx.Response(302, headers={"Location": "http://evil.example/"}), 1, HttpError),
        (httpx.ConnectError("refused"), 2, Unreachable),
        (httpx.ReadTimeout("slow"), 1, Unreachable),
        (httpx.Response(200, text="<html>"), 1, BadAnswer),
        (httpx.Response(200), 1, BadAnswer),
    ],
)
async def test_what_does_not_pass_names_who_must_act(always: Any, times: int, error: type[UpstreamError]) -> None:
    reader, asked = client(always)
    with pytest.raises(error) as failed:
        await reader.read("Patient", "p")
    assert len(asked) == times
    assert type(failed.value) is error
    assert failed.value.action and failed.value.expected
    if isinstance(failed.value, HttpError):
        assert failed.value.status == always.status_code
    if isinstance(failed.value, Busy):
        assert "come back in 3600 s" in failed.value.message


def test_retry_after_is_a_number_or_a_date() -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after("7") == 7
    assert 80 < (retry_after(format_datetime(later, usegmt=True)) or 0) <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None and retry_after(None) is None


async def test_the_header_is_kept_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tools.ehr.client.http.LONGEST_WAIT", 10.0)
    monkeypatch.setattr("tools.ehr.client.http.asyncio.sleep", sleep)
    reader, _ = client(
        httpx.Response(429, headers={"Retry-After": "9999"}), httpx.Response(503, headers={"Retry-After": "2"}), GOOD
    )
    await reader.read("Patient", "p")
    assert waited == [10.0, 2.0]


def packed(body: bytes, how: str) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/fhir+json"), (b"content-encoding", how.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(body), 1000):
            await send({"type": "http.response.body", "body": body[start : start + 1000], "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return FhirClient(BASE, transport=httpx.ASGITransport(application), attempts=1)


async def test_a_packed_answer_is_unpacked_and_a_bomb_is_not() -> None:
    text = json.dumps(PATIENT).encode()
    assert await packed(gzip.compress(text), "gzip").read("Patient", "p") == PATIENT
    assert await packed(zlib.compress(text), "deflate").read("Patient", "p") == PATIENT
    with pytest.raises(BadAnswer, match="more than 32 MB"):
        await packed(gzip.compress(b" " * 60_000_000, 1), "gzip").read("Patient", "p")
    with pytest.raises(Unreachable, match="not gzip"):
        await packed(b"not packed at all", "gzip").read("Patient", "p")


async def test_time_for_a_whole_search() -> None:
    number = iter(range(10_000))

    def handle(request: httpx.Request) -> httpx.Response:
        count = next(number)
        rows = [{"resource": {"resourceType": "Basic", "id": str(count)}, "search": {"mode": "match"}}]
        links = [{"relation": "next", "url": f"?page={count + 2}"}]
        body = {"resourceType": "Bundle", "type": "searchset", "entry": rows, "total": 50, "link": links}
        return httpx.Response(200, json=body)

    found = await FhirClient(BASE, transport=httpx.MockTransport(handle), max_seconds=0).search("Basic", [])
    assert "stopped at 1 of 50: 0 s are over" in found.problems
    assert found.shown == "1 of 50" and not found.complete


async def test_an_id_stays_inside_the_path() -> None:
    reader, asked = client(httpx.Response(404))
    with pytest.raises(HttpError):
        await reader.read("Patient", "../Group/1?x=y")
    assert asked == [f"{BASE}/Patient/..%2FGroup%2F1%3Fx%3Dy"]


async def test_a_total_is_asked_for_unless_the_server_refuses_that() -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("_total", "-"))
        if "_total" in request.url.params:
            return httpx.Response(400, json={"resourceType": "OperationOutcome"})
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "total": 0})

    reader = FhirClient(BASE, transport=httpx.MockTransport(handle))
    for _ in range(2):
        assert (await reader.search("Condition", [("patient", "p")])).complete
    assert asked == ["accurate", "-", "-"]
