"""Oxygen saturation index from mean airway pressure, inspired oxygen and SpO2."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import SPO2
from tools.calculators.critical_inputs import MEAN_AIRWAY_PRESSURE
from tools.calculators.gases import FIO2
from tools.calculators.reference import Reference, Verified


def oxygen_saturation_index(mean_airway_pressure: float, fio2: float, spo2: float) -> Outcome:
    """FiO2 and SpO2 in per cent."""
    return Outcome(mean_airway_pressure * fio2 / spo2)


CALCULATOR = Calculator(
    name="oxygen_saturation_index",
    title="Oxygen saturation index",
    synonyms=("OSI", "oxygen saturation index", "oxygenation saturation index"),
    purpose=(
        "Relates mean airway pressure and inspired oxygen to the saturation where there is no arterial "
        "gas, for a ventilated child."
    ),
    specialty="critical care",
    inputs=(
        MEAN_AIRWAY_PRESSURE,
        FIO2,
        SPO2.but(monotone=True, possible=(1, 100)),
    ),
    notes=("Bands are those of children with ARDS on invasive ventilation",),
    result=Result(
        "Oxygen saturation index",
        decimals=1,
        source="doi:10.1097/PCC.0000000000000350",
        bands=(
            Band("below the limit of paediatric ARDS"),
            Band("mild paediatric ARDS", 5),
            Band("moderate paediatric ARDS", 7.5),
            Band("severe paediatric ARDS", 12.3),
        ),
    ),
    references=(
        Reference(
            (
                "Pediatric Acute Lung Injury Consensus Conference Group. Pediatric acute respiratory distress "
                "syndrome: consensus recommendations. Pediatr Crit Care Med 2015;16:428-439."
            ),
            "definition",
            doi="10.1097/PCC.0000000000000350",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC9217163/table/tbl1",
                "2026-11-22",
                "BJA Education 2022, table 1; PMC6589490 table 1 for the same limits",
                (
                    "mean airway pressure times inspired oxygen in per cent over SpO2; from 5 mild, 7.5 moderate and "
                    "12.3 severe in children"
                ),
            ),
        ),
    ),
    compute=oxygen_saturation_index,
)
