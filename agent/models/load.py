"""Loading weights with transformers: from a folder here, without network and without code of the model's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.models.grammar import Grammar
from tools.errors import UpstreamError

_SYSTEM = "osler-system-probe"
_FROM_HERE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True)
class Loaded:
    """A model in memory and what its use depends on.

    Attributes:
        templates: what holds the chat template: the processor, or the tokenizer of a model of text.
        sees: whether it takes images.
        folds: whether its template has no system role, so that instructions go into the user's turn.
        control: words of its vocabulary that steer it (turns, places of images); no text given to it may hold one.
        ends: the tokens with which it ends an answer.
        room: how many tokens prompt and answer may have together; None where the model does not say.
    """

    model: Any
    templates: Any
    tokenizer: Any
    sees: bool
    folds: bool
    control: tuple[str, ...]
    ends: tuple[int, ...]
    room: int | None
    grammar: Grammar | None


def load(name: str, folder: Path) -> Loaded:
    """Load a model.

    Raises:
        UpstreamError: transformers cannot make a model of these files, or they do not hold all of it.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()
    broken = (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError, ImportError, SafetensorError)
    try:
        config, sees, model, missing = _model(folder)
        templates = _processor(config, folder) if sees else _tokenizer(folder)
    except broken as error:
        raise _failed(name, f"{type(error).__name__}: {str(error)[:300]}") from error
    if missing:
        # transformers fills what is missing with random numbers and goes on.
        raise _failed(name, f"{len(missing)} tensors are not in the files, the first {sorted(missing)[0]}")
    tokenizer = getattr(templates, "tokenizer", templates)
    if not templates.chat_template:
        raise _failed(name, "it has no chat template: take the instruction-tuned model")
    text = config.get_text_config()
    ends = _ends(model, tokenizer)
    return Loaded(
        model=model,
        templates=templates,
        tokenizer=tokenizer,
        sees=sees,
        folds=_folds(templates, sees),
        control=_control(tokenizer),
        ends=ends,
        room=getattr(text, "max_position_embeddings", None),
        grammar=Grammar.of(tokenizer, text.vocab_size, ends),
    )


def _model(folder: Path) -> tuple[Any, bool, Any, set[str]]:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    config = AutoConfig.from_pretrained(folder, **_FROM_HERE)
    sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    kind = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    model, info = kind.from_pretrained(
        folder, config=config, use_safetensors=True, dtype="auto", output_loading_info=True, **_FROM_HERE
    )
    missing = {str(key) for key in (*info["missing_keys"], *info.get("mismatched_keys", ()))}
    return config, sees, model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), missing


def _processor(config: Any, folder: Path) -> Any:
    from transformers import AutoImageProcessor, AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils import is_torchvision_available

    kind = PROCESSOR_MAPPING.get(type(config), None)
    if kind is None or is_torchvision_available() or "video_processor" not in kind.get_attributes():
        return AutoProcessor.from_pretrained(folder, **_FROM_HERE)

    class ImagesOnly(kind):  # type: ignore[misc, valid-type]
        """A processor that could also take video, which transformers only makes where torchvision is installed."""

        def check_argument_for_proper_class(self, name: str, argument: Any) -> Any:
            return None if name == "video_processor" else super().check_argument_for_proper_class(name, argument)

    words = _tokenizer(folder)
    parts = {
        "image_processor": AutoImageProcessor.from_pretrained(folder, **_FROM_HERE),
        "tokenizer": words,
        "video_processor": None,
    }
    return ImagesOnly(*(parts[name] for name in kind.get_attributes()), chat_template=words.chat_template)


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, **_FROM_HERE)


def messages(system: str, user: str, images: list[Any], *, sees: bool, folds: bool) -> list[dict[str, Any]]:
    """A prompt in the form of a chat template: parts for a model that sees, plain text for another."""
    asked = f"{system}\n\n{user}" if folds and system else user
    if not sees:
        turns = [("user", asked)] if folds or not system else [("system", system), ("user", asked)]
        return [{"role": role, "content": text} for role, text in turns]
    parts = [*({"type": "image", "image": image} for image in images), {"type": "text", "text": asked}]
    before = [] if folds or not system else [{"role": "system", "content": [{"type": "text", "text": system}]}]
    return [*before, {"role": "user", "content": parts}]


def _folds(templates: Any, sees: bool) -> bool:
    """Whether a system turn is refused by the template, or left out without a word."""
    from jinja2 import TemplateError

    probe = messages(_SYSTEM, "user", [], sees=sees, folds=False)
    try:
        text = templates.apply_chat_template(probe, add_generation_prompt=True, tokenize=False)
    except TemplateError:
        return True
    return _SYSTEM not in text


def _control(tokenizer: Any) -> tuple[str, ...]:
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    found = {*added, *tokenizer.all_special_tokens}
    # One that is only white space or a single letter is a word like any other.
    return tuple(sorted((word for word in found if len(word.strip()) > 2), key=len, reverse=True))


def _ends(model: Any, tokenizer: Any) -> tuple[int, ...]:
    found = model.generation_config.eos_token_id
    if found is None:
        found = tokenizer.eos_token_id
    return tuple(found) if isinstance(found, list) else () if found is None else (found,)


def _failed(name: str, found: str) -> UpstreamError:
    return UpstreamError(
        f"the model {name} cannot be loaded: {found}",
        found=found,
        expected="a model that transformers knows, whole, with its processor",
        action="see `osler doctor`; unset OSLER_MODEL to work without a model",
    )
