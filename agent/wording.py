"""The sentences Osler itself says where no protocol does: look-ups, passages. Templates, like a protocol's."""

LOOKUP = "{item.concept}: {item} ({item.date})."
LOOKUP_UNDATED = "{item.concept}: {item}."
ENTRY = "{item} ({item.date})."
ENTRY_UNDATED = "{item}."
PASSAGE = "{item.source}: {item.text}"
CALCULATED = "{item.concept}: {item}."
TOLD_ALLERGY = "Allergy: {item}."
ALLERGY = "Allergy on record: {item}. What names it is not offered."
READING = "Image: {item}."
# Where several images are measured, which one a size is of.
PICTURE = {number: (f"Image {number}: {ENTRY}", f"Image {number}: {ENTRY_UNDATED}") for number in range(1, 100)}
TEMPLATES = frozenset(
    {LOOKUP, LOOKUP_UNDATED, ENTRY, ENTRY_UNDATED, PASSAGE, CALCULATED, ALLERGY, TOLD_ALLERGY}
    | {text for pair in PICTURE.values() for text in pair}
)
