"""Alveolar-arterial oxygen gradient."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.gases import FIO2, PACO2, PAO2
from tools.calculators.reference import Reference, Verified


def aa_gradient(fio2: float, pao2: float, paco2: float) -> Outcome:
    """mmHg at sea level; FiO2 in per cent."""
    alveolar = fio2 / 100.0 * (760.0 - 47.0) - paco2 / 0.8
    odd = ("The arterial pressure is above the alveolar one: check the values",) if pao2 > alveolar else ()
    return Outcome(alveolar - pao2, (Term("Alveolar oxygen pressure", alveolar, "mm[Hg]"),), odd)


CALCULATOR = Calculator(
    name="aa_gradient",
    title="A-a gradient",
    synonyms=("A-a gradient", "alveolar arterial gradient", "alveolar-arterial oxygen gradient", "AaDO2"),
    purpose="Works out the difference between alveolar and arterial oxygen pressure from a blood gas.",
    specialty="respiratory medicine",
    inputs=(FIO2, PAO2, PACO2),
    notes=(
        "At sea level (760 mmHg) and with a respiratory quotient of 0.8; it rises with age and with "
        "the inspired oxygen",
    ),
    result=Result("A-a gradient", "mm[Hg]"),
    references=(
        Reference(
            "Merck Manual Professional: equations for alveolar oxygen pressure and the alveolar to "
            "arterial oxygen gradient.",
            "definition",
            url="https://merckmanuals.com/professional/multimedia/table/equations-for-calculating-alveolar-oxygen-pressure-and-alveolar-to-arterial-oxygen-gradient",
            verified=Verified(
                "http://www-users.med.cornell.edu/~spon/picu/calc/aagrad.htm",
                "2026-11-22",
                "Weill Cornell Medicine; the Merck Manual for the meaning of the terms",
                "FiO2 times 760 less 47, less PaCO2 over 0.8, less PaO2",
            ),
        ),
    ),
    compute=aa_gradient,
)
