"""Ranson criteria of acute pancreatitis that is not due to gallstones."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean, quantity
from tools.calculators.corrected_calcium import CALCIUM
from tools.calculators.critical_inputs import LDH
from tools.calculators.fib_4 import AST
from tools.calculators.gases import PAO2, WBC
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import GLUCOSE


def ranson(
    age: float,
    wbc: float,
    glucose: float,
    ldh: float,
    ast: float,
    haematocrit_fall: bool,
    urea_nitrogen_rise: bool,
    calcium: float,
    pao2: float,
    base_deficit: float,
    fluid_sequestration: bool,
) -> Outcome:
    """0 to 11 criteria."""
    return points(
        ("Age above 55", age > 55, 1),
        ("White cells above 16 (10*9/L)", wbc > 16, 1),
        ("Glucose above 200 mg/dL", glucose > 200, 1),
        ("LDH above 350 U/L", ldh > 350, 1),
        ("AST above 250 U/L", ast > 250, 1),
        ("Haematocrit fell by more than 10", haematocrit_fall, 1),
        ("Urea nitrogen rose by more than 5 mg/dL", urea_nitrogen_rise, 1),
        ("Calcium below 8 mg/dL (2 mmol/L)", calcium < 8, 1),
        ("PaO2 below 60 mmHg", pao2 < 60, 1),
        ("Base deficit above 4 mmol/L", base_deficit > 4, 1),
        ("Fluid sequestration above 6 L", fluid_sequestration, 1),
    )


CALCULATOR = Calculator(
    name="ranson",
    title="Ranson criteria",
    synonyms=("Ranson", "Ranson score", "Ranson's criteria"),
    purpose=(
        "Counts signs on admission and after 48 hours for the mortality of acute pancreatitis without gallstones."
    ),
    specialty="gastroenterology",
    inputs=(
        AGE.but(cuts=(55.0,), plausible=(18, 110)),
        WBC.but(cuts=(16.0,)),
        GLUCOSE.but(cuts=(200.0,), equivalents={"mmol/L": 200 / 11}),
        LDH.but(cuts=(350.0,)),
        AST.but(cuts=(250.0,), max_age_days=2),
        boolean(
            "haematocrit_fall",
            "Haematocrit fell by more than 10",
            ask="Within 48 hours: haematocrit down by more than 10 percentage points?",
        ),
        boolean(
            "urea_nitrogen_rise",
            "Urea nitrogen rose by more than 5 mg/dL",
            ask="Within 48 hours: urea nitrogen up by more than 5 mg/dL (1.8 mmol/L)?",
        ),
        CALCIUM.but(cuts=(8.0,), monotone=False, max_age_days=2, equivalents={"mmol/L": 4.0}),
        PAO2.but(cuts=(60.0,), monotone=False),
        quantity(
            "base_deficit",
            "Base deficit",
            "mmol/L",
            plausible=(-10, 30),
            possible=(-40, 50),
            cuts=(4.0,),
            max_age_days=2,
            ask="Base deficit within 48 hours (a base excess of -6 is a deficit of 6)?",
            example={"value": 1, "unit": "mmol/L"},
        ),
        boolean(
            "fluid_sequestration",
            "Fluid sequestration above 6 L",
            ask="Within 48 hours: more than 6 L of fluid sequestered?",
        ),
    ),
    population=ADULTS,
    notes=("Complete only 48 hours after admission; gallstone pancreatitis has limits of its own",),
    result=Result(
        "Ranson criteria",
        noun="criteria",
        source="https://download.skyscape.com/download/ota/lonestar/5B6E8686-397D-43AE-8FAF-B74E850B37EF/mghcc.ed7/content/HTML/i/tl7.htm",
        bands=(
            Band("mortality below 1 %"),
            Band("mortality 15 %", 3),
            Band("mortality 40 %", 5),
            Band("mortality 90 %", 7),
        ),
    ),
    references=(
        Reference(
            ("Massachusetts General Hospital, Handbook of Critical Care, table 28-3: Ranson criteria (Ranson 1974)."),
            "bands",
            url="https://download.skyscape.com/download/ota/lonestar/5B6E8686-397D-43AE-8FAF-B74E850B37EF/mghcc.ed7/content/HTML/i/tl7.htm",
            verified=Verified(
                "https://download.skyscape.com/download/ota/lonestar/5B6E8686-397D-43AE-8FAF-B74E850B37EF/mghcc.ed7/content/HTML/i/tl7.htm",
                "2026-11-22",
                "Massachusetts General Hospital handbook on Skyscape; GlobalRPh for the molar limits",
                "five criteria on admission, six within 48 hours; mortality below 1, 15, 40 and 90 %",
            ),
        ),
    ),
    compute=ranson,
)
