"""What nnU-Net v2 writes beside its weights: `plans.json` and `dataset.json`, read as data.

A plan names classes to build the network from. They are looked up in a list of ours: nothing that stands in a file is
imported. Both forms of plans are read, the first (until nnU-Net 2.2) naming a U-Net, the second its arguments.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.errors import BadInput

Json = dict[str, Any]
NETWORKS = ("PlainConvUNet", "ResidualEncoderUNet", "ResidualUNet")
LAYERS = ("Conv2d", "Conv3d", "InstanceNorm2d", "InstanceNorm3d", "BatchNorm2d", "BatchNorm3d", "LeakyReLU", "ReLU")
SCHEMES = ("CTNormalization", "ZScoreNormalization", "NoNormalization", "RescaleTo01Normalization")


@dataclass(frozen=True)
class Plan:
    """One configuration of a model.

    `labels`: values of each label (several in models of regions). `order`: the label values of the outputs of a model
    of regions, in the order in which they are painted; empty for one output per label.
    """

    network: str
    arguments: Json = field(repr=False)
    layers: dict[str, str | None]
    tile: tuple[int, ...]
    spacing: tuple[float, ...]
    schemes: tuple[str, ...]
    masked: tuple[bool, ...]
    intensities: tuple[Json, ...] = field(repr=False)
    transpose: tuple[int, ...]
    labels: dict[str, tuple[int, ...]] = field(repr=False)
    order: tuple[int, ...] = ()
    orders: tuple[int, int] = (3, 1)
    configuration: str = "3d_fullres"

    @property
    def outputs(self) -> int:
        """How many scores the network gives."""
        return len(self.order) or len(self.labels)

    @property
    def channels(self) -> int:
        """How many images it takes."""
        return len(self.schemes)


def read_plan(folder: Path, configuration: str | None = None) -> Plan:
    """The plan of a model's folder.

    Args:
        configuration: which; the one that the folder's name ends in (`..__3d_fullres`) where None.

    Raises:
        BadInput: a file is missing, broken, or asks for something that is not on our lists.
    """
    plans, dataset = _json(folder / "plans.json"), _json(folder / "dataset.json")
    chosen = configuration or folder.name.rpartition("__")[2]
    known = plans.get("configurations", {})
    if chosen not in known:
        chosen = next((name for name in ("3d_fullres", "2d", "3d_lowres") if name in known), chosen)
    try:
        settings = _inherited(known, chosen)
        network, arguments, layers = _architecture(settings)
        return Plan(
            network=_listed(network, NETWORKS, "network"),
            arguments=arguments,
            layers={key: _listed(name, LAYERS, "layer") if name else None for key, name in layers.items()},
            tile=tuple(int(size) for size in settings["patch_size"]),
            spacing=tuple(float(size) for size in settings["spacing"]),
            schemes=tuple(_listed(name, SCHEMES, "normalisation") for name in settings["normalization_schemes"]),
            masked=tuple(bool(use) for use in settings["use_mask_for_norm"]),
            intensities=_intensities(plans, len(settings["normalization_schemes"])),
            transpose=tuple(plans.get("transpose_forward", (0, 1, 2))),
            labels=_labels(dataset),
            order=tuple(dataset.get("regions_class_order") or ()),
            orders=(_order(settings, "data", 3), _order(settings, "probabilities", 1)),
            configuration=chosen,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _bad(folder, f"{type(error).__name__}: {error}") from error


def _json(path: Path) -> Json:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(path.parent, f"{path.name}: {error}") from error
    if not isinstance(body, dict):
        raise _bad(path.parent, f"{path.name} is not an object")
    return body


def _inherited(known: dict[str, Json], name: str) -> Json:
    settings, seen = dict(known[name]), {name}
    while parent := settings.pop("inherits_from", None):
        if parent in seen:
            raise ValueError(f"configuration {parent} inherits from itself")
        seen.add(parent)
        settings = dict(known[parent]) | settings
    if settings.get("previous_stage"):
        raise ValueError("the second stage of a cascade, which needs the first one's answer")
    return settings


def _architecture(settings: Json) -> tuple[str, Json, dict[str, str | None]]:
    if "architecture" in settings:
        body = settings["architecture"]
        arguments = dict(body["arch_kwargs"])
        layers = {key: _last(arguments.pop(key)) for key in body["_kw_requires_import"] if key in arguments}
        return str(_last(body["network_class_name"])), arguments, layers
    stages, dimensions = len(settings["n_conv_per_stage_encoder"]), len(settings["patch_size"])
    plain = settings["UNet_class_name"] == "PlainConvUNet"
    widest = [min(settings["UNet_base_num_features"] * 2**n, settings["unet_max_num_features"]) for n in range(stages)]
    arguments = {
        "n_stages": stages,
        "features_per_stage": widest,
        "kernel_sizes": settings["conv_kernel_sizes"],
        "strides": settings["pool_op_kernel_sizes"],
        "n_conv_per_stage" if plain else "n_blocks_per_stage": settings["n_conv_per_stage_encoder"],
        "n_conv_per_stage_decoder": settings["n_conv_per_stage_decoder"],
        "conv_bias": True,
        "norm_op_kwargs": {"eps": 1e-05, "affine": True},
        "dropout_op_kwargs": None,
        "nonlin_kwargs": {"inplace": True},
    }
    layers = {"conv_op": f"Conv{dimensions}d", "norm_op": f"InstanceNorm{dimensions}d", "dropout_op": None}
    return settings["UNet_class_name"], arguments, {**layers, "nonlin": "LeakyReLU"}


def _labels(dataset: Json) -> dict[str, tuple[int, ...]]:
    found = {}
    for name, value in dataset["labels"].items():
        if name != "ignore":
            found[str(name)] = tuple(int(part) for part in (value if isinstance(value, list) else [value]))
    if found.get("background") != (0,):
        raise ValueError("dataset.json does not call label 0 background")
    return found


def _intensities(plans: Json, channels: int) -> tuple[Json, ...]:
    rows = plans.get("foreground_intensity_properties_per_channel", {})
    return tuple(rows.get(str(n), {}) for n in range(channels))


def _order(settings: Json, what: str, default: int) -> int:
    return int(settings.get(f"resampling_fn_{what}_kwargs", {}).get("order", default))


def _last(name: str | None) -> str | None:
    return name.rpartition(".")[2] if name else None


def _listed(name: str | None, known: tuple[str, ...], what: str) -> str:
    if name not in known:
        raise ValueError(f"the {what} {name!r} is not one of {', '.join(known)}")
    return str(name)


def _bad(folder: Path, found: str) -> BadInput:
    return BadInput(
        f"{folder.name} is not a model of nnU-Net v2 that can be used here",
        found=found,
        expected="plans.json and dataset.json of a U-Net, as nnU-Net v2 writes them",
        action="copy the whole folder of the trained model",
    )
