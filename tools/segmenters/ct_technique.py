"""Whether a CT was taken as a measure needs it: what the file states, what a person says, and what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.errors import NotAssessable
from tools.imaging.frame import Header
from tools.imaging.volume import Volume

Holds = Literal["yes", "no", "unknown"]
_PLAIN = re.compile(
    r"\bw\s?/\s?o\b|\bwithout\b|non-?\s?contrast|unenhanced|\bnative\b|\bnon-?enhanced\b|ca(lcium)?-?\s?sc", re.I
)
_ENHANCED = re.compile(
    r"\bwith contrast\b|\bc\+|\bcta\b|\bangio\w*|enhanced|\bportal\b|\bvenous\b|\barterial\b|\bkm\b", re.I
)
_INSPIRED = re.compile(r"\binsp\w*", re.I)
_EXPIRED = re.compile(r"\bexp(ir\w*)?\b", re.I)
_GATED = re.compile(r"gat(ed|ing)|ca(lcium)?-?\s?sc\w*|prospective|diast\w*", re.I)
# A name that stands where no agent was given, or none into a vein.
_NO_AGENT = re.compile(
    r"\W*(no|none|without|nil|n/?a|not applied|(?!.*(\biv\b|\bi\.\s?v\b|intraven))oral\b.*)\W*", re.I
)


@dataclass(frozen=True)
class Stated:
    """What a person says of how the scan was taken; None where nobody has said anything."""

    inspiration: bool | None = None
    contrast: bool | None = None
    gated: bool | None = None


@dataclass(frozen=True)
class Condition:
    """One thing that a measure needs, whether it holds, and where that was read."""

    name: str
    holds: Holds
    found: str
    ask: str


def contrast_free(volume: Volume, stated: Stated) -> Condition:
    """No contrast in the vessels."""
    said = None if stated.contrast is None else not stated.contrast
    return _both(no_contrast(volume.header), said)


def no_contrast(header: Header) -> Condition:
    """What the file of a CT states of contrast in the vessels; of another scan its words are not read."""
    agent = header.acquisition.contrast
    words = " ".join(header.descriptions) if header.modality in ("CT", None) else ""
    ask = "Was the scan taken without intravenous contrast?"
    if agent and not _NO_AGENT.fullmatch(agent):
        return Condition("no contrast", "no", f"ContrastBolusAgent {agent}", ask)
    if _PLAIN.search(words):
        return Condition("no contrast", "yes", f"description {words!r}", ask)
    if _ENHANCED.search(words):
        return Condition("no contrast", "no", f"description {words!r}", ask)
    # An empty agent is not "none given": many scanners never fill it in.
    return Condition(
        "no contrast", "unknown", "the file names no contrast agent, and does not say that none was given", ask
    )


def inspired(volume: Volume, stated: Stated) -> Condition:
    """Taken at full inspiration."""
    return _both(_breath(volume), stated.inspiration)


def _breath(volume: Volume) -> Condition:
    ask = "Was the scan taken at full inspiration?"
    words = " ".join(volume.header.descriptions)
    if _EXPIRED.search(words) and not _INSPIRED.search(words):
        return Condition("inspiration", "no", f"description {words!r}", ask)
    if _INSPIRED.search(words) and not _EXPIRED.search(words):
        return Condition("inspiration", "yes", f"description {words!r}", ask)
    return Condition("inspiration", "unknown", "the file does not say how deep the breath was", ask)


def gated(volume: Volume, stated: Stated) -> Condition:
    """Triggered by the ECG."""
    return _both(_gating(volume), stated.gated)


def _gating(volume: Volume) -> Condition:
    ask = "Was the scan triggered by the ECG?"
    gating = volume.header.acquisition.gating
    if gating and gating.upper() != "NONE":
        return Condition("gated", "yes", f"cardiac phase or technique {gating}", ask)
    words = " ".join(volume.header.descriptions)
    if _GATED.search(words) and not re.search(r"non-?\s?gat|un-?gat", words, re.I):
        return Condition("gated", "yes", f"description {words!r}", ask)
    if gating:
        return Condition("gated", "no", f"cardiac technique {gating}", ask)
    return Condition("gated", "unknown", "the file states no cardiac phase", ask)


def _both(read: Condition, said: bool | None) -> Condition:
    """What the file states and what a person says; where they disagree, the condition does not hold."""
    if said is None:
        return read
    answer: Holds = "yes" if said else "no"
    if read.holds in (answer, "unknown"):
        return Condition(read.name, answer, "said by a person", read.ask)
    found = f"a person says {answer}, the file {read.holds} ({read.found})"
    return Condition(read.name, "no", found, read.ask)


def thick(volume: Volume, low: float, high: float) -> Condition:
    """Sections between two thicknesses, and not further apart than they are thick."""
    ask = "What is the section thickness? Give the DICOM series that states it."
    stated = volume.header.acquisition.slice_thickness_mm
    step = volume.spacing_mm[0]
    if stated is None:
        return Condition("section thickness", "unknown", f"no SliceThickness; sections {step:.2f} mm apart", ask)
    found = f"{stated:g} mm thick, {step:.2f} mm apart"
    good = low <= stated <= high and step <= stated * 1.01
    return Condition("section thickness", "yes" if good else "no", found, ask)


def tube(volume: Volume, kvp: float) -> Condition:
    """One tube voltage."""
    found = volume.header.acquisition.kvp
    ask = "What was the tube voltage? Give the DICOM series that states it."
    if found is None:
        return Condition("tube voltage", "unknown", "no KVP", ask)
    return Condition("tube voltage", "yes" if abs(found - kvp) < 0.5 else "no", f"{found:g} kVp", ask)


def required(measure: str, expected: str, conditions: Sequence[Condition]) -> None:
    """Raise unless every condition is known to hold.

    Raises:
        NotAssessable: one does not hold, or nobody knows; `action` holds the questions.
    """
    failed = [one for one in conditions if one.holds == "no"]
    unknown = [one for one in conditions if one.holds == "unknown"]
    if not failed and not unknown:
        return
    found = "; ".join(f"{one.name}: {one.found}" for one in [*failed, *unknown])
    action = "it cannot be measured on this scan" if failed else " ".join(one.ask for one in unknown)
    raise NotAssessable(f"{measure} is not assessable on this scan", found=found, expected=expected, action=action)
