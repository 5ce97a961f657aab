"""New Ballard Score: maturity of a newborn and the gestational age it stands for."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

NEWBORN_POSTURE = {
    "0": "as in the drawing for 0",
    "1": "as in the drawing for 1",
    "2": "as in the drawing for 2",
    "3": "as in the drawing for 3",
    "4": "as in the drawing for 4",
}
SQUARE_WINDOW = {
    "-1": "over 90 degrees",
    "0": "90 degrees",
    "1": "60 degrees",
    "2": "45 degrees",
    "3": "30 degrees",
    "4": "0 degrees",
}
ARM_RECOIL = {
    "0": "as in the drawing for 0",
    "1": "as in the drawing for 1",
    "2": "as in the drawing for 2",
    "3": "as in the drawing for 3",
    "4": "as in the drawing for 4",
}
POPLITEAL_ANGLE = {
    "-1": "as in the drawing for -1",
    "0": "as in the drawing for 0",
    "1": "as in the drawing for 1",
    "2": "as in the drawing for 2",
    "3": "as in the drawing for 3",
    "4": "as in the drawing for 4",
    "5": "as in the drawing for 5",
}
SCARF_SIGN = {
    "-1": "as in the drawing for -1",
    "0": "as in the drawing for 0",
    "1": "as in the drawing for 1",
    "2": "as in the drawing for 2",
    "3": "as in the drawing for 3",
    "4": "as in the drawing for 4",
}
HEEL_TO_EAR = {
    "-1": "as in the drawing for -1",
    "0": "as in the drawing for 0",
    "1": "as in the drawing for 1",
    "2": "as in the drawing for 2",
    "3": "as in the drawing for 3",
    "4": "as in the drawing for 4",
}
NEWBORN_SKIN = {
    "-1": "sticky, friable, transparent",
    "0": "gelatinous, red, translucent",
    "1": "smooth, pink, visible veins",
    "2": "superficial peeling or rash, few veins",
    "3": "cracking, pale areas, rare veins",
    "4": "parchment, deep cracking, no vessels",
    "5": "leathery, cracked, wrinkled",
}
LANUGO = {
    "-1": "none",
    "0": "sparse",
    "1": "abundant",
    "2": "thinning",
    "3": "bald areas",
    "4": "mostly bald",
}
PLANTAR_CREASES = {
    "-2": "heel to toe under 40 mm",
    "-1": "heel to toe 40 to 50 mm",
    "0": "over 50 mm, no crease",
    "1": "faint red marks",
    "2": "anterior transverse crease only",
    "3": "creases over the anterior two thirds",
    "4": "creases over the entire sole",
}
BREAST_BUD = {
    "-1": "imperceptible",
    "0": "barely perceptible",
    "1": "flat areola, no bud",
    "2": "stippled areola, bud 1 to 2 mm",
    "3": "raised areola, bud 3 to 4 mm",
    "4": "full areola, bud 5 to 10 mm",
}
EYE_EAR = {
    "-2": "lids fused tightly",
    "-1": "lids fused loosely",
    "0": "lids open, pinna flat, stays folded",
    "1": "pinna slightly curved, slow recoil",
    "2": "pinna well curved, soft, ready recoil",
    "3": "pinna formed, firm, instant recoil",
    "4": "thick cartilage, stiff",
}
NEWBORN_GENITALS = {
    "-1": "scrotum flat, smooth; or clitoris prominent, labia flat",
    "0": "scrotum empty, faint rugae; or small labia minora",
    "1": "testes in the upper canal; or enlarging minora",
    "2": "testes descending; or majora and minora equal",
    "3": "testes down, good rugae; or majora large",
    "4": "testes pendulous, deep rugae; or majora cover",
}


def ballard(
    newborn_posture: str,
    square_window: str,
    arm_recoil: str,
    popliteal_angle: str,
    scarf_sign: str,
    heel_to_ear: str,
    newborn_skin: str,
    lanugo: str,
    plantar_creases: str,
    breast_bud: str,
    eye_ear: str,
    newborn_genitals: str,
) -> Outcome:
    """-10 to 50 points and more below; the weeks are a term."""
    total = points(
        ("Posture", True, float(newborn_posture)),
        ("Square window of the wrist", True, float(square_window)),
        ("Arm recoil", True, float(arm_recoil)),
        ("Popliteal angle", True, float(popliteal_angle)),
        ("Scarf sign", True, float(scarf_sign)),
        ("Heel to ear", True, float(heel_to_ear)),
        ("Skin", True, float(newborn_skin)),
        ("Lanugo", True, float(lanugo)),
        ("Sole of the foot", True, float(plantar_creases)),
        ("Breast", True, float(breast_bud)),
        ("Eye and ear", True, float(eye_ear)),
        ("Genitals", True, float(newborn_genitals)),
    )
    assert isinstance(total.value, float)
    weeks = math.floor(24.0 + 0.4 * total.value + 1e-9)
    return Outcome(total.value, (*total.terms, Term("Gestational age by maturity", float(weeks), "wk")))


CALCULATOR = Calculator(
    name="ballard",
    title="New Ballard Score",
    synonyms=("Ballard score", "New Ballard", "Ballard maturational assessment", "NBS"),
    purpose=(
        "Estimates gestational age of a newborn after birth from six neuromuscular and six physical signs of maturity."
    ),
    specialty="neonatology",
    inputs=(
        choice("newborn_posture", "Posture", NEWBORN_POSTURE, ask="Posture: which drawing?", max_age_days=4),
        choice(
            "square_window",
            "Square window of the wrist",
            SQUARE_WINDOW,
            ask="Angle between palm and forearm?",
            max_age_days=4,
        ),
        choice("arm_recoil", "Arm recoil", ARM_RECOIL, ask="Arm recoil: which drawing?", max_age_days=4),
        choice(
            "popliteal_angle", "Popliteal angle", POPLITEAL_ANGLE, ask="Popliteal angle: which drawing?", max_age_days=4
        ),
        choice("scarf_sign", "Scarf sign", SCARF_SIGN, ask="Scarf sign: which drawing?", max_age_days=4),
        choice("heel_to_ear", "Heel to ear", HEEL_TO_EAR, ask="Heel to ear: which drawing?", max_age_days=4),
        choice("newborn_skin", "Skin", NEWBORN_SKIN, ask="Skin?", max_age_days=4),
        choice("lanugo", "Lanugo", LANUGO, ask="Lanugo?", max_age_days=4),
        choice("plantar_creases", "Sole of the foot", PLANTAR_CREASES, ask="Sole of the foot?", max_age_days=4),
        choice("breast_bud", "Breast", BREAST_BUD, ask="Breast?", max_age_days=4),
        choice("eye_ear", "Eye and ear", EYE_EAR, ask="Eyelids and ear?", max_age_days=4),
        choice("newborn_genitals", "Genitals", NEWBORN_GENITALS, ask="Genitals?", max_age_days=4),
    ),
    notes=("Weeks are completed weeks, rounded down, within about two weeks",),
    result=Result("New Ballard Score", noun="points"),
    references=(
        Reference(
            (
                "Ballard JL, et al. New Ballard Score, expanded to include extremely premature infants. J Pediatr"
                " 1991;119:417-423."
            ),
            "derivation",
            doi="10.1016/s0022-3476(05)82056-6",
            pmid="1880657",
            verified=Verified(
                "http://ballardscore.com/Pages/FAQs/FAQ1-ScoreCalculation.aspx",
                "2026-11-22",
                "ballardscore.com, the author's site; her sheet on studylib.net for signs and rating",
                (
                    "10 points below 0 are 20 weeks and 50 are 44, two weeks every five points, in completed weeks "
                    "rounded down"
                ),
            ),
        ),
    ),
    compute=ballard,
)
