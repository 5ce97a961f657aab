"""A vision encoder of transformers by its folder: random weights, the real loading code, no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.imaging.similar_encoder import LocalEncoder

pytestmark = pytest.mark.local


def picture(seed: int) -> Image:
    pixels = np.random.default_rng(seed).random((60, 80)).astype(np.float32)
    return Image(pixels, None, "picture", f"{seed:064d}", "PNG", "MONOCHROME2", 8)


def vit(folder: Path) -> Path:
    import torch
    from transformers import ViTConfig, ViTModel
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, image_size=56, patch_size=14
    )
    ViTModel(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 56, "width": 56}).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(1)
    config = CLIPVisionConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48, image_size=56, patch_size=14
    )
    CLIPVisionModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("make", [vit, clip])
def test_an_encoder_gives_one_vector_of_length_one(make: Any, tmp_path: Path, closed: list[Any]) -> None:
    encoder = LocalEncoder(make(tmp_path / "encoder"))
    one, again, other = (encoder.encode(picture(seed)) for seed in (1, 1, 2))
    assert one.ndim == 1 and np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(one, again) and not np.allclose(one, other)
    assert encoder.id.startswith("encoder sha256:") and not closed


def test_weights_that_lack_a_tensor_or_are_no_encoder_are_refused(tmp_path: Path, closed: list[Any]) -> None:
    from safetensors.torch import load_file, save_file

    folder = vit(tmp_path / "encoder")
    known = LocalEncoder(folder).id
    tensors = load_file(folder / "model.safetensors")
    del tensors[next(name for name in tensors if "query" in name)]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    assert LocalEncoder(folder).id != known
    with pytest.raises(NotAssessable, match="cannot be loaded"):
        LocalEncoder(folder).encode(picture(1))
    with pytest.raises(NotAssessable, match="cannot be loaded"):
        LocalEncoder(tmp_path).encode(picture(1))
    assert not closed
