"""The OpenAI-compatible back end against a real HTTP server on loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time

import pytest

from agent.models.openai import OpenAIModel
from agent.settings import Settings
from tests.agent.model_server import Raw, completion, serving
from tools.errors import UpstreamError, UsageError

SCHEMA = {
    "title": "choice",
    "type": "object",
    "properties": {"decision": {"type": "string", "enum": ["none"]}},
    "required": ["decision"],
    "additionalProperties": False,
}


def model(url: str, name: str | None = "tiny", timeout: float = 5.0) -> OpenAIModel:
    return OpenAIModel.from_settings(Settings(model=name, model_url=url, model_timeout=timeout))


async def test_decision_comes_back_with_what_it_cost() -> None:
    with serving({"decision": "none"}) as server:
        reply = await model(server.url).decide("system words", "user words", SCHEMA)
    assert json.loads(reply.text) == {"decision": "none"}
    assert (reply.tokens_in, reply.tokens_out, reply.constrained) == (11, 7, True)
    assert reply.seconds > 0


async def test_request_asks_for_the_schema_and_for_the_same_answer_every_time() -> None:
    with serving({"decision": "none"}) as server:
        await model(server.url).decide("system words", "user words", SCHEMA)
    body = server.asked[0]
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "choice", "strict": True, "schema": SCHEMA},
    }
    assert (body["model"], body["temperature"], body["seed"]) == ("tiny", 0, 0)
    assert 0 < body["max_tokens"] < 1000
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert not body.get("tools") and not body.get("stream")


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_base_url_is_taken_as_people_write_it(suffix: str) -> None:
    with serving({"decision": "none"}) as server:
        assert (await model(server.url + suffix).decide("s", "u", SCHEMA)).text


async def test_no_key_proxy_or_other_server_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("LANGSMITH_GATEWAY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with serving({"decision": "none"}) as server:
        await model(server.url).decide("s", "u", SCHEMA)
    assert server.headers[0]["authorization"] == "Bearer not-needed"


def test_no_tracing_service_is_sent_the_prompt() -> None:
    script = """
import asyncio, sys
from agent.models.openai import OpenAIModel
from langchain_core.tracers.langchain import wait_for_all_tracers
asyncio.run(OpenAIModel(sys.argv[1], "tiny").decide("s", "a patient's data", {"type": "object"}))
wait_for_all_tracers()
"""
    with serving({"decision": "none"}) as tracer, serving({"decision": "none"}) as server:
        tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": tracer.url}
        subprocess.run([sys.executable, "-c", script, server.url], env={**os.environ, **tracing}, check=True)
    assert server.asked and not tracer.hits


async def test_server_that_refuses_response_format_is_asked_again_without() -> None:
    refusal = Raw(400, json.dumps({"error": {"message": "response_format is not supported"}}))
    with serving(refusal, {"decision": "none"}) as server:
        asked = model(server.url)
        first = await asked.decide("s", "u", SCHEMA)
        second = await asked.decide("s", "u", SCHEMA)
    assert not first.constrained and not second.constrained
    assert ["response_format" in body for body in server.asked] == [True, False, False]


async def test_unknown_model_is_an_upstream_error_and_no_other_is_asked() -> None:
    refusal = Raw(404, json.dumps({"error": {"message": "model 'other' not found"}}))
    with serving(refusal) as server, pytest.raises(UpstreamError, match="refuses the request") as caught:
        await model(server.url, "other").decide("s", "u", SCHEMA)
    assert {body["model"] for body in server.asked} == {"other"}
    assert "not found" in str(caught.value.found) and caught.value.action


async def test_without_a_name_the_only_model_listed_is_used_and_said() -> None:
    with serving({"decision": "none"}, models=["the-one"]) as server:
        asked = model(server.url, None)
        await asked.decide("s", "u", SCHEMA)
    assert asked.name == "the-one" and server.asked[0]["model"] == "the-one"


async def test_without_a_name_several_models_are_not_guessed_among() -> None:
    with serving({"decision": "none"}, models=["a", "b"]) as server, pytest.raises(UpstreamError, match="which model"):
        await model(server.url, None).decide("s", "u", SCHEMA)
    assert not server.asked


async def test_what_the_server_says_it_ran_is_kept() -> None:
    with serving(Raw(body=completion("{}", model="tiny-q4"))) as server:
        asked = model(server.url)
        await asked.decide("s", "u", SCHEMA)
    assert asked.revision == "tiny-q4 b1"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Raw(200, "<!doctype html><title>Log in</title>", "text/html"), "does not answer in JSON: text/html"),
        (Raw(200, '{"choices": [', "application/json"), "does not answer in JSON"),
        (Raw(200, '{"status": "ok"}'), "something else than a chat completion"),
        (Raw(200, '{"choices": []}'), "something else than a chat completion"),
        (Raw(200, "[1, 2]"), "something else than a chat completion"),
        (Raw(500, '{"error": {"message": "out of memory"}}'), "answers with an error: HTTP 500"),
        (Raw(503, "<h1>down</h1>", "text/html"), "answers with an error: HTTP 503"),
        (Raw(401, '{"error": {"message": "no"}}'), "answers with an error: HTTP 401"),
    ],
)
async def test_anything_else_than_a_completion_is_an_upstream_error(reply: Raw, words: str) -> None:
    with serving(reply) as server, pytest.raises(UpstreamError, match=words) as caught:
        await model(server.url).decide("s", "u", SCHEMA)
    document = caught.value.document()
    assert document["code"] == "upstream" and document["found"] and document["expected"] and document["action"]


async def test_nobody_listening_is_an_upstream_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UpstreamError, match="cannot be reached") as caught:
        await model(f"http://127.0.0.1:{port}").decide("s", "u", SCHEMA)
    assert "OSLER_MODEL_URL" in caught.value.action


async def test_the_time_out_holds_for_the_whole_decision() -> None:
    with serving(Raw(body=completion("{}"), delay=3)) as server:
        started = time.perf_counter()
        with pytest.raises(UpstreamError, match=r"took too long: no answer within 0\.4 s"):
            await model(server.url, timeout=0.4).decide("s", "u", SCHEMA)
    assert time.perf_counter() - started < 2.5


async def test_a_passing_error_is_tried_once_more() -> None:
    with serving(Raw(503, "{}"), {"decision": "none"}) as server:
        assert (await model(server.url).decide("s", "u", SCHEMA)).text
    assert len(server.asked) == 2


async def test_password_in_the_url_is_not_printed() -> None:
    with pytest.raises(UpstreamError) as caught:
        await model("http://ann:hunter2@127.0.0.1:9/v1").decide("s", "u", SCHEMA)
    assert "hunter2" not in str(caught.value) + json.dumps(caught.value.document())


def test_a_model_without_a_server_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no server"):
        OpenAIModel.from_settings(Settings(model="medgemma"))
