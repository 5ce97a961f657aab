"""Oxygenation index from mean airway pressure, inspired oxygen and PaO2."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.critical_inputs import MEAN_AIRWAY_PRESSURE
from tools.calculators.gases import FIO2, PAO2
from tools.calculators.reference import Reference, Verified


def oxygenation_index(mean_airway_pressure: float, fio2: float, pao2: float) -> Outcome:
    """FiO2 in per cent."""
    return Outcome(mean_airway_pressure * fio2 / pao2)


CALCULATOR = Calculator(
    name="oxygenation_index",
    title="Oxygenation index",
    synonyms=("OI", "oxygenation index"),
    purpose=(
        "Relates mean airway pressure and inspired oxygen to arterial oxygen, for how severe hypoxaemic "
        "respiratory failure of a ventilated child is."
    ),
    specialty="critical care",
    inputs=(
        MEAN_AIRWAY_PRESSURE,
        FIO2,
        PAO2,
    ),
    notes=("Bands are those of children with ARDS on invasive ventilation",),
    result=Result(
        "Oxygenation index",
        decimals=1,
        source="doi:10.1097/PCC.0000000000000350",
        bands=(
            Band("below the limit of paediatric ARDS"),
            Band("mild paediatric ARDS", 4),
            Band("moderate paediatric ARDS", 8),
            Band("severe paediatric ARDS", 16),
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
                    "mean airway pressure times inspired oxygen in per cent over PaO2; from 4 mild, 8 moderate and 16"
                    " severe in children"
                ),
            ),
        ),
    ),
    compute=oxygenation_index,
)
