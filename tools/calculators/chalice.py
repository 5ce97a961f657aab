"""CHALICE rule: CT after a child's head injury."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.critical_inputs import GCS
from tools.calculators.reference import Reference, Verified


def chalice(
    age: float,
    witnessed_unconsciousness_5min: bool,
    amnesia_over_5min: bool,
    abnormal_drowsiness: bool,
    vomited_three_times: bool,
    suspected_abuse: bool,
    seizure_without_epilepsy: bool,
    gcs: float,
    penetrating_or_depressed: bool,
    basal_fracture_signs: bool,
    focal_deficit: bool,
    wound_over_5cm: bool,
    fast_traffic_accident: bool,
    fall_over_3m: bool,
    fast_projectile: bool,
) -> Outcome:
    """Positive on any of fourteen criteria."""
    items = points(
        ("Unconscious over 5 minutes", witnessed_unconsciousness_5min, 1),
        ("Amnesia over 5 minutes", amnesia_over_5min, 1),
        ("Abnormal drowsiness", abnormal_drowsiness, 1),
        ("Three or more vomits", vomited_three_times, 1),
        ("Suspected non-accidental injury", suspected_abuse, 1),
        ("Seizure without epilepsy", seizure_without_epilepsy, 1),
        ("Coma scale below 14, or 15 in the first year", gcs < (14 if age >= 1 else 15), 1),
        ("Penetrating or depressed injury, tense fontanelle", penetrating_or_depressed, 1),
        ("Sign of basal skull fracture", basal_fracture_signs, 1),
        ("Focal neurological sign", focal_deficit, 1),
        ("Wound over 5 cm in the first year", wound_over_5cm and age < 1, 1),
        ("Road traffic accident above 40 mph", fast_traffic_accident, 1),
        ("Fall of over 3 m", fall_over_3m, 1),
        ("High-speed projectile or object", fast_projectile, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="chalice",
    title="CHALICE rule",
    synonyms=("CHALICE", "children's head injury algorithm"),
    purpose=(
        "Decides from history, examination and mechanism whether a child with a head injury is at high "
        "risk of brain injury."
    ),
    specialty="emergency medicine",
    inputs=(
        AGE.but(cuts=(1.0,), plausible=(0, 15.99)),
        boolean(
            "witnessed_unconsciousness_5min",
            "Unconscious over 5 minutes",
            ask="Witnessed loss of consciousness of over 5 minutes?",
        ),
        boolean("amnesia_over_5min", "Amnesia over 5 minutes", ask="Amnesia of over 5 minutes?"),
        boolean("abnormal_drowsiness", "Abnormal drowsiness", ask="Drowsier than expected?"),
        boolean("vomited_three_times", "Three or more vomits", ask="Three or more vomits after the injury?"),
        boolean("suspected_abuse", "Suspected non-accidental injury", ask="Suspicion of non-accidental injury?"),
        boolean(
            "seizure_without_epilepsy",
            "Seizure without epilepsy",
            ask="A seizure after the injury in a child without epilepsy?",
        ),
        GCS.but(cuts=(14.0, 15.0)),
        boolean(
            "penetrating_or_depressed",
            "Penetrating or depressed injury, tense fontanelle",
            ask="Suspected penetrating or depressed skull injury, or a tense fontanelle?",
        ),
        boolean(
            "basal_fracture_signs",
            "Sign of basal skull fracture",
            ask=(
                "Blood or fluid from ear or nose, panda eyes, Battle sign, haemotympanum, facial crepitus or "
                "serious facial injury?"
            ),
        ),
        boolean("focal_deficit", "Focal neurological sign", ask="Any focal neurological sign?"),
        boolean(
            "wound_over_5cm",
            "Bruise, swelling or laceration over 5 cm",
            ask="A bruise, swelling or laceration of over 5 cm?",
        ),
        boolean(
            "fast_traffic_accident",
            "Road traffic accident above 40 mph",
            ask="Pedestrian, cyclist or occupant in an accident above 40 mph (64 km/h)?",
        ),
        boolean("fall_over_3m", "Fall of over 3 m", ask="A fall of over 3 m?"),
        boolean("fast_projectile", "High-speed projectile or object", ask="Hit by a high-speed projectile or object?"),
    ),
    population=Population("children under 16 years with a head injury", below={"age": 16}),
    example_inputs={"age": {"value": 6, "unit": "a"}},
    result=Result(
        "CHALICE rule",
        source="doi:10.1136/adc.2005.083980",
        codes=(
            Code("negative", "negative", "none of the fourteen criteria: low risk"),
            Code("positive", "positive", "at least one criterion: high risk, CT is indicated by the rule"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            (
                "Dunning J, et al. Derivation of the children's head injury algorithm for the prediction of "
                "important clinical events decision rule for head injury in children. Arch Dis Child "
                "2006;91:885-891."
            ),
            "derivation",
            doi="10.1136/adc.2005.083980",
            verified=Verified(
                "https://www.pathway.md/calculators/chalice-risk-score-for-head-injury-in-children-recw7KTFf1W7VN6NW",
                "2026-11-22",
                "Pathway; The Medical Algorithms Company and AJNR table 1 for the same items",
                (
                    "the fourteen criteria, any of which is enough; coma scale below 14, or below 15 in the first "
                    "year; wounds count in the first year only"
                ),
            ),
        ),
    ),
    compute=chalice,
)
