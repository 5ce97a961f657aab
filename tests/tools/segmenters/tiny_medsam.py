"""A LiteMedSAM with random weights a hundred times smaller than the real one, and its file as torch would write it."""

from __future__ import annotations

import collections
import pickle
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

DIMS, WINDOWS, HEADS, CHANNELS, MLP = (4, 8, 8, 8), (0, 7, 14, 7), (0, 2, 2, 2), 16, 24


def tiny(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights under the names of the real ones."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}

    def put(name: str, *shape: int) -> None:
        fan = max(1, int(np.prod(shape[1:])))
        made[name] = rng.normal(0, fan**-0.5, shape).astype(np.float32)

    def bn(name: str, out: int, into: int, kernel: int) -> None:
        put(f"{name}.c.weight", out, into, kernel, kernel)
        for part in ("weight", "bias", "running_mean"):
            put(f"{name}.bn.{part}", out)
        made[f"{name}.bn.running_var"] = rng.uniform(0.5, 1.5, out).astype(np.float32)

    def linear(name: str, out: int, into: int) -> None:
        put(f"{name}.weight", out, into)
        put(f"{name}.bias", out)

    def norm(name: str, size: int) -> None:
        made[f"{name}.weight"] = np.ones(size, dtype=np.float32)
        put(f"{name}.bias", size)

    enc = "image_encoder"
    bn(f"{enc}.patch_embed.seq.0", 2, 3, 1)
    bn(f"{enc}.patch_embed.seq.2", DIMS[0], 2, 1)
    block = f"{enc}.layers.0.blocks.0"
    bn(f"{block}.conv1", 8, DIMS[0], 1)
    bn(f"{block}.conv2", 8, 1, 3)
    bn(f"{block}.conv3", DIMS[0], 8, 1)
    for stage in (1, 2, 3):
        down = f"{enc}.layers.{stage - 1}.downsample"
        bn(f"{down}.conv1", DIMS[stage], DIMS[stage - 1], 1)
        bn(f"{down}.conv2", DIMS[stage], 1, 3)
        bn(f"{down}.conv3", DIMS[stage], DIMS[stage], 1)
        block, dim = f"{enc}.layers.{stage}.blocks.0", DIMS[stage]
        put(f"{block}.attn.attention_biases", HEADS[stage], WINDOWS[stage] ** 2)
        norm(f"{block}.attn.norm", dim)
        linear(f"{block}.attn.qkv", 3 * dim, dim)
        linear(f"{block}.attn.proj", dim, dim)
        norm(f"{block}.mlp.norm", dim)
        linear(f"{block}.mlp.fc1", 2 * dim, dim)
        linear(f"{block}.mlp.fc2", dim, 2 * dim)
        bn(f"{block}.local_conv", dim, 1, 3)
    put(f"{enc}.neck.0.weight", CHANNELS, DIMS[3], 1, 1)
    put(f"{enc}.neck.2.weight", CHANNELS, CHANNELS, 3, 3)
    norm(f"{enc}.neck.1", CHANNELS)
    norm(f"{enc}.neck.3", CHANNELS)
    dec = "mask_decoder"
    for layer in (0, 1):
        name = f"{dec}.transformer.layers.{layer}"
        kinds = {"self_attn": CHANNELS, "cross_attn_token_to_image": 8, "cross_attn_image_to_token": 8}
        for kind, inner in kinds.items():
            _attention(linear, f"{name}.{kind}", inner)
        for number in (1, 2, 3, 4):
            norm(f"{name}.norm{number}", CHANNELS)
        linear(f"{name}.mlp.lin1", MLP, CHANNELS)
        linear(f"{name}.mlp.lin2", CHANNELS, MLP)
    _attention(linear, f"{dec}.transformer.final_attn_token_to_image", 8)
    norm(f"{dec}.transformer.norm_final_attn", CHANNELS)
    put(f"{dec}.iou_token.weight", 1, CHANNELS)
    put(f"{dec}.mask_tokens.weight", 4, CHANNELS)
    put(f"{dec}.output_upscaling.0.weight", CHANNELS, 4, 2, 2)
    put(f"{dec}.output_upscaling.0.bias", 4)
    norm(f"{dec}.output_upscaling.1", 4)
    put(f"{dec}.output_upscaling.3.weight", 4, 2, 2, 2)
    put(f"{dec}.output_upscaling.3.bias", 2)
    for number, size in enumerate((CHANNELS, CHANNELS, 2)):
        linear(f"{dec}.output_hypernetworks_mlps.0.layers.{number}", size, CHANNELS)
    for number, size in enumerate((CHANNELS, CHANNELS, 4)):
        linear(f"{dec}.iou_prediction_head.layers.{number}", size, CHANNELS)
    put("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", 2, CHANNELS // 2)
    for number in (2, 3):
        put(f"prompt_encoder.point_embeddings.{number}.weight", 1, CHANNELS)
    put("prompt_encoder.no_mask_embed.weight", 1, CHANNELS)
    return made


def _attention(linear: Any, name: str, inner: int) -> None:
    for projection in ("q_proj", "k_proj", "v_proj"):
        linear(f"{name}.{projection}", inner, CHANNELS)
    linear(f"{name}.out_proj", CHANNELS, inner)


def save(weights: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint in torch's format without torch."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    def _rebuild_tensor_v2(*_: Any) -> None:
        raise AssertionError("only named, never called here")

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    storage = type("FloatStorage", (), {"__module__": "torch"})
    utils._rebuild_tensor_v2, torch.FloatStorage = _rebuild_tensor_v2, storage  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    held: list[np.ndarray] = []

    class Stored:
        def __init__(self, values: np.ndarray) -> None:
            self.values = values

    class Tensor:
        def __init__(self, values: np.ndarray) -> None:
            self.values = np.ascontiguousarray(values)

        def __reduce__(self) -> Any:
            strides = tuple(step // 4 for step in self.values.strides)
            shape = self.values.shape
            return _rebuild_tensor_v2, (
                Stored(self.values.ravel()),
                0,
                shape,
                strides,
                False,
                collections.OrderedDict(),
            )

    with zipfile.ZipFile(path, "w") as archive:
        import io

        out = io.BytesIO()

        class Pickler(pickle.Pickler):
            def persistent_id(self, obj: Any) -> Any:
                if not isinstance(obj, Stored):
                    return None
                held.append(obj.values)
                return "storage", storage, str(len(held) - 1), "cpu", len(obj.values)

        table = {name: Tensor(row) if isinstance(row, np.ndarray) else row for name, row in weights.items()}
        Pickler(out, protocol=2).dump(collections.OrderedDict(table))
        archive.writestr("tiny/data.pkl", out.getvalue())
        for number, values in enumerate(held):
            archive.writestr(f"tiny/data/{number}", values.astype("<f4").tobytes())
    monkeypatch.undo()
