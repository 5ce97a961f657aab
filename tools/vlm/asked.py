"""What a question is about, as far as its words say: parts of the body, a kind of image."""

from __future__ import annotations

import re

_PARTS: dict[tuple[str, ...], str] = {
    # The regions of `tools.imaging.what` in whose images something can be seen, and its words. Only words with one
    # meaning: effusion, ventricle, shaft and the like belong to more than one part.
    ("chest", "heart"): (
        r"chest|thora(?:x|cic)|lungs?|pulmonary|pleura[el]?|pneumothora(?:x|ces)|hil(?:um|ar)|mediastin\w+|pneumonia"
        r"|heart|cardi(?:ac|omegaly|othoracic)|costophrenic|ha?emothorax|ribs?|bronch\w+"
    ),
    ("abdomen",): (
        r"abdom(?:en|inal)|liver|hepat(?:ic|omegaly)|spleen|splenomegaly|splenic|kidneys?|renal|bowel|gallbladder"
        r"|pancrea[st]\w*|stomach|gastric|colon|ca?ecum|appendi[xc]\w*|bile ducts?|biliary|ascites"
    ),
    ("head",): r"brain|intracranial|skull|cerebr\w+|subdural|subarachnoid|hydrocephalus|basal ganglia|sinus(?:es|itis)",
    ("neck", "chest", "abdomen", "pelvis"): r"spine|spinal|vertebra[el]?s?|intervertebral|lumbar|scoliosis|kyphosis",
    ("neck", "chest"): r"neck|thyroid|larynx|trachea[l]?",
    ("pelvis", "abdomen"): r"pelvi[sc]|hips?|acetabul\w+|sacr(?:um|oiliac)|bladder|prostate|uterus|ovar(?:y|ies|ian)",
    ("arm",): (
        r"hands?|fingers?|thumbs?|metacarp\w+|carp(?:al|us)|scaphoid|wrists?|elbows?|olecranon|forearms?|radius|ulna"
    ),
    ("arm", "chest"): r"shoulders?|glenohumeral|rotator cuff|acromi\w+|clavicles?|humer(?:us|al)",
    ("leg",): (
        r"foot|feet|toes?|metatars\w+|calcane\w+|ankles?|talus|knees?|patella[er]?|menisc\w+|tibia[l]?|fibula[r]?"
    ),
    ("leg", "pelvis"): r"femur|femoral",
    ("breast", "chest"): r"breasts?",
    ("eye",): r"retina[l]?|fundus|optic disc|macula[r]?",
}
_KINDS: dict[str, str] = {
    "XR": r"x[- ]?rays?|radiographs?|cxr",
    "CT": r"ct|computed tomogra\w+",
    "MR": r"mri?|magnetic resonance",
    "US": r"ultrasound|sonogra\w+|echocardiogra\w+",
    "MG": r"mammogra\w+",
}


def regions_named(text: str) -> list[str]:
    """The regions whose images can show what a text names; none where it names no part of the body."""
    found = [regions for regions, words in _PARTS.items() if _says(text, words)]
    return list(dict.fromkeys(region for regions in found for region in regions))


def kinds_named(text: str) -> list[str]:
    """The kinds of image that a text names: DICOM's codes, and XR for films."""
    return [kind for kind, words in _KINDS.items() if _says(text, words)]


def _says(text: str, words: str) -> bool:
    return re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) is not None
