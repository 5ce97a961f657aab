"""Dates of a pregnancy from the last menstrual period: inputs and sources."""

from __future__ import annotations

from tools.calculators.common import quantity
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

LMP = Input(
    "last_menstrual_period",
    "date",
    "First day of the last menstrual period",
    example="2026-01-10",
    past=True,
    ask="First day of the last normal menstrual period?",
)
CYCLE_LENGTH = quantity(
    "cycle_length",
    "Length of the menstrual cycle",
    "d",
    plausible=(21, 40),
    possible=(15, 60),
    monotone=True,
    ask="How many days from one period to the next, when regular?",
    example={"value": 28, "unit": "d"},
)
RULE = Reference(
    "American College of Obstetricians and Gynecologists. Committee Opinion 700: methods for "
    "estimating the due date. "
    "Obstet Gynecol 2017;129:e150-e154.",
    "definition",
    doi="10.1097/AOG.0000000000002046",
    verified=Verified(
        "https://www.fisher-price.com/en_AU/playtime/parenting/articlesandadvice/articledetail.html?article=tcm:175-18008-16",
        "2026-11-22",
        "Laura E. Stachel, obstetrician and gynaecologist; of the opinion itself the abstract was read",
        "280 days from the first day of the last menstrual period where cycles are regular; most "
        "births fall within two "
        "weeks of it; an accurate early ultrasound comes before the date of the period",
    ),
)
CONCEPTION = Reference(
    "Now Baby: how is the estimated due date calculated?",
    "definition",
    url="https://www.nowbaby.co.uk/questions-and-answers-pregnancy-birth-baby/question/how-is-the-estimated-due-date-calculated/",
    verified=Verified(
        "https://www.nowbaby.co.uk/questions-and-answers-pregnancy-birth-baby/question/how-is-the-estimated-due-date-calculated/",
        "2026-11-22",
        "Now Baby, United Kingdom",
        "ovulation about 14 days into a cycle of 28 days; 38 weeks from conception to birth",
    ),
)
