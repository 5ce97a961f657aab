"""What the formulas of the perturbed copies need, and the facts of a patient after a copy's change.

Independent on purpose, like all of this folder: standard library only, nothing of Osler's is imported.
"""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

UMOL_L_PER_MG_DL = 88.42
Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Facts:
    """A finding is true (recorded), false (denied) or missing (unknown); so is a measurement in `numbers`."""

    birth_date: str
    as_of: str
    female: bool
    creatinine: float = 0.0
    creatinine_unit: str = "mg/dL"
    weight: float = 0.0
    systolic: float = 0.0
    heart_rate: float = 0.0
    acr: float = 0.0
    d_dimer: float = 0.0
    d_dimer_unit: str = ""
    findings: dict[str, bool] = dataclasses.field(default_factory=dict)
    numbers: dict[str, float] = dataclasses.field(default_factory=dict)

    @property
    def age(self) -> int:
        """Completed years on the clinical clock."""
        born, today = datetime.date.fromisoformat(self.birth_date), datetime.date.fromisoformat(self.as_of)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def creatinine_mg_dl(self) -> float:
        """Serum creatinine in mg/dL."""
        return self.creatinine / UMOL_L_PER_MG_DL if self.creatinine_unit == "umol/L" else self.creatinine


def points(facts: Facts, weights: dict[str, float], fixed: float) -> Range:
    """Lowest and highest total: an unknown finding counts in the highest only."""
    low = fixed + sum(weight for name, weight in weights.items() if facts.findings.get(name))
    return low, low + sum(weight for name, weight in weights.items() if name not in facts.findings)


def egfr(facts: Facts) -> float:
    """CKD-EPI 2021, mL/min/1.73 m2."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if facts.female else (0.9, -0.302, 1.0)
    ratio = facts.creatinine_mg_dl / kappa
    return float(142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.2 * 0.9938**facts.age * factor)


def changed(base: dict[str, Any], copy: dict[str, Any], codes: dict[str, str]) -> Facts:
    """The base facts after the copy's change; what no formula uses (a drug, the INR) changes nothing here.

    An observation holds one fact, or one for each component. A base's `scale` turns its record's units into those the
    formulas want. `noted` gives what a note says, in findings or (a number) in measurements.
    """
    fields, findings = dict(base["facts"]), dict(base.get("findings", {}))
    numbers = dict(base.get("numbers", {}))
    for name, value in copy.get("noted", {}).items():
        (findings if isinstance(value, bool) else numbers)[name] = value
    for kind, what in copy["change"].items():
        if kind == "set_birth_date":
            fields["birth_date"] = what["value"]
        elif kind == "set_gender":
            fields["female"] = what["value"] == "female"
        elif kind == "set_observation":
            held = base["observations"].get(what["id"], "")
            name = held[what["component"]] if isinstance(held, dict) else held
            if name in fields:
                fields[name] = what["value"]
            if name in numbers:
                numbers[name] = what["value"]
            if "unit" in what:
                fields[f"{name}_unit"] = what["unit"]
        elif kind == "remove_observation":
            numbers.pop(base["observations"].get(what["id"], ""), None)
        elif kind == "add_condition" and "code" in what:
            findings[codes[what["code"]]] = True
        elif kind == "remove_condition":
            findings.pop(base.get("conditions", {}).get(what["id"], ""), None)
    scale = base.get("scale", {})
    scaled = {name: value * scale.get(name, 1.0) for name, value in numbers.items()}
    return Facts(**fields, findings=findings, numbers=scaled)
