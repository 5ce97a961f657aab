"""Rapid shallow breathing index: respiratory rate over tidal volume."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import RESPIRATORY_RATE
from tools.calculators.critical_inputs import TIDAL_VOLUME
from tools.calculators.reference import Reference, Verified


def rsbi(respiratory_rate: float, tidal_volume: float) -> Outcome:
    """Breaths/min/L; tidal volume in mL."""
    return Outcome(respiratory_rate / (tidal_volume / 1000.0), (Term("Tidal volume", tidal_volume / 1000.0, "L"),))


CALCULATOR = Calculator(
    name="rsbi",
    title="Rapid shallow breathing index",
    synonyms=("RSBI", "Yang-Tobin index", "f/VT"),
    purpose=(
        "Divides respiratory rate by tidal volume during a spontaneous breathing trial, to judge weaning "
        "from the ventilator."
    ),
    specialty="critical care",
    inputs=(
        RESPIRATORY_RATE.but(monotone=True),
        TIDAL_VOLUME,
    ),
    notes=("Measured while breathing without support",),
    result=Result(
        "Rapid shallow breathing index",
        "/min/L",
        source="http://www.scielo.br/j/jbpneu/a/pwZgBBJjrjZnGmR4jRzgwXx/?lang=en",
        bands=(
            Band("below the limit associated with successful weaning"),
            Band("at or above the limit associated with successful weaning", 105),
        ),
    ),
    references=(
        Reference(
            (
                "Yang KL, Tobin MJ. A prospective study of indexes predicting the outcome of trials of weaning "
                "from mechanical ventilation. N Engl J Med 1991;324:1445-1450."
            ),
            "derivation",
            url="http://acpjc.acponline.org/Content/115/2/issue/ACPJC-1991-115-2-053.htm",
            verified=Verified(
                "http://acpjc.acponline.org/Content/115/2/issue/ACPJC-1991-115-2-053.htm",
                "2026-11-22",
                "ACP Journal Club, abstract and commentary; Wikipedia for a worked example",
                (
                    "respiratory frequency over tidal volume; sensitivity 97 %, specificity 64 % for weaning in 64 "
                    "patients; 25 over 0.25 L is 100"
                ),
            ),
        ),
        Reference(
            (
                "Evaluation of the diagnostic performance and cut-off value for the rapid shallow breathing index"
                " in predicting extubation failure. J Bras Pneumol (SciELO)."
            ),
            "bands",
            url="http://www.scielo.br/j/jbpneu/a/pwZgBBJjrjZnGmR4jRzgwXx/?lang=en",
            verified=Verified(
                "http://www.scielo.br/j/jbpneu/a/pwZgBBJjrjZnGmR4jRzgwXx/?lang=en",
                "2026-11-22",
                "Jornal Brasileiro de Pneumologia, abstract",
                ("105 breaths/min/L is the classical limit; in 73 patients it found one in five extubation failures"),
            ),
        ),
    ),
    compute=rsbi,
)
