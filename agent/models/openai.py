"""A model behind an OpenAI-compatible server (vLLM, llama.cpp, Ollama) at `OSLER_MODEL_URL`: decisions and readings.

The schema goes with every request as `response_format`; a server that refuses it is asked again without, because the
prompt carries the form as well and every answer is checked by us. What comes back that is not a chat completion is an
`UpstreamError`, so that the planner can go on without a model and say so. No other model is ever asked instead.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from agent.models.base import MAX_READING_TOKENS, MAX_TOKENS, Reply
from tools.context import VisionReply
from tools.errors import UpstreamError, UsageError

if TYPE_CHECKING:
    import httpx

    from agent.settings import Settings

RETRIES = 1
_REFUSALS = (400, 404, 415, 422, 501)
_START = "start the server, or unset OSLER_MODEL_URL to work without a model"
Content = str | list[str | dict[str, Any]]
"""What a user's turn holds: text, or images and text."""


class OpenAIModel:
    """One model on one server.

    Args:
        url: the server's base URL, with or without the final `/v1`.
        name: the model's name there; None takes the only one the server lists.
        timeout: seconds for one decision, retries included.
    """

    def __init__(self, url: str, name: str | None = None, timeout: float = 60.0) -> None:
        self.url = _base(url)
        self.name = name or ""
        self.revision: str | None = None
        self.timeout = timeout
        self._constrains = True

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The model that the settings name.

        Raises:
            UsageError: a model is named, but no server.
        """
        if not settings.model_url:
            raise UsageError(
                f"model {settings.model!r} is named, but no server", found="OSLER_MODEL without OSLER_MODEL_URL",
                expected="an OpenAI-compatible server's base URL; or a folder, or owner/name@COMMIT, of a model here",
                action="set OSLER_MODEL_URL, or unset OSLER_MODEL",
            )
        return cls(settings.model_url, settings.model, settings.model_timeout)

    async def decide(self, system: str, user: str, schema: dict[str, Any]) -> Reply:
        """Answer with one JSON object that fits the schema.

        Raises:
            UpstreamError: the server is not there, is too slow, or answers with something else.
        """
        return await self._timed(system, user, schema, MAX_TOKENS)

    async def read(
        self, images: Sequence[bytes], question: str, schema: dict[str, Any] | None = None, *, instructions: str = ""
    ) -> VisionReply:
        """Answer a question about images (PNG), which go to this server and nowhere else.

        Raises:
            UpstreamError: the server is not there, takes no images, is too slow, or answers with something else.
        """
        parts: list[str | dict[str, Any]] = [
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{base64.b64encode(image).decode()}"}}
            for image in images
        ]
        parts.append({"type": "text", "text": question})
        reply = await self._timed(instructions, parts, schema, MAX_READING_TOKENS)
        return VisionReply(reply.text, self.name, self.revision, reply.seconds, reply.tokens_in, reply.tokens_out,
                           reply.constrained and schema is not None)

    async def _timed(self, system: str, user: Content, schema: dict[str, Any] | None, most: int) -> Reply:
        # Seconds of imports on first use: not the server's time, and not on the event loop.
        await asyncio.to_thread(_import)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout):
                reply = await self._ask(system, user, schema, most)
        except TimeoutError as error:
            raise self._failed("took too long", f"no answer within {self.timeout:g} s", _START) from error
        seconds = round(time.perf_counter() - started, 3)
        return Reply(reply.text, reply.tokens_in, reply.tokens_out, seconds, reply.constrained)

    async def _ask(self, system: str, user: Content, schema: dict[str, Any] | None, most: int) -> Reply:
        import httpx

        # One client for one decision: it belongs to the running loop, and the environment's proxies stay unread.
        hooks: dict[str, list[Any]] = {"response": [self._check]}
        async with httpx.AsyncClient(timeout=self.timeout, trust_env=False, event_hooks=hooks) as client:
            if not self.name:
                self.name = await self._only_model(client)
            try:
                return await self._complete(client, system, user, schema if self._constrains else None, most)
            except _Refused as first:
                if not self._constrains or schema is None:
                    raise self._refused(first) from first
            try:
                reply = await self._complete(client, system, user, None, most)
            except _Refused as second:
                raise self._refused(second) from second
            self._constrains = False
            return reply

    async def _complete(
        self, client: httpx.AsyncClient, system: str, user: Content, schema: dict[str, Any] | None, most: int
    ) -> Reply:
        import openai
        from langchain_core.messages import HumanMessage, SystemMessage
        from langchain_openai import ChatOpenAI
        from langsmith import tracing_context
        from pydantic import SecretStr

        # `extra_body` because ChatOpenAI renames max_tokens to a name that not every server knows, and because its own
        # `response_format` path raises on an answer cut short, which here is an invalid answer like any other.
        body: dict[str, Any] = {"max_tokens": most}
        if schema is not None:
            form = {"name": schema.get("title", "decision"), "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        chat = ChatOpenAI(
            model=self.name, base_url=self.url, api_key=SecretStr("not-needed"), temperature=0, seed=0,
            timeout=self.timeout, max_retries=RETRIES, http_async_client=client, use_responses_api=False,
            extra_body=body,
        )
        try:
            # A tracing service set up in the environment must not be sent a patient's data.
            with tracing_context(enabled=False):
                said = [HumanMessage(user)] if not system else [SystemMessage(system), HumanMessage(user)]
                message = await chat.ainvoke(said)
        except openai.APIStatusError as error:
            if error.status_code in _REFUSALS:
                raise _Refused(f"HTTP {error.status_code}: {error.message[:200]}") from error
            raise self._failed("answers with an error", f"HTTP {error.status_code}", "see the server's log") from error
        except openai.APITimeoutError as error:
            raise self._failed("took too long", f"no answer within {self.timeout:g} s", _START) from error
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, UpstreamError):
                raise error.__cause__ from error
            raise self._failed("cannot be reached", str(error.__cause__ or error), _START) from error
        self._served(message.response_metadata)
        usage = message.usage_metadata
        text = message.content if isinstance(message.content, str) else json.dumps(message.content)
        return Reply(text, usage["input_tokens"] if usage else 0, usage["output_tokens"] if usage else 0,
                     constrained=schema is not None)

    def _served(self, metadata: dict[str, Any]) -> None:
        """Which build answered, as far as the server says: its own name for the model, and its fingerprint."""
        named = metadata.get("model_name")
        parts = [named if named != self.name else None, metadata.get("system_fingerprint")]
        self.revision = " ".join(str(part) for part in parts if part) or None

    async def _only_model(self, client: httpx.AsyncClient) -> str:
        import httpx

        try:
            response = await client.get(f"{self.url}/models")
        except httpx.TimeoutException as error:
            raise self._failed("took too long", f"no answer within {self.timeout:g} s", _START) from error
        except httpx.HTTPError as error:
            raise self._failed("cannot be reached", str(error), _START) from error
        rows = response.json().get("data") if response.is_success else None
        names = [str(row.get("id")) for row in rows or [] if isinstance(row, dict)]
        if len(names) != 1:
            raise self._failed("does not say which model to use", f"{len(names)} models listed", "set OSLER_MODEL")
        return names[0]

    async def _check(self, response: httpx.Response) -> None:
        """Stop what is not JSON of the promised kind at the door.

        Raises:
            UpstreamError: a web page, broken JSON, or JSON without the expected list.
        """
        if not response.is_success:
            return
        wanted = "data" if response.request.url.path.endswith("/models") else "choices"
        text = (await response.aread()).decode("utf-8", "replace")
        try:
            body = json.loads(text)
        except ValueError as error:
            kind = response.headers.get("content-type", "no content type")
            raise self._failed("does not answer in JSON", f"{kind}: {text[:80]!r}",
                               "check that OSLER_MODEL_URL is an OpenAI-compatible base URL") from error
        rows = body.get(wanted) if isinstance(body, dict) else None
        if not isinstance(rows, list) or (wanted == "choices" and not _has_message(rows)):
            raise self._failed("answers with something else than a chat completion", text[:80],
                               "check that OSLER_MODEL_URL is an OpenAI-compatible base URL")

    def _refused(self, error: _Refused) -> UpstreamError:
        return self._failed("refuses the request", str(error), "see the server's log, and check OSLER_MODEL")

    def _failed(self, what: str, found: str, action: str) -> UpstreamError:
        return UpstreamError(
            f"the model server at {_shown(self.url)} {what}: {found}", found=found,
            expected="an OpenAI-compatible chat completion", action=action,
        )


class _Refused(Exception):
    """The server understood the request and would not have it in this form."""


def _import() -> None:
    import langchain_openai  # noqa: F401


def _base(url: str) -> str:
    bare = url.rstrip("/").removesuffix("/chat/completions")
    return bare if bare.endswith("/v1") else f"{bare}/v1"


def _shown(url: str) -> str:
    """The URL without a user name or password in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


def _has_message(rows: list[Any]) -> bool:
    return bool(rows) and isinstance(rows[0], dict) and isinstance(rows[0].get("message"), dict)
