"""A note assembled from a patient's own record, and errors planted in it.

The note is made of what the record has (age, sex, conditions, drugs, results of the newest day, allergies) in fixed
sentences; a plant changes one of them to what the record contradicts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from knowledge.evidence import Evidence
from knowledge.units import number, unit_label

PLANTS = (
    "age",
    "sex",
    "value_tenfold",
    "value_unit",
    "dose_tenfold",
    "condition_denied",
    "no_allergies",
    "drug_denied",
    "two_weights",
)
_LABS = ("creatinine", "potassium", "haemoglobin", "sodium")


@dataclass
class Facts:
    """The sentences of a clean note, by what they state, and the facts they were made of."""

    sentences: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The note."""
        return " ".join(self.sentences.values())


async def clean_note(core: Any, patient: str) -> Facts:
    """A note that says what the record has."""
    case = await core.new_case(f"c-plant-{patient}", patient, None, None, "none")
    services = await core.services()
    context = await services.context(case | {"turn": 0})

    async def read(tool: str, **arguments: Any) -> list[Evidence]:
        output = await services.tools[tool].call(arguments, context.at(f"plant.{tool}", {}))
        found: list[Evidence] = output.evidence
        return found

    facts = Facts()
    age, sex = (await read("record.age"))[0], (await read("record.sex"))[0]
    if isinstance(age.value, float) and sex.value in ("male", "female"):
        facts.values |= {"age": int(age.value), "sex": sex.value}
        person = "man" if sex.value == "male" else "woman"
        facts.sentences["person"] = f"This is a {int(age.value)}-year-old {person}."
    problems = [item for item in (await read("record.problems"))[1:] if item.value is True and item.concept]
    for item in problems[:1]:
        name = services.terminology.get(item.concept or "").name
        facts.values["condition"] = name
        facts.sentences["condition"] = f"Known {name}."
    drugs = [item for item in (await read("record.medications"))[1:] if item.concept]
    for item in drugs:
        name = services.terminology.get(item.concept or "").name
        dose = next((part for part in item.display.split() if part.replace(".", "").isdigit()), None)
        if dose and " mg" in item.display:
            facts.values |= {"drug": name, "dose": float(dose)}
            facts.sentences["drug"] = f"Takes {name} {dose} mg."
            break
    for concept in _LABS:
        found = (await read("record.observation", concept=concept, max_age_days=1))[0]
        if isinstance(found.value, float) and found.unit:
            facts.values |= {"lab": concept, "value": found.value, "unit": found.unit}
            facts.sentences["lab"] = f"{concept.capitalize()} {number(found.value)} {unit_label(found.unit)}."
            break
    listed = (await read("record.allergies"))[1:]
    named = [item for item in listed if item.concept]
    if named:
        allergen = services.terminology.get(named[0].concept or "").name
        facts.values["allergy"] = allergen
        facts.sentences["allergy"] = f"Allergic to {allergen}."
    services.forget(case["consultation"])
    return facts


def plant(facts: Facts, kind: str) -> tuple[str, int, int] | None:
    """The note with one error, and where it stands; None where the record has nothing to contradict."""
    values = facts.values
    person = {"male": "man", "female": "woman"}
    changed: dict[str, tuple[str, str] | None] = {
        "age": ("person", f"This is a {values['age'] + 10}-year-old {person[values['sex']]}.")
        if "age" in values
        else None,
        "sex": (
            ("person", f"This is a {values['age']}-year-old {person['female' if values['sex'] == 'male' else 'male']}.")
            if "age" in values
            else None
        ),
        "value_tenfold": (
            ("lab", f"{values['lab'].capitalize()} {number(values['value'] * 10)} {unit_label(values['unit'])}.")
            if "lab" in values
            else None
        ),
        "value_unit": _other_unit(values),
        "dose_tenfold": (
            ("drug", f"Takes {values['drug']} {number(values['dose'] * 10)} mg.") if "drug" in values else None
        ),
        "condition_denied": ("condition", f"No {values['condition']}.") if "condition" in values else None,
        "no_allergies": ("allergy", "No known drug allergies.") if "allergy" in values else None,
        "drug_denied": ("drug", f"Not taking {values['drug']}.") if "drug" in values else None,
        "two_weights": ("weights", "Weight 71 kg on arrival. Weight 83 kg on the ward."),
    }
    found = changed[kind]
    if found is None:
        return None
    sentences = {**facts.sentences, found[0]: found[1]}
    text = " ".join(sentences.values())
    start = text.index(found[1])
    return text, start, start + len(found[1])


def _other_unit(values: dict[str, Any]) -> tuple[str, str] | None:
    """The same number in the unit that it is confused with."""
    swaps = {("creatinine", "mg/dL"): "µmol/L", ("creatinine", "umol/L"): "mg/dL", ("haemoglobin", "g/dL"): "g/L",
             ("haemoglobin", "g/L"): "g/dL"}  # fmt: skip
    unit = swaps.get((values.get("lab", ""), values.get("unit", "")))
    return ("lab", f"{values['lab'].capitalize()} {number(values['value'])} {unit}.") if unit else None
