"""Fleischner Society 2017: follow-up of lung nodules found by chance on CT."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Code, Outcome, Population, Result, Term
from tools.calculators.common import AGE, boolean, choice, quantity
from tools.calculators.reference import Reference, Verified

TYPES = {"solid": "solid", "part_solid": "part-solid", "ground_glass": "pure ground glass"}
RISKS = {
    "low": "low: little or no smoking, and none of the other risk factors",
    "high": "high: smoking, other carcinogens, relatives with lung cancer, upper lobe, spicules, emphysema or fibrosis",
}
MASS_ABOVE = 30.0
MASS = "Above 30 mm it is a mass, not a nodule: these intervals were not made for it"
MOST_SUSPICIOUS = (
    "The most suspicious nodule guides what is done: by itself, a solid one above 8 mm would be worked up now"
)
_PUBLISHED = "https://www.wjgnet.com/1949-8470/tables/v9/i7/304.htm"
_READ = "2026-11-23"


def fleischner_2017(
    nodule_type: str,
    multiple: bool,
    mean_diameter: float,
    solid_part: float,
    risk: str,
    age: float,
    known_cancer: bool,
    immunosuppression: bool,
    screening: bool,
) -> Outcome:
    """The row of the table. Diameters in mm, means of long and short axis, taken to the nearest whole millimetre."""
    # Half up, as a ruler is read; 5.5 is 6 and 8.5 is 9.
    size = math.floor(mean_diameter + 0.5)
    terms = [Term("Nodule", f"{'several' if multiple else 'single'}, {TYPES[nodule_type]}")]
    terms.append(Term("Size to the nearest millimetre", float(size), "mm"))
    told = [MASS] if mean_diameter > MASS_ABOVE else []
    if multiple and nodule_type == "solid" and size > 8:
        told.append(MOST_SUSPICIOUS)
    if nodule_type == "solid":
        terms.append(Term("Risk", RISKS[risk].split(":")[0]))
        return Outcome(_solid(multiple, size, risk), tuple(terms), tuple(told))
    if multiple:
        return Outcome("subsolid_multiple_small" if size < 6 else "subsolid_multiple", tuple(terms), tuple(told))
    if size < 6:
        return Outcome("none", tuple(terms))
    if nodule_type == "ground_glass":
        return Outcome("ground_glass", tuple(terms), tuple(told))
    if solid_part > mean_diameter:
        return Outcome(None, tuple(terms), ("The solid part cannot be larger than the nodule: measure both again",))
    solid = math.floor(solid_part + 0.5)
    terms.append(Term("Solid part to the nearest millimetre", float(solid), "mm"))
    return Outcome("part_solid" if solid < 6 else "part_solid_large", tuple(terms), tuple(told))


def _solid(multiple: bool, size: int, risk: str) -> str:
    if size < 6:
        return "none" if risk == "low" else "optional_12"
    if multiple:
        return "multiple_low" if risk == "low" else "multiple_high"
    if size > 8:
        return "work_up"
    return "single_low" if risk == "low" else "single_high"


CALCULATOR = Calculator(
    name="fleischner_2017",
    title="Fleischner 2017: lung nodule found by chance",
    synonyms=("Fleischner", "Fleischner criteria", "pulmonary nodule follow-up", "incidental lung nodule"),
    purpose="Finds the follow-up interval of the Fleischner Society 2017 for lung nodules found by chance on CT, from "
    "kind, number, size and the risk of cancer.",
    specialty="radiology",
    inputs=(
        choice("nodule_type", "Kind of nodule", TYPES, ask="Is the nodule solid, part-solid or pure ground glass?"),
        boolean(
            "multiple", "More than one nodule", ask="Is there more than one nodule? Then the most suspicious counts"
        ),
        quantity(
            "mean_diameter",
            "Mean diameter of the nodule",
            "mm",
            plausible=(2, 30),
            possible=(0.5, 60),
            cuts=(5.5, 8.5),
            ask="The mean of the nodule's long and short axis, in the same slice?",
            example={"value": 7, "unit": "mm"},
        ),
        quantity(
            "solid_part",
            "Mean diameter of the solid part",
            "mm",
            plausible=(0, 30),
            possible=(0, 60),
            cuts=(5.5,),
            ask="For a part-solid nodule: the mean diameter of its solid part?",
            example={"value": 3, "unit": "mm"},
        ),
        choice("risk", "Risk of lung cancer", RISKS, ask="Is the risk of lung cancer low or high?"),
        AGE.but(plausible=(35, 110), cuts=(35.0,), monotone=False),
        boolean("known_cancer", "Known cancer", ask="Is any cancer known, now or earlier?"),
        boolean("immunosuppression", "Immunosuppression", ask="Is the patient immunosuppressed?"),
        boolean("screening", "Lung cancer screening", ask="Is this a scan of a lung cancer screening programme?"),
    ),
    population=Population(
        "nodules found by chance on CT at 35 years or older, without known cancer or immunosuppression, outside lung "
        "cancer screening (there Lung-RADS applies)",
        at_least={"age": 35},
        equal={"known_cancer": False, "immunosuppression": False, "screening": False},
    ),
    notes=(
        "Nodules without calcium; earlier scans come first: growth, or having been there unchanged, counts for more",
        "Intervals of the Fleischner Society for complete thin-section CT; they leave room for judgement",
    ),
    result=Result(
        "Fleischner 2017",
        source=_PUBLISHED,
        codes=(
            Code("none", "no routine follow-up", "below 6 mm: no routine follow-up"),
            Code(
                "optional_12",
                "CT at 12 months optional",
                "solid, below 6 mm, high risk: one CT at 12 months is optional",
            ),
            Code(
                "single_low",
                "CT at 6 to 12 months, then perhaps at 18 to 24 months",
                "single solid, 6 to 8 mm, low risk: CT at 6 to 12 months, a second at 18 to 24 months is optional",
            ),
            Code(
                "single_high",
                "CT at 6 to 12 months, then at 18 to 24 months",
                "single solid, 6 to 8 mm, high risk: CT at 6 to 12 months, then at 18 to 24 months",
            ),
            Code(
                "work_up",
                "CT at 3 months, PET/CT or tissue sampling",
                "single solid, above 8 mm: the options are CT at 3 months, PET/CT and tissue sampling",
            ),
            Code(
                "multiple_low",
                "CT at 3 to 6 months, then perhaps at 18 to 24 months",
                "several solid, 6 mm or more, low risk: CT at 3 to 6 months, a second at 18 to 24 months is optional",
            ),
            Code(
                "multiple_high",
                "CT at 3 to 6 months, then at 18 to 24 months",
                "several solid, 6 mm or more, high risk: CT at 3 to 6 months, then at 18 to 24 months",
            ),
            Code(
                "ground_glass",
                "CT at 6 to 12 months, then every 2 years until 5 years",
                "single ground glass, 6 mm or more: CT at 6 to 12 months; if still there, every 2 years until 5 years",
            ),
            Code(
                "part_solid",
                "CT at 3 to 6 months, then yearly for 5 years",
                "single part-solid, 6 mm or more, solid part below 6 mm: CT at 3 to 6 months; if unchanged, yearly for "
                "5 years",
            ),
            Code(
                "part_solid_large",
                "CT at 3 to 6 months; highly suspicious if it persists",
                "single part-solid with a solid part of 6 mm or more: CT at 3 to 6 months; if it is still there it is "
                "highly suspicious",
            ),
            Code(
                "subsolid_multiple_small",
                "CT at 3 to 6 months, then perhaps at 2 and 4 years",
                "several subsolid, below 6 mm: CT at 3 to 6 months; if stable, CT at 2 and 4 years is optional",
            ),
            Code(
                "subsolid_multiple",
                "CT at 3 to 6 months, then by the most suspicious nodule",
                "several subsolid, one of 6 mm or more: CT at 3 to 6 months, then by the most suspicious nodule",
            ),
        ),
    ),
    references=(
        Reference(
            "MacMahon H, et al. Guidelines for management of incidental pulmonary nodules detected on CT images: from "
            "the Fleischner Society 2017. Radiology 2017;284:228-243 (table 1, recommendations 1 to 5).",
            "definition",
            doi="10.1148/radiol.2017161659",
            verified=Verified(
                "https://faculty.washington.edu/jeff8rob/trauma-radiology-reference-resource/4-chest/"
                "fleischner-guidelines-for-pulmonary-nodules-2017",
                _READ,
                "University of Washington, Radiology reference resource",
                "the table of solid and subsolid nodules: below 6, 6 to 8, above 8 mm; part-solid nodules with a solid "
                "part of 6 mm or more highly suspicious if they persist",
            ),
        ),
        Reference(
            "Incidental pulmonary nodules (tables 1 to 4: the Fleischner Society's recommendations of 2017). World J "
            "Radiol 2017;9:304-311.",
            "definition",
            url=_PUBLISHED,
            verified=Verified(
                "https://wjgnet.com/1949-8470/tables/v9/i7/304.htm",
                _READ,
                "World Journal of Radiology, tables 1 to 4",
                "every row of the table with its intervals, low and high risk apart",
            ),
        ),
        Reference(
            "Callister MEJ, et al. British Thoracic Society guidelines for the investigation and management of "
            "pulmonary nodules. Thorax 2015;70(Suppl 2):ii1-ii54 (table 1).",
            "definition",
            doi="10.1136/thoraxjnl-2015-207168",
            verified=Verified(
                "https://thorax.bmj.com/highwire/markup/170189/expansion",
                _READ,
                "Thorax, table 1 of the guideline",
                "a nodule, solid, part-solid or ground glass, has at most 3 cm in diameter",
            ),
        ),
        Reference(
            "Radiopaedia. Fleischner Society pulmonary nodule recommendations (2017).",
            "definition",
            url="https://radiopaedia.org/articles/fleischner-society-pulmonary-nodule-recommendations-1",
            verified=Verified(
                "https://www.radiopaedia.org/articles/fleischner-society-pulmonary-nodule-recommendations-1",
                _READ,
                "Radiopaedia",
                "not for screening, below 35 years, with a history of cancer or immunosuppression; the same intervals; "
                "low and high risk",
            ),
        ),
        Reference(
            "Bankier AA, et al. Recommendations for measuring pulmonary nodules at CT: a statement from the Fleischner "
            "Society. Radiology 2017;285:584-600 (mean of the two axes, whole millimetres).",
            "definition",
            doi="10.1148/radiol.2017162894",
            unverified="only its abstract could be read: it says that size is measured by given directions, not which",
        ),
    ),
    compute=fleischner_2017,
)
