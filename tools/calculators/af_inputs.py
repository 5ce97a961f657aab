"""What CHA2DS2-VASc and CHA2DS2-VA share: their inputs and the items without sex."""

from __future__ import annotations

from tools.calculators.common import AGE, boolean

AF_AGE = AGE.but(cuts=(65.0, 75.0), plausible=(18, 110))
AF_INPUTS = (
    boolean(
        "heart_failure",
        "Heart failure",
        ask="Heart failure: symptoms and signs whatever the ejection fraction, or an LVEF of 40 % or less?",
    ),
    boolean(
        "hypertension",
        "Hypertension",
        ask="Hypertension: above 140/90 mmHg at rest on two occasions, or on antihypertensive treatment?",
    ),
    boolean("diabetes", "Diabetes mellitus", ask="Diabetes mellitus, type 1 or 2, or on glucose-lowering treatment?"),
    boolean(
        "stroke_tia_te",
        "Stroke, TIA or thromboembolism",
        ask="Any previous stroke, transient ischaemic attack or arterial thromboembolism?",
    ),
    boolean(
        "vascular_disease",
        "Vascular disease",
        ask="Vascular disease: coronary disease, peripheral arterial disease, or aortic plaque?",
    ),
)


def af_items(
    age: float,
    heart_failure: bool,
    hypertension: bool,
    diabetes: bool,
    stroke_tia_te: bool,
    vascular_disease: bool,
) -> tuple[tuple[str, bool, float], ...]:
    """The items that the two scores have in common, with their points."""
    return (
        ("Heart failure", heart_failure, 1),
        ("Hypertension", hypertension, 1),
        ("Age 75 or older", age >= 75, 2),
        ("Diabetes mellitus", diabetes, 1),
        ("Stroke, TIA or thromboembolism", stroke_tia_te, 2),
        ("Vascular disease", vascular_disease, 1),
        ("Age 65 to 74", 65 <= age < 75, 1),
    )
