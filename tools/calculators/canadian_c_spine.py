"""Canadian C-spine rule: imaging of the neck after blunt trauma."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def canadian_c_spine(
    alert_stable: bool,
    age: float,
    dangerous_mechanism: bool,
    limb_paraesthesia: bool,
    simple_rear_end: bool,
    sitting_in_department: bool,
    walked_since: bool,
    delayed_neck_pain: bool,
    midline_tenderness: bool,
    rotates_neck: bool,
) -> Outcome:
    """Positive on any reason for imaging."""
    items = points(
        ("Age 65 or older", age >= 65, 1),
        ("Dangerous mechanism", dangerous_mechanism, 1),
        ("Paraesthesia in the limbs", limb_paraesthesia, 1),
        (
            "No low-risk factor that allows testing movement",
            not (
                simple_rear_end or sitting_in_department or walked_since or delayed_neck_pain or not midline_tenderness
            ),
            1,
        ),
        ("Cannot turn the neck 45 degrees to both sides", not rotates_neck, 1),
    )
    if items.value:
        return Outcome("positive", items.terms)
    if not alert_stable:
        return Outcome(None, items.terms, ("The rule holds for alert and stable patients only",))
    return Outcome("negative", items.terms)


CALCULATOR = Calculator(
    name="canadian_c_spine",
    title="Canadian C-spine rule",
    synonyms=("CCR", "Canadian cervical spine rule", "c-spine rule"),
    purpose=("Decides whether an alert, stable adult with blunt trauma can have the neck cleared without imaging."),
    specialty="emergency medicine",
    inputs=(
        boolean("alert_stable", "Alert and stable", ask="Coma scale 15 and stable vital signs after blunt trauma?"),
        AGE.but(cuts=(65.0,), plausible=(16, 110)),
        boolean(
            "dangerous_mechanism",
            "Dangerous mechanism",
            ask=(
                "Fall of 1 m or 5 stairs, axial load, fast crash, rollover, ejection, motorised recreational "
                "vehicle or bicycle crash?"
            ),
        ),
        boolean("limb_paraesthesia", "Paraesthesia in the limbs", ask="Numbness or tingling in the arms or legs?"),
        boolean(
            "simple_rear_end",
            "Simple rear-end collision",
            ask="A simple rear-end collision (not pushed into traffic, rolled over, or hit by bus, truck or fast car)?",
        ),
        boolean("sitting_in_department", "Sitting in the department", ask="Sitting up in the emergency department?"),
        boolean("walked_since", "Walked since the injury", ask="Walked at any time since the injury?"),
        boolean("delayed_neck_pain", "Delayed onset of neck pain", ask="Did the neck pain begin later, not at once?"),
        boolean("midline_tenderness", "Midline cervical tenderness", ask="Tenderness over the midline of the neck?"),
        boolean(
            "rotates_neck", "Rotates the neck 45 degrees", ask="Can the patient turn the neck 45 degrees to both sides?"
        ),
    ),
    population=Population("people of 16 or older after blunt trauma", at_least={"age": 16}),
    example_inputs={
        "alert_stable": True,
        "age": {"value": 40, "unit": "a"},
        "rotates_neck": True,
        "walked_since": True,
    },
    result=Result(
        "Canadian C-spine rule",
        source="https://emedicine.medscape.com/article/2172522-print",
        codes=(
            Code("negative", "negative", "imaging of the neck is not indicated by the rule"),
            Code("positive", "positive", "imaging of the neck is indicated by the rule"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            (
                "Stiell IG, et al. The Canadian C-spine rule versus the NEXUS low-risk criteria in patients with "
                "trauma. N Engl J Med 2003;349:2510-2518."
            ),
            "validation",
            url="https://emedicine.medscape.com/article/2172522-print",
            verified=Verified(
                "https://emedicine.medscape.com/article/2172522-print",
                "2026-11-22",
                "Medscape; FPnotebook and GPnotebook for 65 or older and the mechanisms; Medical Algorithms Company "
                "for which rear-end collisions are not simple",
                (
                    "three high-risk factors, five low-risk factors of which one is needed, and turning the neck 45 "
                    "degrees"
                ),
            ),
        ),
    ),
    compute=canadian_c_spine,
)
