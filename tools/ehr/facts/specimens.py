"""What a result was measured in: the material its specimen, its code or its name states.

Results of different materials are never taken together (safety rule 7): a capillary glucose is not a venous one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from knowledge.coding import Coding
from knowledge.terminology import Concept
from tools.ehr.compartment import walk
from tools.ehr.elements import words
from tools.ehr.fhirjson import Resource

# Materials in the order in which they are looked for: "arterial blood" is arterial before it is blood.
_WORDS: tuple[tuple[str, str], ...] = (
    ("urine", r"urine|urinary"),
    ("cerebrospinal fluid", r"cerebro-?\s?spinal(?: fluid)?|csf"),
    ("pleural fluid", r"pleural"),
    ("peritoneal fluid", r"peritoneal|ascit(?:es|ic)"),
    ("synovial fluid", r"synovial|joint fluid"),
    ("pericardial fluid", r"pericardial fluid"),
    ("amniotic fluid", r"amniotic"),
    ("body fluid", r"(?:other )?body fluid|fluid specimen"),
    ("stool", r"stool|faec(?:es|al)|fec(?:es|al)"),
    ("saliva", r"saliva"),
    ("sweat", r"sweat"),
    ("sputum", r"sputum"),
    ("cord blood", r"cord blood|umbilical"),
    ("dialysis fluid", r"dialysis fluid|dialysate"),
    ("mixed venous blood", r"mixed venous"),
    ("capillary blood", r"capillary|fingerstick|finger stick|glucometer"),
    ("arterial blood", r"arterial(?! pressure| line| blood pressure)|abg"),
    ("venous blood", r"(?<!central )venous(?! pressure)|vbg"),
    ("serum or plasma", r"serum|plasma|ser/plas"),
    ("blood", r"whole blood|in blood|of blood|blood specimen|blood sample"),
)
_PATTERNS = tuple((name, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for name, pattern in _WORDS)
# LOINC's system axis of codes that come without their long name (LOINC long common names of these codes).
_CODES: dict[str, str] = {
    **dict.fromkeys(
        ("17861-6", "2000-8", "3094-0", "22664-7", "1751-7", "2885-2", "2075-0", "2777-1"), "serum or plasma"
    ),
    **dict.fromkeys(("3084-1", "1975-2", "2532-0", "19123-9", "2601-3"), "serum or plasma"),
    **dict.fromkeys(("718-7", "49765-1", "6690-2", "26464-8", "777-3", "789-8"), "blood"),
    **dict.fromkeys(("2345-7", "14749-6", "2823-3", "2951-2", "2160-0", "14682-9", "2524-7"), "serum or plasma"),
    **dict.fromkeys(("2339-0", "15074-8", "6298-4", "2947-0", "38483-4", "59826-8", "32693-4"), "blood"),
    **dict.fromkeys(("41653-7", "32016-8", "14743-9"), "capillary blood"),
    **dict.fromkeys(("2744-1", "2703-7", "2019-8", "2518-9", "2708-6"), "arterial blood"),
    **dict.fromkeys(("2746-6", "2705-2", "2021-4", "2519-7"), "venous blood"),
    **dict.fromkeys(("5792-7", "2350-7", "2161-8", "2888-6", "9318-7"), "urine"),
}
# Materials that are all blood: a single result of one may stand for the person's blood, a series may not mix them.
BLOOD = frozenset({"serum or plasma", "blood", "capillary blood", "arterial blood", "venous blood"})
# What is not the person's own circulating blood.
_FLUIDS = frozenset(name for name, _ in _WORDS if name not in BLOOD and name != "mixed venous blood")


def elsewhere(concept: Concept, codes: Iterable[Coding], found: str | None) -> str | None:
    """What a result was measured in, where that is a fluid other than the one its concept is about; else nothing.

    A concept is about blood where a code of it is; one that names a fluid itself ("urine sodium") is about that.
    """
    if found not in _FLUIDS or material(concept.name) == found:
        return None
    about = {_CODES.get(code.code) or material(code.display or "") for code in codes if code.short.startswith("loinc:")}
    return found if about & BLOOD and found not in about else None


def material(text: str) -> str | None:
    """The material that words name, if they name one."""
    return next((name for name, pattern in _PATTERNS if pattern.search(text)), None)


def material_of(element: dict[str, Any], resource: Resource, coding: Coding | None, specimen: str = "") -> str | None:
    """The material of a result, from its code's name, its code and its specimen; None where none of them states it.

    A serum result keeps its material though the blood was drawn from a vein; a specimen that is another fluid, or
    capillary blood, decides over the code.

    Args:
        element: the observation, or the component that holds the value.
        specimen: what the Specimen behind the reference is called, where it could be read.
    """
    names = [*(str(text) for text in walk(element, "code.coding.display")), words(element.get("code"))]
    coded = next((kind for text in names if (kind := material(text))), None)
    if coded is None and coding is not None and coding.short.startswith("loinc:"):
        coded = _CODES.get(coding.code)
    held = resource.get("specimen")
    drawn = material(specimen) or material(str(held.get("display") or "") if isinstance(held, dict) else "")
    if coded is None or drawn is None:
        return coded or drawn
    narrower = coded == "blood" and drawn in BLOOD
    return drawn if drawn not in BLOOD or drawn == "capillary blood" or narrower else coded
