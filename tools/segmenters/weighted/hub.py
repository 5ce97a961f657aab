"""Models in the form of transformers: a folder with config.json and safetensors. Nothing is fetched, no code is run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.errors import BadInput
from tools.segmenters.weighted.device import Place

FROM_HERE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
NEEDED = "config.json and *.safetensors"


def model_type(folder: Path) -> str | None:
    """What kind of model a folder holds; None where it holds none."""
    path = folder / "config.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        return None
    found = body.get("model_type") if isinstance(body, dict) else None
    return str(found) if found else None


def weights_of(folder: Path) -> list[Path]:
    """The safetensors of a folder."""
    return sorted(folder.glob("*.safetensors"))


def lacks_folder(folder: Path, kinds: tuple[str, ...]) -> str | None:
    """What is missing of a model of one of these kinds."""
    if not folder.is_dir():
        return f"the folder {folder} with {NEEDED} (in the form of transformers; {' or '.join(kinds)})"
    kind = model_type(folder)
    if kind not in kinds:
        return f"config.json of a {' or '.join(kinds)} model in {folder}; found {kind or 'none'}"
    if not weights_of(folder):
        return f"*.safetensors in {folder} (other files of weights can run code and are not loaded)"
    return None


def pretrained(kind: Any, folder: Path, at: Place) -> Any:
    """A whole model on its device.

    Raises:
        BadInput: transformers cannot make it of these files, or they do not hold all of it.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        model, info = kind.from_pretrained(
            folder, use_safetensors=True, dtype=at.dtype, output_loading_info=True, **FROM_HERE
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError, SafetensorError) as error:
        raise _unusable(folder, f"{type(error).__name__}: {str(error)[:200]}") from error
    missing = sorted({str(key) for key in (*info["missing_keys"], *info.get("mismatched_keys", ()))})
    if missing:
        # transformers fills what is missing with random numbers and goes on.
        raise _unusable(folder, f"{len(missing)} tensors are not in the files, the first {missing[0]}")
    return at.put(model)


def _unusable(folder: Path, found: str) -> BadInput:
    return BadInput(
        f"the model {folder.name} cannot be loaded",
        found=found,
        expected=f"all of {NEEDED} of one model",
        action="copy the model's folder again",
    )
