"""Scores of the acute, liver and prevention copies, from the publications: independent of Osler's calculators.

CURB-65 and CRB-65 (Lim, Thorax 2003), NEWS2 on scale 1 (Royal College of Physicians 2017), qSOFA (Singer, JAMA 2016),
HEART (Six, Neth Heart J 2008), Glasgow-Blatchford (Blatchford, Lancet 2000), Child-Pugh (Pugh, Br J Surg 1973),
MELD 3.0 (Kim, Gastroenterology 2021), MELD-Na (OPTN 2016), FIB-4 (Sterling, Hepatology 2006), PREVENT total
cardiovascular disease, base model over ten years (Khan, Circulation 2024, table S12A).

Measurements are in: urea mmol/L, haemoglobin g/L, bilirubin and creatinine mg/dL, albumin g/dL, cholesterol mmol/L.
"""

from __future__ import annotations

import math

from evals.perturb.facts import Facts, Range, egfr, points

INF = math.inf
Bands = tuple[tuple[float, float], ...]


def total(*parts: Range) -> Range:
    """The sum of ranges."""
    return sum(low for low, _ in parts), sum(high for _, high in parts)


def up_to(facts: Facts, name: str, bands: Bands) -> Range:
    """Points of the first band whose upper limit, included, holds the value; every band's if it is unknown."""
    value = facts.numbers.get(name)
    if value is None:
        return min(p for _, p in bands), max(p for _, p in bands)
    found = next(p for limit, p in bands if value <= limit)
    return found, found


def below(facts: Facts, name: str, bands: Bands) -> Range:
    """As `up_to`, with the upper limit not included."""
    value = facts.numbers.get(name)
    if value is None:
        return min(p for _, p in bands), max(p for _, p in bands)
    found = next(p for limit, p in bands if value < limit)
    return found, found


def crb_65(facts: Facts) -> Range:
    """CRB-65: confusion, rate 30 or more, systolic below 90 or diastolic 60 or less, 65 years or more."""
    low_pressure = float(facts.numbers["systolic"] < 90 or facts.numbers["diastolic"] <= 60)
    rate = below(facts, "respiratory_rate", ((30, 0), (INF, 1)))
    return total(rate, points(facts, {"confusion": 1}, low_pressure + (facts.age >= 65)))


def curb_65(facts: Facts) -> Range:
    """CURB-65: CRB-65 and urea above 7 mmol/L."""
    return total(crb_65(facts), up_to(facts, "urea", ((7, 0), (INF, 1))))


def news2(facts: Facts) -> Range:
    """NEWS2 with oxygen saturation scale 1."""
    bands: dict[str, Bands] = {
        "respiratory_rate": ((8, 3), (11, 1), (20, 0), (24, 2), (INF, 3)),
        "saturation": ((91, 3), (93, 2), (95, 1), (INF, 0)),
        "systolic": ((90, 3), (100, 2), (110, 1), (219, 0), (INF, 3)),
        "pulse": ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (INF, 3)),
        "temperature": ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (INF, 2)),
    }
    measured = (up_to(facts, name, steps) for name, steps in bands.items())
    return total(*measured, points(facts, {"oxygen": 2, "confusion": 3}, 0))


def qsofa(facts: Facts) -> Range:
    """qSOFA: rate 22 or more, systolic 100 or less, altered mentation."""
    rate = below(facts, "respiratory_rate", ((22, 0), (INF, 1)))
    return total(rate, up_to(facts, "systolic", ((100, 1), (INF, 0))), points(facts, {"confusion": 1}, 0))


def heart_score(facts: Facts) -> Range:
    """HEART: one point either side, since history and ECG are graded by a reader."""
    by_age = 0 if facts.age < 45 else 1 if facts.age < 65 else 2
    ratio = facts.numbers["troponin"] / facts.numbers["troponin_limit"]
    troponin = 0 if ratio <= 1 else 1 if ratio <= 3 else 2
    score = facts.numbers["history"] + facts.numbers["ecg"] + facts.numbers["risk_factors"] + by_age + troponin
    return max(score - 1, 0), min(score + 1, 10)


def glasgow_blatchford(facts: Facts) -> Range:
    """Glasgow-Blatchford score."""
    red = ((100, 6), (120, 1), (INF, 0)) if facts.female else ((100, 6), (120, 3), (130, 1), (INF, 0))
    return total(
        below(facts, "urea", ((6.5, 0), (8, 2), (10, 3), (25, 4), (INF, 6))),
        below(facts, "haemoglobin", red),
        below(facts, "systolic", ((90, 3), (100, 2), (110, 1), (INF, 0))),
        below(facts, "pulse", ((100, 0), (INF, 1))),
        points(facts, {"melaena": 1, "syncope": 2, "liver_disease": 2, "heart_failure": 2}, 0),
    )


def child_pugh(facts: Facts) -> Range:
    """Child-Pugh: ascites and encephalopathy are graded 1 to 3 by a reader, ascites perhaps one lower."""
    graded = (facts.numbers["ascites_low"], facts.numbers["ascites_high"])
    encephalopathy = facts.numbers["encephalopathy"]
    return total(
        up_to(facts, "bilirubin", ((1.9999, 1), (3, 2), (INF, 3))),
        up_to(facts, "albumin", ((2.7999, 3), (3.5, 2), (INF, 1))),
        up_to(facts, "inr", ((1.6999, 1), (2.3, 2), (INF, 3))),
        graded,
        (encephalopathy, encephalopathy),
    )


def clamp(value: float, low: float, high: float) -> float:
    """The value kept within bounds."""
    return min(max(value, low), high)


def meld_3_0(facts: Facts) -> float:
    """MELD 3.0, not rounded."""
    n = facts.numbers
    bilirubin, inr = math.log(max(n["bilirubin"], 1)), math.log(max(n["inr"], 1))
    creatinine = math.log(clamp(facts.creatinine_mg_dl, 1, 3))
    sodium, albumin = 137 - clamp(n["sodium"], 125, 137), 3.5 - clamp(n["albumin"], 1.5, 3.5)
    score = 4.56 * bilirubin + 0.82 * sodium - 0.24 * sodium * bilirubin + 9.09 * inr + 11.14 * creatinine
    return score + 1.85 * albumin - 1.83 * albumin * creatinine + 6 + (1.33 if facts.female else 0)


def meld_na(facts: Facts) -> float:
    """MELD-Na of 2016, not rounded at the end."""
    n = facts.numbers
    bilirubin, inr = math.log(max(n["bilirubin"], 1)), math.log(max(n["inr"], 1))
    creatinine = math.log(clamp(facts.creatinine_mg_dl, 1, 4))
    first = round(10 * (0.957 * creatinine + 0.378 * bilirubin + 1.120 * inr + 0.643), 1)
    sodium = 137 - clamp(n["sodium"], 125, 137)
    return first + 1.32 * sodium - 0.033 * first * sodium if first > 11 else first


def fib_4(facts: Facts) -> float:
    """FIB-4."""
    n = facts.numbers
    return float(facts.age * n["ast"] / (n["platelets"] * math.sqrt(n["alt"])))


# Each term's coefficient for women and for men, in the order of `terms` below.
_PREVENT = (
    (0.7939329, 0.7688528),
    (0.0305239, 0.0736174),
    (-0.1606857, -0.0954431),
    (-0.2394003, -0.4347345),
    (0.3600781, 0.3362658),
    (0.8667604, 0.7692857),
    (0.5360739, 0.4386871),
    (0.6045917, 0.5378979),
    (0.0433769, 0.0164827),
    (0.3151672, 0.288879),
    (-0.1477655, -0.1337349),
    (-0.0663612, -0.0475924),
    (0.1197879, 0.150273),
    (-0.0819715, -0.0517874),
    (0.0306769, 0.0191169),
    (-0.0946348, -0.1049477),
    (-0.27057, -0.2251948),
    (-0.078715, -0.0895067),
    (-0.1637806, -0.1543702),
    (-3.307728, -3.031168),
)


def prevent_cvd(facts: Facts) -> float:
    """PREVENT, total cardiovascular disease over ten years, per cent."""
    n, f = facts.numbers, facts.findings
    age, rate = (facts.age - 55) / 10, egfr(facts)
    other, hdl = n["cholesterol"] - n["hdl"] - 3.5, (n["hdl"] - 1.3) / 0.3
    low, high = (min(n["systolic"], 110) - 110) / 20, (max(n["systolic"], 110) - 130) / 20
    poor, good = (min(rate, 60) - 60) / -15, (max(rate, 60) - 90) / -15
    diabetes, smoker, treated, statin = (f[x] for x in ("diabetes", "smoker", "treated_pressure", "statin"))
    terms = [age, other, hdl, low, high, diabetes, smoker, poor, good, treated, statin, treated * high, statin * other]
    terms += [age * other, age * hdl, age * high, age * diabetes, age * smoker, age * poor, 1.0]
    logit = sum(pair[not facts.female] * term for pair, term in zip(_PREVENT, terms, strict=True))
    return 100 / (1 + math.exp(-logit))
