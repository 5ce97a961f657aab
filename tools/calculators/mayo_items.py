"""Items of the Mayo score of ulcerative colitis."""

from __future__ import annotations

from tools.calculators.common import (
    choice,
)

STOOLS = {
    "0": "the usual number",
    "1": "1 or 2 a day more than usual",
    "2": "3 or 4 a day more than usual",
    "3": "5 or more a day more than usual",
}
BLEEDING = {
    "0": "none",
    "1": "blood with stool less than half the time",
    "2": "obvious blood with stool most of the time",
    "3": "blood passed alone",
}
GLOBAL = {"0": "normal", "1": "mild disease", "2": "moderate disease", "3": "severe disease"}
MUCOSA = {
    "0": "normal or inactive disease",
    "1": "erythema, decreased vascular pattern, mild friability",
    "2": "marked erythema, no vascular pattern, friability, erosions",
    "3": "spontaneous bleeding, ulceration",
}
STOOL_FREQUENCY = choice(
    "stool_frequency_change", "Stool frequency", STOOLS, ask="How many stools a day more than usual?", max_age_days=7
)
RECTAL_BLEEDING = choice(
    "rectal_bleeding_grade", "Rectal bleeding", BLEEDING, ask="Blood with the stool?", max_age_days=7
)
PHYSICIAN = choice(
    "physician_global", "Physician's global assessment", GLOBAL, ask="How active is the colitis?", max_age_days=7
)
MUCOSAL = choice(
    "mucosal_appearance", "Mucosa at endoscopy", MUCOSA, ask="What did the mucosa look like?", max_age_days=30
)
