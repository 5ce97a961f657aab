"""A MONAI bundle's configuration read as data.

MONAI's own parser runs what stands in a bundle: `$` expressions are Python, `_target_` may name any function. Here only
references and arithmetic are worked out, and a `_target_` has to be on the lists below. What a bundle's other parts say
(`imports`, `initialize`, `run`, downloads) is not looked at.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.errors import BadInput

Json = dict[str, Any]
_NETWORKS = (
    "UNet BasicUNet BasicUNetPlusPlus AttentionUnet DynUNet SegResNet SegResNetDS VNet UNETR SwinUNETR HighResNet"
)
_TRANSFORMS = (
    "EnsureChannelFirstd Orientationd Spacingd ScaleIntensityRanged ScaleIntensityd NormalizeIntensityd "
    "ScaleIntensityRangePercentilesd CropForegroundd SpatialPadd DivisiblePadd Resized EnsureTyped CastToTyped "
    "ToTensord"
)
NETWORKS, TRANSFORMS = frozenset(_NETWORKS.split()), frozenset(_TRANSFORMS.split())
READERS = frozenset({"LoadImaged", "LoadImageD", "LoadImageDict"})
INFERERS = frozenset({"SlidingWindowInferer", "SimpleInferer"})
_HOMES = ("monai.networks.nets", "monai.transforms", "monai.inferers")
_DEEPEST = 20
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}
# What a bundle may call by its Python name: kinds of numbers and of layers.
_CONSTANTS = {f"torch.{name}": f"torch.{name}" for name in ("float16", "float32", "uint8", "int64")} | {
    f"monai.networks.layers.{kind}": kind.rpartition(".")[2].lower()
    for kind in ("Norm.BATCH", "Norm.INSTANCE", "Norm.GROUP", "Act.PRELU", "Act.RELU", "Act.LEAKYRELU")
}
_REFERENCE = re.compile(r"@([A-Za-z_][\w#:]*)")


class UntrustedBundle(BadInput):
    """A bundle that wants code to be run."""

    code = "untrusted_bundle"


class Config:
    """One configuration file of a bundle."""

    def __init__(self, body: Mapping[str, Any], name: str) -> None:
        self.body, self.name = body, name

    def get(self, key: str) -> Any:
        """A part of it as plain data, None where there is none.

        Raises:
            UntrustedBundle: it holds an expression that would have to be run.
            BadInput: a reference leads nowhere or in a circle.
        """
        found = self._find(key)
        return None if found is None else self._plain(found, 0)

    def _find(self, path: str) -> Any:
        part: Any = self.body
        for step in re.split(r"::|#", path):
            if isinstance(part, Mapping) and step in part:
                part = part[step]
            elif isinstance(part, list) and step.isdigit() and int(step) < len(part):
                part = part[int(step)]
            else:
                return None
        return part

    def _plain(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise _bad(self.name, "references in a circle")
        if isinstance(value, Mapping):
            return {str(key): self._plain(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list):
            return [self._plain(part, depth + 1) for part in value]
        if not isinstance(value, str):
            return value
        if value.startswith("$"):
            return self._worked_out(value[1:], depth)
        if value.startswith("%"):
            raise _unsafe(self.name, f"the macro {value[:60]!r}, which reads other files")
        if match := _REFERENCE.fullmatch(value):
            found = self._find(match[1])
            if found is None:
                raise _bad(self.name, f"nothing called {match[1]}")
            return self._plain(found, depth + 1)
        return value

    def _worked_out(self, text: str, depth: int) -> Any:
        """An expression of numbers, words and references; nothing is called."""
        names: dict[str, str] = {}

        def name_of(match: re.Match[str]) -> str:
            names[f"_reference_{len(names)}"] = match[1]
            return f"_reference_{len(names) - 1}"

        try:
            tree = ast.parse(_REFERENCE.sub(name_of, text).strip(), mode="eval").body
        except SyntaxError as error:
            raise _unsafe(self.name, f"the expression {text[:60]!r}") from error

        def value_of(node: ast.AST) -> Any:
            if isinstance(node, ast.Constant):
                return node.value
            if isinstance(node, ast.List | ast.Tuple):
                return [value_of(part) for part in node.elts]
            if isinstance(node, ast.Name) and node.id in names:
                return self._plain(f"@{names[node.id]}", depth + 1)
            if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](value_of(node.operand))
            if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
                left, right = value_of(node.left), value_of(node.right)
                # A product of words or lists could be made as long as the memory.
                if not isinstance(node.op, ast.Add) and not all(isinstance(one, int | float) for one in (left, right)):
                    raise _unsafe(self.name, f"the expression {text[:60]!r}")
                return _OPERATORS[type(node.op)](left, right)
            if isinstance(node, ast.Attribute) and ast.unparse(node) in _CONSTANTS:
                return _CONSTANTS[ast.unparse(node)]
            raise _unsafe(self.name, f"the expression {text[:60]!r}")

        try:
            return value_of(tree)
        except (TypeError, ZeroDivisionError) as error:
            raise _bad(self.name, f"{text[:60]!r}: {error}") from error


def target(part: Any, known: frozenset[str], name: str) -> tuple[str, Json]:
    """The class that a part names, without its home, and its arguments.

    Raises:
        UntrustedBundle: it is not on the list.
        BadInput: it names nothing.
    """
    if not isinstance(part, Mapping) or not isinstance(part.get("_target_"), str):
        raise _bad(name, f"no _target_ in {str(part)[:60]}")
    home, _, called = part["_target_"].rpartition(".")
    asked = [key for key in part if key.startswith("_") and key not in ("_target_", "_desc_", "_disabled_")]
    # The one argument of the transforms on the list that is a function.
    asked += [key for key in part if key == "select_fn"]
    if called not in known or (home and not home.startswith(_HOMES)) or asked:
        wants = f"{part['_target_']} with {', '.join(asked)}" if asked else part["_target_"]
        raise UntrustedBundle(
            f"the bundle {name} asks for {wants}, which is not run here",
            found=wants,
            expected=f"one of {', '.join(sorted(known))}",
            action="use a bundle made of MONAI's own parts, or segment by hand",
        )
    arguments = {key: value for key, value in part.items() if not key.startswith("_")}
    inner = [value for value in arguments.values() if isinstance(value, Mapping) and "_target_" in value]
    if inner:
        raise _unsafe(name, f"{inner[0]['_target_']} as an argument of {called}")
    return called, arguments


def read_bundle(folder: Path) -> tuple[Config, Json]:
    """The inference configuration and the metadata of a bundle's folder.

    Raises:
        BadInput: a file is missing or broken.
    """
    configs = folder / "configs"
    path = next((configs / name for name in ("inference.json", "inference.yaml") if (configs / name).is_file()), None)
    if path is None:
        raise _bad(folder.name, "no configs/inference.json")
    return Config(_read(path), folder.name), _read(configs / "metadata.json")


def _read(path: Path) -> Json:
    try:
        text = path.read_text(encoding="utf-8")
        body = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _bad(path.parent.parent.name, f"{path.name}: {error}") from error
    if not isinstance(body, dict):
        raise _bad(path.parent.parent.name, f"{path.name} is not an object")
    return body


def _unsafe(name: str, found: str) -> UntrustedBundle:
    return UntrustedBundle(
        f"the bundle {name} wants code to be run",
        found=found,
        expected="numbers, words, references and MONAI's own parts",
        action="write the value itself into a copy of the bundle, or use another one",
    )


def _bad(name: str, found: str) -> BadInput:
    return BadInput(
        f"{name} is not a MONAI bundle that can be used here",
        found=found,
        expected="configs/metadata.json and configs/inference.json with network_def, preprocessing and inferer",
        action="copy the bundle's whole folder",
    )
