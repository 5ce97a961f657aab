"""Where the criteria of RECIST 1.1 were read."""

from __future__ import annotations

from tools.calculators.reference import Reference, Verified

TABLE = "https://pmc.ncbi.nlm.nih.gov/articles/PMC5648544/table/T2"
_READ = "2026-11-23"

GUIDELINE = Reference(
    "Eisenhauer EA, et al. New response evaluation criteria in solid tumours: revised RECIST guideline (version 1.1). "
    "Eur J Cancer 2009;45:228-247 (sections 3.1, 4.2 to 4.4, 4.6; tables 1 to 3).",
    "definition",
    doi="10.1016/j.ejca.2008.10.026",
    verified=Verified(
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3980664/table/T2",
        _READ,
        "PubMed Central, a review's table 2 of the criteria",
        "measurable lesions and nodes, at most 2 an organ and 5 in all, CR, PR of 30 %, PD of 20 % over the nadir, "
        "non-target response",
    ),
)
RADIOLOGISTS = Reference(
    "van Persijn van Meerten EL, Gelderblom H, Bloem JL. RECIST revised: implications for the radiologist. Eur Radiol "
    "2010;20:1456-1467.",
    "definition",
    doi="10.1007/s00330-009-1685-y",
    verified=Verified(
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC2872013",
        _READ,
        "European Radiology, in PubMed Central (abstract)",
        "10 mm, nodes 15, 10 to 15 and below 10 mm in short axis; five targets, two an organ; PD of at least 20 % from "
        "the nadir and 5 mm in absolute terms",
    ),
)
CLARIFICATIONS = Reference(
    "EORTC. RECIST 1.1 questions and clarifications.",
    "definition",
    url="https://www.eortc.be/Recist/questions_clarifications.html",
    verified=Verified(
        "https://www.eortc.be/Recist/questions_clarifications.html",
        _READ,
        "EORTC, RECIST working group",
        "SD against baseline for PR and against the smallest sum for PD; a lesion that cannot be measured counts as "
        "5 mm, one that can keeps its value; nodes are one organ",
    ),
)
MISSING = Reference(
    "EORTC. RECIST, frequently asked questions: surgery, radiotherapy and RECIST.",
    "definition",
    url="https://recist.eortc.org/faq/surgeryradiotherapy-and-recist/",
    verified=Verified(
        "http://recist.eortc.org/faq/surgeryradiotherapy-and-recist/",
        _READ,
        "EORTC, RECIST working group",
        "not evaluable where only some lesions were measured, unless the missing ones would not change the response",
    ),
)
REAPPEARANCE = Reference(
    "EORTC. RECIST, frequently asked questions: does a new lesion always result in PD?",
    "definition",
    url="https://recist.eortc.org/faq/does-a-new-lesion-always-result-in-pd/",
    verified=Verified(
        "http://recist.eortc.org/faq/does-a-new-lesion-always-result-in-pd/",
        _READ,
        "EORTC, RECIST working group",
        "a lesion that is back is progression by the sum's limits, or where a complete response had been assigned",
    ),
)
NOT_EVALUATED = Reference(
    "Eisenhauer 2009, table 1: the row of gone targets with non-target lesions that were not evaluated (PR).",
    "definition",
    doi="10.1016/j.ejca.2008.10.026",
    unverified="the row could not be read at a publisher, a society or PubMed Central",
)
TIME_POINTS = Reference(
    "Seymour L, et al. iRECIST: guidelines for response criteria for use in trials testing immunotherapeutics. Lancet "
    "Oncol 2017;18:e143-e152 (table 2).",
    "definition",
    url=TABLE,
    verified=Verified(
        TABLE,
        _READ,
        "Lancet Oncology, in PubMed Central",
        "CR with other disease left is PR; PR and SD stay so without progression or new lesions; the same table as "
        "RECIST 1.1 but for what follows a progression",
    ),
)
CONFIRMATION = Reference(
    "RECIST 1.1: what has changed (review of the revised criteria).",
    "definition",
    url="https://pmc.ncbi.nlm.nih.gov/articles/PMC3460554",
    verified=Verified(
        "https://pmc.ncbi.nlm.nih.gov/articles/PMC3460554",
        _READ,
        "PubMed Central",
        "confirmation of CR and PR only in trials without randomisation whose primary endpoint is response; an "
        "equivocal new lesion needs repeat scans; nodes below 10 mm for CR",
    ),
)
ALL = (GUIDELINE, RADIOLOGISTS, CLARIFICATIONS, MISSING, REAPPEARANCE, TIME_POINTS, NOT_EVALUATED, CONFIRMATION)
