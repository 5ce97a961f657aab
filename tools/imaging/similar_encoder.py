"""A vision encoder of transformers, from a folder here, as what makes vectors of images. Extra `[local]`.

Nothing is fetched, no code of the model's own is run, and only safetensors are loaded. How well a given encoder finds
images that look alike has not been measured here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from knowledge.weights import folder_hash
from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.imaging.similar import Vector, unit

_FILES = (".json", ".safetensors")


class LocalEncoder:
    """Loaded on first use and kept.

    Args:
        folder: weights, configuration and image processor, as `save_pretrained` writes them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.id = f"{folder.name} sha256:{folder_hash(folder, _FILES)}"
        self._loaded: tuple[Any, Any] | None = None

    def encode(self, image: Image) -> Vector:
        """The encoder's own pooled output where it has one, else the mean of its last layer.

        Raises:
            NotAssessable: transformers is not here, or cannot make an encoder of the folder.
        """
        import torch
        from PIL import Image as Pillow

        model, processor = self._load()
        grey = Pillow.fromarray(np.rint(image.pixels * 255).astype(np.uint8)).convert("RGB")
        given = processor(images=grey, return_tensors="pt")
        with torch.inference_mode():
            if hasattr(model, "get_image_features"):
                found = model.get_image_features(**given)
            else:
                found = model(**given)
        held = getattr(found, "pooler_output", None)
        if held is None:
            last = getattr(found, "last_hidden_state", found)
            held = last.flatten(1, -2).mean(dim=1) if last.ndim > 2 else last
        return unit(held.flatten().float().cpu().numpy())

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            try:
                from transformers import AutoImageProcessor, AutoModel

                here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
                processor = AutoImageProcessor.from_pretrained(self.folder, **here)
                model, about = AutoModel.from_pretrained(
                    self.folder, use_safetensors=True, output_loading_info=True, **here
                )
            except (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
                raise self._failed(f"{type(error).__name__}: {str(error)[:200]}") from error
            if missing := about.get("missing_keys"):
                # transformers fills what is missing with random numbers and goes on.
                raise self._failed(f"{len(missing)} tensors are not in the files")
            self._loaded = model.eval(), processor
        return self._loaded

    def _failed(self, found: str) -> NotAssessable:
        return NotAssessable(
            f"the encoder {self.folder.name} cannot be loaded",
            found=found,
            expected="a folder of a vision encoder: configuration, image processor, safetensors",
            action="pip install 'osler[local]', and give the encoder's folder",
        )
