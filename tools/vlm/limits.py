"""What a model's words about an image must not carry: a measurement, a normal finding, the exclusion of a disease.

The words are looked at as they stand. Where it is not certain that they are harmless they count as overstepping: an
opinion that is held back wrongly costs a look at the image, one that is let through wrongly may cost more.
"""

from __future__ import annotations

import re

MEASUREMENT = "a measurement"
NORMAL = "a normal finding"
EXCLUSION = "an exclusion"

_UNIT = r"(?:mm|cm|m|µm|um|ml|mL|cc|l|L|HU|%|°|deg(?:rees?)?|mm2|cm2|mm²|cm²|cm3|cm³|kg|g|mmhg|years?|weeks?|percent)"
_COUNTED = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|half an?|a few"
)
_MEASURED = re.compile(
    rf"\d\s*(?:-|to|x|×|by)?\s*{_UNIT}(?![A-Za-z])"
    r"|\d\s*[x×]\s*\d|\d[.,]\d|\b0?\.\d"
    r"|\b(?:ratio|index|score|fraction|angle|volume|diameter|length|width|thickness|area|size)\b[^.;]{0,30}\d"
    rf"|\b(?:{_COUNTED})\s+(?:milli|centi)?met(?:er|re)s?\b|\b(?:{_COUNTED})\s+(?:mm|cm|per ?cent|degrees?)\b"
    r"|\d\s*(?:milli|centi)met(?:er|re)s?\b",
    re.IGNORECASE,
)
_NORMAL = re.compile(
    r"\b(?:normal(?:ly)?|unremarkable|within (?:normal )?limits|healthy|intact|preserved|unchanged|stable|clear|patent"
    r"|benign|physiological|nothing (?:abnormal|to see|acute|of note)|well[- ]aerated|symmetrical|regular)\b",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(
    r"\b(?:no|none|nil|not|never|neither|nor|without|absent|absence|negative|exclu(?:de[sd]?|ding|sion)|free of"
    r"|lacks?|lacking|rul(?:ed?|es|ing)[- ]out|unlikely|resolved|cannot"
    r"|(?:is|are|was|were|does|do|has|have|can)n['’]?t)\b",
    re.IGNORECASE,
)


def oversteps(text: str) -> list[str]:
    """What of the three the words carry, if any."""
    rules = ((MEASUREMENT, _MEASURED), (NORMAL, _NORMAL), (EXCLUSION, _EXCLUDED))
    return [name for name, pattern in rules if pattern.search(text)]
