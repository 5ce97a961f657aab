"""A small terminology and a one-line way to a patient's record: compact rows in, evidence out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from knowledge.evidence import Evidence
from knowledge.guideline import Corpus
from knowledge.terminology import Concept, Terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.reads.catalog import TOOLS
from tools.ehr.record import open_record
from tools.ehr.store.store import Store
from tools.notes import TOOLS as NOTE_TOOLS

AS_OF = "2026-03-02T09:00:00Z"
_CONCEPTS: list[dict[str, Any]] = [
    {
        "id": "creatinine",
        "kind": "observation",
        "name": "Creatinine",
        "unit": "mg/dL",
        "codes": ["loinc:2160-0", "loinc:14682-9"],
    },
    {"id": "potassium", "kind": "observation", "name": "Potassium", "unit": "mmol/L", "codes": ["loinc:2823-3"]},
    {"id": "inr", "kind": "observation", "name": "INR", "unit": "1", "codes": ["loinc:6301-6"]},
    {"id": "weight", "kind": "observation", "name": "Body weight", "unit": "kg", "codes": ["loinc:29463-7"]},
    {"id": "spo2", "kind": "observation", "name": "Oxygen saturation", "unit": "%", "codes": ["loinc:59408-5"]},
    {
        "id": "acr",
        "kind": "observation",
        "name": "Albumin-to-creatinine ratio",
        "unit": "mg/g",
        "codes": ["loinc:9318-7"],
    },
    {"id": "d_dimer", "kind": "observation", "name": "D-dimer", "includes": ["d_dimer_feu"]},
    {
        "id": "d_dimer_feu",
        "kind": "observation",
        "name": "D-dimer FEU",
        "unit": "ng/mL{FEU}",
        "codes": ["loinc:48065-7"],
    },
    {
        "id": "systolic_bp",
        "kind": "observation",
        "name": "Systolic blood pressure",
        "unit": "mm[Hg]",
        "codes": ["loinc:8480-6"],
    },
    {
        "id": "blood_pressure",
        "kind": "observation",
        "name": "Blood pressure",
        "unit": "mm[Hg]",
        "codes": ["loinc:85354-9"],
        "includes": ["systolic_bp"],
    },
    {
        "id": "stroke",
        "kind": "condition",
        "name": "Stroke",
        "codes": ["snomed:230690007"],
        "synonyms": ["CVA"],
        "includes": ["ischaemic_stroke"],
    },
    {"id": "ischaemic_stroke", "kind": "condition", "name": "Ischaemic stroke", "codes": ["snomed:422504002"]},
    {"id": "tia", "kind": "condition", "name": "Transient ischaemic attack", "synonyms": ["TIA"]},
    {"id": "stroke_tia", "kind": "condition", "name": "Stroke or TIA", "includes": ["stroke", "tia"]},
    {"id": "hypertension", "kind": "condition", "name": "Hypertension", "codes": ["snomed:38341003", "icd10:I10*"]},
    {"id": "diabetes", "kind": "condition", "name": "Diabetes", "codes": ["snomed:73211009"]},
    {
        "id": "atrial_fibrillation",
        "kind": "condition",
        "name": "Atrial fibrillation",
        "codes": ["snomed:49436004"],
        "synonyms": ["AF"],
    },
    {
        "id": "mechanical_valve",
        "kind": "condition",
        "name": "Mechanical heart valve",
        "synonyms": ["mechanical mitral valve"],
    },
    {"id": "bleeding", "kind": "condition", "name": "Bleeding", "synonyms": ["history of bleeding"]},
    {
        "id": "pregnancy",
        "kind": "condition",
        "name": "Pregnancy",
        "codes": ["snomed:77386006"],
        "synonyms": ["pregnant"],
    },
    {"id": "chest_pain", "kind": "symptom", "name": "Chest pain", "codes": ["snomed:29857009"]},
    {"id": "hip_replacement", "kind": "procedure", "name": "Hip replacement", "codes": ["snomed:52734007"]},
    {"id": "smoker", "kind": "condition", "name": "Smoker", "codes": ["snomed:77176002"]},
    {"id": "apixaban", "kind": "medication", "name": "Apixaban", "codes": ["rxnorm:1364430"], "synonyms": ["Eliquis"]},
    {"id": "warfarin", "kind": "medication", "name": "Warfarin", "codes": ["rxnorm:11289"]},
    {"id": "doac", "kind": "drug_class", "name": "Direct oral anticoagulant", "includes": ["apixaban"]},
    {"id": "aspirin", "kind": "medication", "name": "Aspirin", "codes": ["rxnorm:1191"]},
    {"id": "enalapril", "kind": "medication", "name": "Enalapril", "codes": ["rxnorm:3827"]},
    {"id": "lisinopril", "kind": "medication", "name": "Lisinopril", "codes": ["rxnorm:29046"]},
    {"id": "furosemide", "kind": "medication", "name": "Furosemide", "codes": ["rxnorm:4603"]},
    {
        "id": "ace_inhibitor",
        "kind": "drug_class",
        "name": "ACE inhibitor",
        "includes": ["enalapril", "lisinopril"],
    },
    {
        "id": "antihypertensive",
        "kind": "drug_class",
        "grouping": True,
        "name": "Drug for high blood pressure",
        "includes": ["ace_inhibitor", "furosemide"],
    },
    {
        "id": "penicillins",
        "kind": "drug_class",
        "name": "Penicillins",
        "codes": ["snomed:91936005"],
        "synonyms": ["Penicillin"],
        "includes": ["amoxicillin"],
    },
    {"id": "amoxicillin", "kind": "medication", "name": "Amoxicillin", "codes": ["rxnorm:723"]},
    {"id": "contrast", "kind": "substance", "name": "Iodinated contrast"},
]
SPECS = {spec.name: spec for spec in [*TOOLS, *NOTE_TOOLS]}


@pytest.fixture(scope="session")
def terms() -> Terminology:
    """A terminology of a few concepts, so that these tests do not move with the real one."""
    return Terminology({row["id"]: Concept.model_validate(row) for row in _CONCEPTS})


@pytest.fixture
def store() -> Store:
    """An empty store in memory."""
    return Store()


Chart = Callable[..., Awaitable[ToolContext]]


@pytest.fixture
def chart(terms: Terminology) -> Chart:
    """`await chart(conditions=[...], resources=[...], as_of=...)`: a patient in a new store, opened as a context."""

    async def build(
        *,
        as_of: str = AS_OF,
        resources: list[dict[str, Any]] | None = None,
        patient: dict[str, Any] | None = None,
        **rows: Any,
    ) -> ToolContext:
        compact = {
            "id": "p1",
            "name": {"given": "Ada", "family": "Marsh"},
            "gender": "female",
            "birth_date": "1950-05-20",
            "identifier": "MRN-1",
            **(patient or {}),
            **rows,
        }
        store = Store()
        import_document(store, build_bundle(compact))
        for resource in resources or []:
            import_document(store, resource)
        moment = datetime.fromisoformat(as_of)
        record = await open_record(store, "p1", as_of=moment, terminology=terms)
        return ToolContext(patient="p1", as_of=moment, terminology=terms, corpus=Corpus([]), record=record, slot="s")

    return build


async def read(ctx: ToolContext, name: str, **arguments: Any) -> list[Evidence]:
    """The evidence a tool gives."""
    return (await SPECS[name].call(arguments, ctx)).evidence


@pytest.fixture
def ask() -> Callable[..., Awaitable[list[Evidence]]]:
    """`await ask(ctx, "record.finding", concept="stroke")`."""
    return read


def _creatinine(value: float | None, at: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"o{abs(hash((value, at, str(more)))) % 10**8}",
        "code": "loinc:2160-0",
        "text": "Creatinine",
        "value": value,
        "unit": "mg/dL",
        "at": at,
        **more,
    }


@pytest.fixture
def creatinine() -> Callable[..., dict[str, Any]]:
    """A creatinine row of the compact form."""
    return _creatinine


@pytest.fixture
def note() -> Callable[..., dict[str, Any]]:
    """A note row of the compact form."""

    def row(text: str, at: str = "2026-02-20T09:00:00Z", id_: str = "n1", **more: Any) -> dict[str, Any]:
        return {"id": id_, "type": "Clinic letter", "at": at, "author": "Dr Lund", "text": text, **more}

    return row
