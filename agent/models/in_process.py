"""A model in this process, with transformers: the planner's decisions, and readings of images.

Loaded on first use and kept. One answer at a time: a second caller waits, within its own time. Decoding is greedy, so
the same prompt gives the same answer. What cannot be had within the time is an `UpstreamError`, as from a server.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agent.models.base import MAX_READING_TOKENS, MAX_TOKENS, Reply
from agent.models.edge import input_edge
from agent.models.load import Loaded, load, messages
from agent.models.weights import Weights
from tools.context import VisionReply
from tools.errors import NotAssessable, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

_START = "give the model more time or a smaller question, or unset OSLER_MODEL to work without a model"


class InProcessModel:
    """One model here.

    Args:
        weights: its folder.
        timeout: seconds for one answer; loading comes on top, once.
    """

    def __init__(self, weights: Weights, timeout: float = 60.0) -> None:
        self.name = weights.name
        self.revision: str | None = weights.commit
        self.timeout = timeout
        self.edge = input_edge(weights.folder)
        self._weights = weights
        self._loaded: Loaded | None = None
        self._one = threading.Lock()

    async def decide(self, system: str, user: str, schema: dict[str, Any]) -> Reply:
        """Answer with one JSON object that fits the schema.

        Raises:
            UpstreamError: the model cannot be loaded, or is too slow.
        """
        return await self._ask(system, user, schema, (), MAX_TOKENS)

    async def read(
        self, images: Sequence[bytes], question: str, schema: dict[str, Any] | None = None, *, instructions: str = ""
    ) -> VisionReply:
        """Answer a question about images (PNG).

        Raises:
            NotAssessable: the model takes text only.
            UpstreamError: it cannot be loaded, or is too slow.
        """
        reply = await self._ask(instructions, question, schema, images, MAX_READING_TOKENS)
        return VisionReply(
            text=reply.text,
            model=self.name,
            revision=self.revision,
            seconds=reply.seconds,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
            constrained=reply.constrained,
        )

    async def _ask(
        self, system: str, user: str, schema: dict[str, Any] | None, images: Sequence[bytes], most: int
    ) -> Reply:
        loaded = await asyncio.to_thread(self._warm)
        if images and not loaded.sees:
            raise NotAssessable(
                f"the model {self.name} takes text only",
                found="a model without image input",
                expected="a model that reads images",
                action="set OSLER_MODEL to one, such as MedGemma",
            )
        started, gone = time.perf_counter(), threading.Event()
        late = started + self.timeout
        try:
            async with asyncio.timeout(self.timeout):
                text, spent, made, held = await asyncio.to_thread(
                    self._answer, loaded, system, user, schema, images, most, lambda: gone.is_set() or _now() > late
                )
        except TimeoutError as error:
            raise self._failed("took too long", f"no answer within {self.timeout:g} s", _START) from error
        finally:
            # A thread cannot be stopped from outside: it sees this before its next token.
            gone.set()
        if _now() > late:
            raise self._failed("took too long", f"no whole answer within {self.timeout:g} s", _START)
        return Reply(text, spent, made, round(_now() - started, 3), held)

    def _warm(self) -> Loaded:
        with self._one:
            if self._loaded is None:
                self._loaded = load(self.name, self._weights.folder)
                self.revision = self._weights.revision
            return self._loaded

    def _answer(
        self,
        loaded: Loaded,
        system: str,
        user: str,
        schema: dict[str, Any] | None,
        images: Sequence[bytes],
        most: int,
        stop: Callable[[], bool],
    ) -> tuple[str, int, int, bool]:
        """Text, tokens of the prompt, tokens of the answer, whether it was held to the schema."""
        from transformers import GenerationConfig

        while not self._one.acquire(timeout=0.05):
            if stop():
                raise self._failed("is busy", "another answer was being worked out all the time", _START)
        try:
            given = self._prompt(loaded, system, user, images)
            length = int(given["input_ids"].shape[1])
            if loaded.room is not None and length + most > loaded.room:
                raise self._failed(
                    "cannot take the prompt",
                    f"{length} tokens and {most} for the answer; it has room for {loaded.room}",
                    "ask less, or take a model with a longer context",
                )
            constraint = loaded.grammar.constraint(schema) if loaded.grammar and schema is not None else None
            plan = GenerationConfig(
                max_new_tokens=most,
                do_sample=False,
                num_beams=1,
                eos_token_id=list(loaded.ends) or None,
                pad_token_id=_pad(loaded),
            )
            out = self._generate(loaded, given, plan, constraint, stop)
            new = out[0, length:]
            return loaded.tokenizer.decode(new, skip_special_tokens=True), length, len(new), constraint is not None
        finally:
            self._one.release()

    def _prompt(self, loaded: Loaded, system: str, user: str, images: Sequence[bytes]) -> Any:
        from PIL import Image

        pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data in images]
        turns = messages(
            inert(system, loaded.control), inert(user, loaded.control), pictures, sees=loaded.sees, folds=loaded.folds
        )
        try:
            given = loaded.templates.apply_chat_template(
                turns, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
            )
        except (ValueError, RuntimeError) as error:
            raise self._failed("cannot take the prompt", _said(error), "see the model's card") from error
        return {name: _placed(tensor, loaded.model) for name, tensor in given.items()}

    def _generate(self, loaded: Loaded, given: Any, plan: Any, constraint: Any, stop: Callable[[], bool]) -> Any:
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        def over(ids: Any, _scores: Any, **_: Any) -> Any:
            return torch.full((ids.shape[0],), stop(), dtype=torch.bool, device=ids.device)

        try:
            with torch.inference_mode():
                return loaded.model.generate(
                    **given,
                    generation_config=plan,
                    stopping_criteria=StoppingCriteriaList([over]),
                    logits_processor=LogitsProcessorList([constraint] if constraint else []),
                )
        except RuntimeError as error:
            # Memory that runs out, and what else a device can fail with.
            raise self._failed("failed while it answered", _said(error), "take a smaller model or picture") from error

    def _failed(self, what: str, found: str, action: str) -> UpstreamError:
        return UpstreamError(
            f"the model {self.name} {what}: {found}",
            found=found,
            expected="an answer of the model in process",
            action=action,
        )


def inert(text: str, control: Sequence[str]) -> str:
    """Text without the words that steer a model: a note cannot end its turn and speak as somebody else."""
    for word in control:
        text = text.replace(word, " ")
    return text


def _placed(tensor: Any, model: Any) -> Any:
    """On the model's device; pixels in the precision of its weights, which its processor does not know."""
    return tensor.to(model.device, model.dtype) if tensor.is_floating_point() else tensor.to(model.device)


def _pad(loaded: Loaded) -> int | None:
    pad = loaded.tokenizer.pad_token_id
    return pad if pad is not None else next(iter(loaded.ends), None)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:200]}" if str(error) else type(error).__name__


def _now() -> float:
    return time.perf_counter()
