"""ECG signs of infarction in left bundle branch block, and their source."""

from __future__ import annotations

from tools.calculators.common import (
    boolean,
)
from tools.calculators.reference import Reference, Verified

CONCORDANT_ELEVATION = boolean(
    "concordant_st_elevation",
    "Concordant ST elevation of 1 mm",
    ask="ST elevation of 1 mm or more in a lead with a positive QRS?",
    max_age_days=1,
)
CONCORDANT_DEPRESSION = boolean(
    "concordant_st_depression",
    "Concordant ST depression of 1 mm in V1 to V3",
    ask="ST depression of 1 mm or more in V1, V2 or V3?",
    max_age_days=1,
)
SMITH = Reference(
    "Smith SW: validation of the modified Sgarbossa criteria, with the original and modified criteria. 2015.",
    "definition",
    url="http://hqmeded-ecg.blogspot.com/2015/11/validation-of-smith-modified-sgarbossa.html",
    verified=Verified(
        "http://hqmeded-ecg.blogspot.com/2015/11/validation-of-smith-modified-sgarbossa.html",
        "2026-11-22",
        "Dr Smith's ECG Blog, the author of the modification",
        "the three criteria with 5, 3 and 2 points and the limit of 3; the modified third one, of which any is enough",
    ),
)
