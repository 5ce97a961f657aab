"""HEART score: six-week risk of major cardiac events in acute chest pain.

One word in the name: a part of a calculator's name asks for it, and "heart" stands in many questions.
"""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def heart_score(
    age: float,
    history_suspicious: bool,
    history_highly_suspicious: bool,
    ecg_abnormal: bool,
    st_deviation: bool,
    hypertension: bool,
    diabetes: bool,
    hyperlipidaemia: bool,
    obesity: bool,
    smoking: bool,
    family_history: bool,
    atherosclerotic_disease: bool,
    troponin_raised: bool,
    troponin_three_times: bool,
) -> Outcome:
    """0 to 10 points: five items of 0 to 2."""
    factors = sum((hypertension, diabetes, hyperlipidaemia, obesity, smoking, family_history))
    items = {
        "History": 2 if history_highly_suspicious else int(history_suspicious),
        "ECG": 2 if st_deviation else int(ecg_abnormal),
        "Age": 2 if age >= 65 else int(age >= 45),
        "Risk factors": 2 if atherosclerotic_disease or factors >= 3 else int(factors > 0),
        "Troponin": 2 if troponin_three_times else int(troponin_raised),
    }
    return Outcome(float(sum(items.values())), tuple(Term(name, float(n), "points") for name, n in items.items()))


CALCULATOR = Calculator(
    name="heart_score",
    title="HEART score",
    synonyms=("HEART risk score", "HEART pathway", "chest pain risk score", "risk of MACE in chest pain"),
    purpose="Scores the short-term risk of a major cardiac event in an adult with acute chest pain from history, ECG, "
    "age, risk factors and troponin.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(cuts=(45.0, 65.0), plausible=(18, 110)),
        boolean("history_suspicious", "History moderately or highly suspicious", ask="Moderately suspicious, or more?"),
        boolean("history_highly_suspicious", "History highly suspicious", ask="Is the history highly suspicious?"),
        boolean(
            "ecg_abnormal",
            "ECG not normal",
            ask="Non-specific repolarisation changes, bundle branch block, hypertrophy, pacing, or ST deviation?",
        ),
        boolean("st_deviation", "Significant ST deviation", ask="Significant ST deviation, not otherwise explained?"),
        boolean("hypertension", "Hypertension"),
        boolean("diabetes", "Diabetes"),
        boolean("hyperlipidaemia", "Hypercholesterolaemia"),
        boolean("obesity", "Obesity", ask="BMI above 30 kg/m²?"),
        boolean("smoking", "Smoking", ask="Current smoker, or stopped within 3 months?"),
        boolean("family_history", "Family history of coronary disease", ask="A parent or sibling with early disease?"),
        boolean(
            "atherosclerotic_disease",
            "Known atherosclerotic disease",
            ask="Myocardial infarction, revascularisation, stroke or TIA, or peripheral arterial disease before?",
        ),
        boolean("troponin_raised", "Troponin above the 99th percentile", ask="Above the assay's own 99th percentile?"),
        boolean("troponin_three_times", "Troponin 3 times the 99th percentile or more"),
    ),
    notes=(
        "Sources differ at exactly 45 years; here it counts as 45 to 64",
        "Not for ST elevation, haemodynamic instability or another evident diagnosis",
        "A low score alone excludes nothing: the HEART pathway also asks for serial troponin",
    ),
    result=Result(
        "HEART score",
        noun="points",
        source="doi:10.1016/j.ijcard.2013.01.255",
        bands=(Band("low risk"), Band("intermediate risk", 4), Band("high risk", 7)),
    ),
    references=(
        Reference(
            "Backus BE, et al. A prospective validation of the HEART score for chest pain patients at the emergency "
            "department. Int J Cardiol 2013;168:2153-2158.",
            "validation",
            doi="10.1016/j.ijcard.2013.01.255",
            verified=Verified(
                "https://bmjopen.bmj.com/highwire/markup/201812/expansion",
                "2026-11-22",
                "BMJ Open, table 1 (after the original score, with permission); the abstract in the International "
                "Journal of Cardiology for the bands",
                "five items of 0 to 2 points with their definitions; 0-3 low, 4-6 intermediate, 7-10 high",
            ),
        ),
    ),
    compute=heart_score,
)
