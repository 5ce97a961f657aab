"""Bishop score of the cervix."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified

DILATION = {"0": "closed", "1": "1 to 2 cm", "2": "3 to 4 cm", "3": "5 cm or more"}
EFFACEMENT = {"0": "0 to 30%", "1": "40 to 50%", "2": "60 to 70%", "3": "80% or more"}
STATION = {"0": "-3", "1": "-2", "2": "-1 or 0", "3": "+1 or +2"}
CONSISTENCY = {"0": "firm", "1": "medium", "2": "soft"}
POSITION = {"0": "posterior", "1": "mid", "2": "anterior"}


def bishop(dilation: str, effacement: str, station: str, consistency: str, cervical_position: str) -> Outcome:
    """0 to 13 points."""
    return total(
        {
            "Dilation": dilation,
            "Effacement": effacement,
            "Station": station,
            "Consistency": consistency,
            "Position": cervical_position,
        }
    )


CALCULATOR = Calculator(
    name="bishop",
    title="Bishop score",
    synonyms=("Bishop", "cervical ripeness"),
    purpose="Scores how ripe the cervix is before induction of labour.",
    specialty="obstetrics",
    inputs=(
        choice("dilation", "Dilation", DILATION),
        choice("effacement", "Effacement", EFFACEMENT),
        choice("station", "Station of the head", STATION),
        choice("consistency", "Consistency", CONSISTENCY),
        choice("cervical_position", "Position of the cervix", POSITION),
    ),
    result=Result(
        "Bishop score",
        noun="points",
        source="http://faculty.washington.edu/momus/PB/bishopsc.htm",
        bands=(Band("8 or less"), Band("above 8: induction likely to succeed", above=8)),
    ),
    references=(
        Reference(
            "University of Washington, obstetrics: Bishop score; after Bishop EH. Pelvic scoring for "
            "elective induction. Obstet Gynecol 1964;24:266-268.",
            "bands",
            url="http://faculty.washington.edu/momus/PB/bishopsc.htm",
            verified=Verified(
                "http://faculty.washington.edu/momus/PB/bishopsc.htm",
                "2026-11-22",
                "University of Washington",
                "the five items with their points; above 8 a good chance of vaginal delivery",
            ),
        ),
    ),
    compute=bishop,
)
