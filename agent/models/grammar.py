"""Constrained decoding in process: at each token only those that keep the answer within its JSON Schema (llguidance).

Where llguidance is not installed, or does not know a tokenizer, decoding is free and every answer is checked as any
other is; `Reply.constrained` says which it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Grammar:
    """The tokenizer of one model as llguidance sees it."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def of(cls, tokenizer: Any, width: int, ends: Sequence[int]) -> Grammar | None:
        """The grammar of a tokenizer, or None where it cannot be constrained.

        Args:
            width: how many scores the model gives for each token.
            ends: the tokens with which it ends an answer.
        """
        try:
            from llguidance.hf import from_tokenizer
        except ImportError:
            return None
        try:
            made = from_tokenizer(tokenizer, n_vocab=max(width, len(tokenizer)), eos_token=list(ends))
        except (ValueError, RuntimeError):
            return None
        return cls(made)

    def constraint(self, schema: dict[str, Any]) -> Constraint | None:
        """What holds one answer to a schema, or None where llguidance does not take the schema."""
        from llguidance import LLMatcher

        # Without free white space: a weak model fills its whole answer with it.
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        return None if matcher.is_error() else Constraint(matcher)


class Constraint:
    """A logits processor for one answer of one prompt."""

    def __init__(self, matcher: Any) -> None:
        self._matcher = matcher
        self._read: int | None = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        import torch

        if self._read is not None:
            for token in input_ids[0, self._read :].tolist():
                self._matcher.consume_token(token)
        self._read = input_ids.shape[1]
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        allowed = np.unpackbits(bits, bitorder="little")[: scores.shape[-1]].astype(bool)
        return scores.masked_fill(~torch.from_numpy(allowed).to(scores.device), float("-inf"))
