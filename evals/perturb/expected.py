"""Perturbed copies of the demo patients, with values worked out here from the published formulas.

Independent on purpose: standard library only, nothing of Osler's is imported, and the facts in cases*.toml were typed
from the patient files by hand. `python -m evals.perturb.expected` rewrites copies.yaml; `--check` only compares.
Unknown is not absent: a score component that is neither recorded nor denied gives a range.

How a copy is judged: `expect.equals` and `expect.range` must be shown as such, a number or a range must lie within
`expect.between`; `if_shown` is judged only when that value is shown; each list in `says` needs one match in a shown
claim or next step; nothing there may match `forbids`; `abstain` is looked for in not_answered (any of its reasons),
`critical` in the critical list.

Formulas: CKD-EPI 2021 (Inker, NEJM 2021), Cockcroft-Gault (1976), CHA2DS2-VASc (Lip 2010), CHA2DS2-VA (ESC 2024),
HAS-BLED (Pisters 2010), Wells (2000), YEARS (van der Hulle 2017), age-adjusted D-dimer (Righini 2014), KDIGO 2024
categories and heat map, apixaban label; those of the acute copies are in bedside.py.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
import tomllib
from collections.abc import Callable
from typing import Any

from evals.perturb import bedside
from evals.perturb.facts import Facts, Range, changed, egfr, points
from evals.perturb.patterns import phrases

HERE = pathlib.Path(__file__).parent


def cockcroft_gault(facts: Facts) -> float:
    """Creatinine clearance with the actual weight, mL/min."""
    return (140 - facts.age) * facts.weight / (72 * facts.creatinine_mg_dl) * (0.85 if facts.female else 1.0)


def cha2ds2_va(facts: Facts) -> Range:
    """CHA2DS2-VA."""
    by_age = 2 if facts.age >= 75 else 1 if facts.age >= 65 else 0
    return points(facts, {"heart_failure": 1, "hypertension": 1, "diabetes": 1, "stroke": 2, "vascular": 1}, by_age)


def cha2ds2_vasc(facts: Facts) -> Range:
    """CHA2DS2-VASc: one more point for women."""
    low, high = cha2ds2_va(facts)
    return low + facts.female, high + facts.female


def has_bled(facts: Facts) -> Range:
    """HAS-BLED: systolic > 160 mmHg, creatinine > 200 umol/L (2.26 mg/dL), age > 65 years."""
    fixed = (facts.systolic > 160) + (facts.creatinine_mg_dl > 2.26) + (facts.age > 65)
    names = ("abnormal_liver", "stroke", "bleeding", "labile_inr", "antiplatelet_nsaid", "alcohol")
    return points(facts, dict.fromkeys(names, 1.0), fixed)


def wells_pe(facts: Facts) -> Range:
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


SCORES: tuple[Callable[[Facts], Range], ...] = (
    cha2ds2_va,
    cha2ds2_vasc,
    has_bled,
    wells_pe,
    bedside.crb_65,
    bedside.curb_65,
    bedside.news2,
    bedside.qsofa,
    bedside.heart_score,
    bedside.glasgow_blatchford,
    bedside.child_pugh,
)
# What a reader grades may come out either way.
GRADED = (bedside.heart_score, bedside.child_pugh)
CODES: tuple[Callable[[Facts], str], ...] = (
    apixaban_af_dose,
    kdigo_gfr_category,
    kdigo_albuminuria_category,
    kdigo_risk,
    age_adjusted_d_dimer,
    years,
)
# Unit, and the share either side: room for rounding, none for a wrong coefficient, age or unit.
RATES: dict[Callable[[Facts], float], tuple[str, float]] = {
    egfr: ("mL/min/{1.73_m2}", 0.01),
    cockcroft_gault: ("mL/min", 0.01),
    bedside.fib_4: ("", 0.02),
    bedside.prevent_cvd: ("", 0.03),
}
# Shown rounded to a whole number or not.
WHOLE: tuple[Callable[[Facts], float], ...] = (bedside.meld_3_0, bedside.meld_na)


def expectation(name: str, facts: Facts) -> dict[str, object]:
    """What `name` must be for these facts; ending in `?` it is judged only if shown, in `~` so too but as the range."""
    if_shown = {"if_shown": True} if name[-1] in "?~" else {}
    loose, name = name.endswith("?"), name.rstrip("?~")
    for score in SCORES:
        if score.__name__ == name:
            low, high = score(facts)
            # Off warfarin a labile INR is unknown to some, no to others; what is judged only if shown may be either.
            spread = {"between" if loose or score in GRADED else "range": [low, high]}
            return {"name": name, **({"equals": low} if low == high else spread), **if_shown}
    for code in CODES:
        if code.__name__ == name:
            return {"name": name, "equals": code(facts), **if_shown}
    for rate, (unit, share) in RATES.items():
        if rate.__name__ == name:
            value = rate(facts)
            measured = {"unit": unit} if unit else {}
            around = [round(value * (1 - share), 2), round(value * (1 + share), 2)]
            return {"name": name, "between": around, **measured, **if_shown}
    for whole in WHOLE:
        if whole.__name__ == name:
            value = whole(facts)
            around = [round(min(value, round(value)) - 0.15, 2), round(max(value, round(value)) + 0.15, 2)]
            return {"name": name, "between": around, **if_shown}
    raise ValueError(f"no formula named {name!r}")


def cases() -> dict[str, Any]:
    """Every cases*.toml as one: bases, phrases and drugs are shared, copies stand in the order of the files.

    Raises:
        ValueError: two files give the same name, or two copies the same id.
    """
    merged: dict[str, Any] = {"copy": []}
    for path in sorted(HERE.glob("cases*.toml")):
        for section, rows in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if section == "copy":
                merged["copy"] += rows
                continue
            table = merged.setdefault(section, {})
            if twice := sorted(table.keys() & rows.keys()):
                raise ValueError(f"{path.name}: [{section}] gives {twice} again; expected each once: rename or drop it")
            table |= rows
    ids = [copy["id"] for copy in merged["copy"]]
    if twice := sorted({id_ for id_ in ids if ids.count(id_) > 1}):
        raise ValueError(f"copies {twice} stand twice; expected each id once: rename one")
    return merged


def document() -> str:
    """copies.yaml: one JSON object a line, which YAML readers take and a diff shows line by line."""
    data, rows = cases(), []
    for copy in data["copy"]:
        base = data["base"][copy["base"]]
        facts = changed(base, copy, data["codes"])
        row = {key: copy[key] for key in ("id", "base", "why", "change")}
        row["expect"] = [expectation(name, facts) for name in copy.get("values", base["values"])]
        row["says"] = phrases(copy.get("says", []), data)
        row["forbids"] = [pattern for group in phrases(copy.get("forbids", []), data) for pattern in group]
        row |= {key: copy[key] for key in ("abstain", "critical") if key in copy}
        rows.append("- " + json.dumps(row, ensure_ascii=False))
    return "# Generated by expected.py from cases*.toml: do not edit.\n" + "\n".join(rows) + "\n"


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
