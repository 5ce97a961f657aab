"""Heads learnt at a site, each kept under its version with what it was learnt from; at most one is in use, by default
none. Taking one out of use, or an older one back in, is one step."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.errors import BadInput
from tools.imaging.training_gate import Verdict
from tools.imaging.training_head import Head, load, save
from tools.segmenters.classifier import Classifier

IN_USE = "in-use.json"
OFF = "off"


def keep(
    folder: Path, head: Head, base: Classifier, verdict: Verdict, learnt_from: Sequence[str], structure: str = "lung"
) -> dict[str, Any]:
    """Keep a head, whatever the gate said of it; its card."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{structure}-{len(list(folder.glob(f'{structure}-*.json'))) + 1:03d}"
    save(head, folder / f"{name}.npz")
    card = {
        "version": name,
        "structure": structure,
        "base": digest(base),
        "sha256": hashlib.sha256((folder / f"{name}.npz").read_bytes()).hexdigest(),
        "learnt_from": sorted(learnt_from),
        "gate": verdict.document(),
    }
    (folder / f"{name}.json").write_text(json.dumps(card, indent=1), encoding="utf-8")
    return card


def cards(folder: Path) -> list[dict[str, Any]]:
    """Every version, oldest first."""
    found = [path for path in sorted(folder.glob("*.json")) if path.name != IN_USE]
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]


def put_to_use(folder: Path, version: str, by: str) -> dict[str, Any]:
    """Use a version from now on, or none (`off`). What was in use before stays kept and stands in the line of changes.

    Raises:
        BadInput: no such version, or the gate did not adopt it.
    """
    known = {card["version"]: card for card in cards(folder)}
    if version != OFF and version not in known:
        raise BadInput(
            f"no head {version!r}",
            found=version,
            expected=", ".join([OFF, *known]),
            action="learn one with `osler image learn`",
        )
    if version != OFF and not known[version]["gate"]["adopted"]:
        raise BadInput(
            f"{version} did not pass the gate",
            found=known[version]["gate"]["why"],
            expected="a head that keeps earlier cases and improves the corrected ones",
            action="collect more corrections, or use another version",
        )
    body = used(folder)
    line = {"version": version, "instead_of": body["version"], "by": by}
    body = {"version": version, "changes": [*body["changes"], line]}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / IN_USE).write_text(json.dumps(body, indent=1), encoding="utf-8")
    return body


def used(folder: Path) -> dict[str, Any]:
    """Which version is in use, and every change of that."""
    path = folder / IN_USE
    if not path.exists():
        return {"version": OFF, "changes": []}
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return body


def head_of(folder: Path, version: str, base: Classifier) -> Head:
    """A version, on the classifier it was learnt on.

    Raises:
        BadInput: it is not there, was changed, or was learnt on another classifier.
    """
    try:
        if not re.fullmatch(r"[a-z]+-\d{3,}", version):
            raise ValueError("no version's name")
        card = json.loads((folder / f"{version}.json").read_text(encoding="utf-8"))
        held = hashlib.sha256((folder / f"{version}.npz").read_bytes()).hexdigest()
        if held != card["sha256"] or card["base"] != digest(base):
            raise ValueError("the file was changed" if held != card["sha256"] else "learnt on another classifier")
        return load(base, folder / f"{version}.npz")
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            f"the head {version} cannot be used",
            found=f"{type(error).__name__}: {error}",
            expected="a head as it was kept, on the classifier it was learnt on",
            action="`osler image head off`, or learn one again",
        ) from error


def digest(base: Classifier) -> str:
    """Which classifier: a hash of its numbers."""
    found = hashlib.sha256()
    for part in (base.mean, base.spread, *base.weights, *base.offsets):
        found.update(part.tobytes())
    return found.hexdigest()[:16]
