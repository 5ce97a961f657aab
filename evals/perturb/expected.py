"""Perturbed copies of the demo patients, with values worked out here from the published formulas.

Independent on purpose: standard library only, nothing of Osler's is imported, and the facts in cases.toml were typed
from the patient files by hand. `python evals/perturb/expected.py` rewrites copies.yaml; `--check` only compares.
Unknown is not absent: a score component that is neither recorded nor denied gives a range.

How a copy is judged: `expect.equals` and `expect.range` must be shown as such, a number or a range must lie within
`expect.between`; `if_shown` is judged only when that value is shown; each list in `says` needs one match in a shown
claim or next step; nothing there may match `forbids`; `abstain` is looked for in not_answered (any of its reasons),
`critical` in the critical list.

Formulas: CKD-EPI 2021 (Inker, NEJM 2021), Cockcroft-Gault (1976), CHA2DS2-VASc (Lip 2010), CHA2DS2-VA (ESC 2024),
HAS-BLED (Pisters 2010), Wells (2000), YEARS (van der Hulle 2017), age-adjusted D-dimer (Righini 2014), KDIGO 2024
categories and heat map, apixaban label.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import pathlib
import sys
import tomllib
from collections.abc import Callable
from typing import Any

HERE = pathlib.Path(__file__).parent
UMOL_L_PER_MG_DL = 88.42


@dataclasses.dataclass(frozen=True)
class Facts:
    """What the formulas need. A finding is true (recorded), false (denied) or missing (unknown)."""

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

    @property
    def age(self) -> int:
        """Completed years on the clinical clock."""
        born, today = datetime.date.fromisoformat(self.birth_date), datetime.date.fromisoformat(self.as_of)
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def creatinine_mg_dl(self) -> float:
        """Serum creatinine in mg/dL."""
        return self.creatinine / UMOL_L_PER_MG_DL if self.creatinine_unit == "umol/L" else self.creatinine


def egfr(facts: Facts) -> float:
    """CKD-EPI 2021, mL/min/1.73 m2."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if facts.female else (0.9, -0.302, 1.0)
    ratio = facts.creatinine_mg_dl / kappa
    return float(142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.2 * 0.9938**facts.age * factor)


def cockcroft_gault(facts: Facts) -> float:
    """Creatinine clearance with the actual weight, mL/min."""
    return (140 - facts.age) * facts.weight / (72 * facts.creatinine_mg_dl) * (0.85 if facts.female else 1.0)


def points(facts: Facts, weights: dict[str, float], fixed: float) -> tuple[float, float]:
    """Lowest and highest total: an unknown finding counts in the highest only."""
    low = fixed + sum(weight for name, weight in weights.items() if facts.findings.get(name))
    return low, low + sum(weight for name, weight in weights.items() if name not in facts.findings)


def cha2ds2_va(facts: Facts) -> tuple[float, float]:
    """CHA2DS2-VA."""
    by_age = 2 if facts.age >= 75 else 1 if facts.age >= 65 else 0
    return points(facts, {"heart_failure": 1, "hypertension": 1, "diabetes": 1, "stroke": 2, "vascular": 1}, by_age)


def cha2ds2_vasc(facts: Facts) -> tuple[float, float]:
    """CHA2DS2-VASc: one more point for women."""
    low, high = cha2ds2_va(facts)
    return low + facts.female, high + facts.female


def has_bled(facts: Facts) -> tuple[float, float]:
    """HAS-BLED: systolic > 160 mmHg, creatinine > 200 umol/L (2.26 mg/dL), age > 65 years."""
    fixed = (facts.systolic > 160) + (facts.creatinine_mg_dl > 2.26) + (facts.age > 65)
    names = ("abnormal_liver", "stroke", "bleeding", "labile_inr", "antiplatelet_nsaid", "alcohol")
    return points(facts, dict.fromkeys(names, 1.0), fixed)


def wells_pe(facts: Facts) -> tuple[float, float]:
    """Wells score for pulmonary embolism: heart rate over 100 counts."""
    weights = {
        "dvt_signs": 3,
        "pe_most_likely": 3,
        "immobilisation_surgery": 1.5,
        "prior_vte": 1.5,
        "haemoptysis": 1,
        "malignancy": 1,
    }
    return points(facts, weights, 1.5 if facts.heart_rate > 100 else 0)


def apixaban_af_dose(facts: Facts) -> str:
    """Reduced when two of three: 80 years or more, 60 kg or less, creatinine 1.5 mg/dL or more."""
    return "reduced" if (facts.age >= 80) + (facts.weight <= 60) + (facts.creatinine_mg_dl >= 1.5) >= 2 else "full"


def kdigo_gfr_category(facts: Facts) -> str:
    """KDIGO G category."""
    bounds = ((90, "G1"), (60, "G2"), (45, "G3a"), (30, "G3b"), (15, "G4"))
    return next((name for bound, name in bounds if egfr(facts) >= bound), "G5")


def kdigo_albuminuria_category(facts: Facts) -> str:
    """KDIGO A category from the ACR in mg/g."""
    return "A1" if facts.acr < 30 else "A2" if facts.acr <= 300 else "A3"


def kdigo_risk(facts: Facts) -> str:
    """KDIGO heat map: each step down from G2, or right from A1, raises the risk by one."""
    row = {"G1": 0, "G2": 0, "G3a": 1, "G3b": 2, "G4": 3, "G5": 3}[kdigo_gfr_category(facts)]
    column = {"A1": 0, "A2": 1, "A3": 2}[kdigo_albuminuria_category(facts)]
    return ("low", "moderate", "high", "very_high")[min(row + column, 3)]


def feu(facts: Facts) -> float:
    """The D-dimer in ng/mL FEU; without its unit type it is not assessable and must not be asked for here."""
    if facts.d_dimer_unit != "ng/mL{FEU}":
        raise ValueError(
            f"D-dimer in {facts.d_dimer_unit!r}: expected ng/mL{{FEU}}; drop the value from the copy's `values`"
        )
    return facts.d_dimer


def age_adjusted_d_dimer(facts: Facts) -> str:
    """Below or above ten times the age; 500 ng/mL FEU up to 50 years."""
    return "below" if feu(facts) < (10 * facts.age if facts.age > 50 else 500) else "above"


def years(facts: Facts) -> str:
    """YEARS: limit 1000 ng/mL FEU without an item, 500 with one or more."""
    items = any(facts.findings[name] for name in ("dvt_signs", "haemoptysis", "pe_most_likely"))
    return "excluded" if feu(facts) < (500 if items else 1000) else "ctpa"


SCORES: tuple[Callable[[Facts], tuple[float, float]], ...] = (cha2ds2_va, cha2ds2_vasc, has_bled, wells_pe)
CODES: tuple[Callable[[Facts], str], ...] = (
    apixaban_af_dose,
    kdigo_gfr_category,
    kdigo_albuminuria_category,
    kdigo_risk,
    age_adjusted_d_dimer,
    years,
)
RATES: dict[Callable[[Facts], float], str] = {egfr: "mL/min/{1.73_m2}", cockcroft_gault: "mL/min"}


def expectation(name: str, facts: Facts) -> dict[str, object]:
    """What `name` must be for these facts; a name ending in `?` is judged only if shown."""
    if_shown = {"if_shown": True} if name.endswith("?") else {}
    name = name.rstrip("?")
    for score in SCORES:
        if score.__name__ == name:
            low, high = score(facts)
            # Off warfarin a labile INR is unknown to some, no to others; what is judged only if shown may be either.
            spread = {"between" if if_shown else "range": [low, high]}
            return {"name": name, **({"equals": low} if low == high else spread), **if_shown}
    for code in CODES:
        if code.__name__ == name:
            return {"name": name, "equals": code(facts), **if_shown}
    for rate, unit in RATES.items():
        if rate.__name__ == name:
            # One percent either side: room for rounding, none for a wrong coefficient, age or unit.
            value = rate(facts)
            return {"name": name, "between": [round(value * 0.99, 2), round(value * 1.01, 2)], "unit": unit, **if_shown}
    raise ValueError(f"no formula named {name!r}")


def changed(base: dict[str, Any], copy: dict[str, Any], codes: dict[str, str]) -> Facts:
    """The base facts after the copy's change; what no formula uses (a drug, the INR) changes nothing here."""
    fields, findings = dict(base["facts"]), {**base.get("findings", {}), **copy.get("noted", {})}
    for kind, what in copy["change"].items():
        if kind == "set_birth_date":
            fields["birth_date"] = what["value"]
        elif kind == "set_gender":
            fields["female"] = what["value"] == "female"
        elif kind == "set_observation":
            name = base["observations"][what["id"]]
            if name in fields:
                fields[name] = what["value"]
            if "unit" in what:
                fields[f"{name}_unit"] = what["unit"]
        elif kind == "add_condition" and "code" in what:
            findings[codes[what["code"]]] = True
        elif kind == "remove_condition":
            findings.pop(base.get("conditions", {}).get(what["id"], ""), None)
    return Facts(**fields, findings=findings)


def phrases(items: list[Any], known: dict[str, list[str]]) -> list[list[str]]:
    """Each item as a list of alternatives: `@name` is looked up, a lone pattern stands for itself."""
    return [
        known[item[1:]] if isinstance(item, str) and item.startswith("@") else [item] if isinstance(item, str) else item
        for item in items
    ]


def document() -> str:
    """copies.yaml: one JSON object a line, which YAML readers take and a diff shows line by line."""
    data = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
    rows = []
    for copy in data["copy"]:
        base = data["base"][copy["base"]]
        facts = changed(base, copy, data["codes"])
        row = {key: copy[key] for key in ("id", "base", "why", "change")}
        row["expect"] = [expectation(name, facts) for name in copy.get("values", base["values"])]
        row["says"] = phrases(copy.get("says", []), data["phrase"])
        row["forbids"] = [pattern for group in phrases(copy.get("forbids", []), data["phrase"]) for pattern in group]
        row |= {key: copy[key] for key in ("abstain", "critical") if key in copy}
        rows.append("- " + json.dumps(row, ensure_ascii=False))
    return "# Generated by expected.py from cases.toml: do not edit.\n" + "\n".join(rows) + "\n"


def main() -> int:
    """Write copies.yaml, or with --check exit 1 where it is out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare only")
    target, text = HERE / "copies.yaml", document()
    if parser.parse_args().check:
        return 0 if target.exists() and target.read_text(encoding="utf-8") == text else 1
    target.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{text.count(chr(10)) - 1} copies written to {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
