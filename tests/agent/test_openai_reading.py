"""Images through the OpenAI-compatible back end, against a real HTTP server on loopback."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys

import pytest

from agent.models.openai import OpenAIModel
from tests.agent.model_server import Raw, serving
from tools.errors import UpstreamError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SCHEMA = {"title": "reading", "type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


async def test_an_image_goes_to_the_server_as_data_with_the_question_after_it() -> None:
    with serving({"answer": "a line"}) as server:
        reply = await OpenAIModel(server.url, "tiny").read([PNG, PNG], "What is it?", SCHEMA, instructions="You look.")
    system, user = server.asked[0]["messages"]
    assert (system["role"], system["content"]) == ("system", "You look.")
    assert [part["type"] for part in user["content"]] == ["image_url", "image_url", "text"]
    assert user["content"][2]["text"] == "What is it?"
    head, _, data = user["content"][0]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64" and base64.b64decode(data) == PNG
    assert server.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert server.asked[0]["temperature"] == 0 and server.hits == ["/v1/chat/completions"]
    assert json.loads(reply.text) == {"answer": "a line"}
    assert (reply.model, reply.revision, reply.tokens_in, reply.tokens_out) == ("tiny", "b1", 11, 7)
    assert reply.constrained and reply.seconds > 0


async def test_without_a_form_none_is_asked_for() -> None:
    with serving("plain words") as server:
        reply = await OpenAIModel(server.url, "tiny").read([PNG], "What is it?")
    assert "response_format" not in server.asked[0] and not reply.constrained
    assert [message["role"] for message in server.asked[0]["messages"]] == ["user"]


async def test_a_server_that_takes_no_images_is_an_upstream_error() -> None:
    refusal = Raw(400, json.dumps({"error": {"message": "image input is not supported"}}))
    with serving(refusal) as server:
        model = OpenAIModel(server.url, "tiny")
        for form in (SCHEMA, None):
            with pytest.raises(UpstreamError, match="refuses the request") as caught:
                await model.read([PNG], "What is it?", form)
            assert "image input is not supported" in str(caught.value.found)


async def test_the_time_out_holds_for_a_reading() -> None:
    with serving(Raw(delay=3)) as server, pytest.raises(UpstreamError, match="took too long"):
        await OpenAIModel(server.url, "tiny", 0.4).read([PNG], "What is it?")


def test_no_tracing_service_is_sent_the_image() -> None:
    script = """
import asyncio, sys
from agent.models.openai import OpenAIModel
from langchain_core.tracers.langchain import wait_for_all_tracers
asyncio.run(OpenAIModel(sys.argv[1], "tiny").read([b"a patient's pixels"], "what?"))
wait_for_all_tracers()
"""
    with serving({"decision": "none"}) as tracer, serving("words") as server:
        tracing = {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "LANGSMITH_ENDPOINT": tracer.url}
        subprocess.run([sys.executable, "-c", script, server.url], env={**os.environ, **tracing}, check=True)
    assert server.asked and not tracer.hits
