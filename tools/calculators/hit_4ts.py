"""4Ts score: pre-test probability of heparin-induced thrombocytopenia."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

FALL = {
    "0": "fall below 30%, or nadir below 10 ×10⁹/L",
    "1": "fall of 30 to 50%, or nadir of 10 to 19 ×10⁹/L",
    "2": "fall above 50% and nadir of 20 ×10⁹/L or more",
}
TIMING = {
    "0": "within 4 days, without recent heparin",
    "1": "days 5 to 10 but not clear, after day 10, or within 1 day with heparin 30 to 100 days ago",
    "2": "clear onset on days 5 to 10, or within 1 day with heparin in the last 30 days",
}
SEQUELAE = {
    "0": "none",
    "1": "progressive, recurrent or suspected thrombosis, or skin lesions without necrosis",
    "2": "new proven thrombosis, skin necrosis, or acute systemic reaction to a bolus",
}
OTHER = {"0": "definite", "1": "possible", "2": "none apparent"}


def hit_4ts(platelet_fall: str, timing: str, thrombosis: str, other_causes: str) -> Outcome:
    """0 to 8 points."""
    items = {
        "Thrombocytopenia": platelet_fall,
        "Timing": timing,
        "Thrombosis": thrombosis,
        "Other causes": other_causes,
    }
    return Outcome(
        float(sum(map(int, items.values()))), tuple(Term(name, float(worth), "points") for name, worth in items.items())
    )


CALCULATOR = Calculator(
    name="hit_4ts",
    title="4Ts score",
    synonyms=("4Ts", "4T score", "heparin-induced thrombocytopenia score", "HIT score"),
    purpose="Scores the probability of heparin-induced thrombocytopenia before antibody tests.",
    specialty="haematology",
    inputs=(
        choice("platelet_fall", "Thrombocytopenia", FALL, ask="How far did the platelets fall?"),
        choice("timing", "Timing of the fall", TIMING, ask="When after heparin did they fall?"),
        choice("thrombosis", "Thrombosis or other sequelae", SEQUELAE, ask="New thrombosis or skin necrosis?"),
        choice("other_causes", "Other causes of thrombocytopenia", OTHER, ask="Is there another cause?"),
    ),
    result=Result(
        "4Ts",
        noun="points",
        source="doi:10.1111/j.1538-7836.2006.01787.x",
        bands=(Band("low probability"), Band("intermediate probability", 4), Band("high probability", 6)),
    ),
    references=(
        Reference(
            "Lo GK, et al. Evaluation of pretest clinical score (4 T's) for the diagnosis of "
            "heparin-induced thrombocytopenia in two clinical settings. J Thromb Haemost 2006;4:759-765.",
            "derivation",
            doi="10.1111/j.1538-7836.2006.01787.x",
            verified=Verified(
                "https://bibliotheek.ehb.be:2400/topics/en-gb/1202/criteria",
                "2026-11-22",
                "BMJ Best Practice, read through a library; Skyscape's edition of an MGH handbook agrees",
                "the four items of 0 to 2 points; 0 to 3 low, 4 to 5 intermediate, 6 to 8 high",
            ),
        ),
    ),
    compute=hit_4ts,
)
