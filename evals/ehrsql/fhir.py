"""The rows of the ward as an EHR would hold them in FHIR R4.

A laboratory result and a culture are Observations; a culture has a Specimen. Intake and output are Observations of
their own categories. An intensive care stay is an Encounter within the admission; a transfer is a location of the
admission. Charges are ChargeItems that name the event. Times are UTC. Nothing says more than its row does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.ehrsql.questions import NORMAL
from evals.ehrsql.schema import VITALS, Row

Json = dict[str, Any]
LOCAL = "urn:osler:synthetic-ward"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
CATEGORY = f"{TERMINOLOGY}/observation-category"
MICROBIOLOGY = {"coding": [{"system": f"{TERMINOLOGY}/v2-0074", "code": "MB", "display": "Microbiology"}]}
TYPES = {"diagnoses_icd": "Condition", "procedures_icd": "Procedure", "prescriptions": "MedicationRequest"}


def resources(tables: dict[str, list[Row]]) -> Iterator[Json]:
    """Every resource of the ward, referenced ones first."""
    titles = {
        row["icd9_code"]: (row["short_title"], row["long_title"])
        for name in ("d_icd_diagnoses", "d_icd_procedures")
        for row in tables[name]
    }
    labels = {row["itemid"]: row["label"] for name in ("d_labitems", "d_items") for row in tables[name]}
    for row in tables["patients"]:
        yield _patient(row, next(stay for stay in tables["admissions"] if stay["subject_id"] == row["subject_id"]))
    places: dict[int, list[Row]] = {}
    for row in tables["transfers"]:
        places.setdefault(row["hadm_id"], []).append(row)
    for row in tables["admissions"]:
        yield _admission(row, places[row["hadm_id"]])
        yield _coverage(row)
    for row in tables["icustays"]:
        yield _unit(row)
    for row in tables["diagnoses_icd"]:
        yield _condition(row, *titles[row["icd9_code"]])
    for row in tables["procedures_icd"]:
        yield _procedure(row, *titles[row["icd9_code"]])
    for row in tables["prescriptions"]:
        yield _prescription(row)
    for row in tables["labevents"]:
        yield _result("lab", row, labels[row["itemid"]], _category("laboratory"), row["valuenum"], row["valueuom"])
    for row in tables["chartevents"]:
        yield _vital(row, labels[row["itemid"]])
    for row in tables["inputevents_cv"]:
        yield _result("in", row, labels[row["itemid"]], _local("intake", "Fluid intake"), row["amount"], "mL")
    for row in tables["outputevents"]:
        yield _result("out", row, labels[row["itemid"]], _local("output", "Fluid output"), row["value"], "mL")
    for row in tables["microbiologyevents"]:
        yield from _culture(row)
    for row in tables["cost"]:
        yield _charge(row, tables, titles, labels)


def instant(text: str) -> str:
    """A time of a row as FHIR writes it."""
    return text.replace(" ", "T") + "Z"


def _patient(row: Row, stay: Row) -> Json:
    number = str(row["subject_id"])
    found: Json = {
        "resourceType": "Patient",
        "id": number,
        "identifier": [
            {
                "type": {"coding": [{"system": f"{TERMINOLOGY}/v2-0203", "code": "MR"}]},
                "system": f"{LOCAL}:mrn",
                "value": number,
            }
        ],
        "gender": {"m": "male", "f": "female"}[row["gender"]],
        "birthDate": row["dob"][:10],
        "maritalStatus": {"text": stay["marital_status"]},
        "communication": [{"language": {"text": stay["language"]}, "preferred": True}],
    }
    return found | ({"deceasedDateTime": instant(row["dod"])} if row["dod"] else {})


def _period(begin: str, end: str | None) -> Json:
    return {"start": instant(begin)} | ({"end": instant(end)} if end else {})


def _admission(row: Row, moves: list[Row]) -> Json:
    places = []
    for move in sorted(moves, key=lambda item: str(item["intime"])):
        period = _period(move["intime"], move["outtime"])
        status = "completed" if move["outtime"] else "active"
        named = [(f"ward {move['wardid']}", "wa", "Ward")]
        if move["careunit"]:
            named.append((move["careunit"], "area", "Care unit"))
        for name, kind, display in named:
            physical = {
                "coding": [{"system": f"{TERMINOLOGY}/location-physical-type", "code": kind}],
                "text": display,
            }
            places.append({"location": {"display": name}, "status": status, "physicalType": physical, "period": period})
    found: Json = {
        "resourceType": "Encounter",
        "id": f"adm-{row['hadm_id']}",
        "status": "finished" if row["dischtime"] else "in-progress",
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "IMP", "display": "inpatient encounter"},
        "type": [{"text": row["admission_type"]}],
        "subject": _subject(row),
        "period": _period(row["admittime"], row["dischtime"]),
        "hospitalization": {"admitSource": {"text": row["admission_location"]}},
        "location": places,
    }
    if row["discharge_location"]:
        found["hospitalization"]["dischargeDisposition"] = {"text": row["discharge_location"]}
    return found


def _coverage(row: Row) -> Json:
    return {
        "resourceType": "Coverage",
        "id": f"cov-{row['hadm_id']}",
        "status": "active",
        "type": {"text": row["insurance"]},
        "beneficiary": _subject(row),
        "period": _period(row["admittime"], row["dischtime"]),
        "payor": [{"display": row["insurance"]}],
    }


def _unit(row: Row) -> Json:
    return {
        "resourceType": "Encounter",
        "id": f"icu-{row['icustay_id']}",
        "status": "finished" if row["outtime"] else "in-progress",
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "ACUTE", "display": "inpatient acute"},
        "type": [{"text": "intensive care unit stay"}],
        "serviceType": {"text": "intensive care"},
        "subject": _subject(row),
        "period": _period(row["intime"], row["outtime"]),
        "partOf": {"reference": f"Encounter/adm-{row['hadm_id']}"},
    }


def _subject(row: Row) -> Json:
    return {"reference": f"Patient/{row['subject_id']}"}


def _during(row: Row) -> Json:
    if row.get("icustay_id"):
        return {"reference": f"Encounter/icu-{row['icustay_id']}"}
    return {"reference": f"Encounter/adm-{row['hadm_id']}"}


def _titled(code: str, short: str, long: str) -> Json:
    return {"coding": [{"system": ICD9, "code": code, "display": long}], "text": short}


def _condition(row: Row, short: str, long: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"diag-{row['row_id']}",
        "verificationStatus": {"coding": [{"system": f"{TERMINOLOGY}/condition-ver-status", "code": "confirmed"}]},
        "clinicalStatus": {"coding": [{"system": f"{TERMINOLOGY}/condition-clinical", "code": "active"}]},
        "category": [{"coding": [{"system": f"{TERMINOLOGY}/condition-category", "code": "encounter-diagnosis"}]}],
        "code": _titled(row["icd9_code"], short, long),
        "subject": _subject(row),
        "encounter": _during(row),
        "recordedDate": instant(row["charttime"]),
    }


def _procedure(row: Row, short: str, long: str) -> Json:
    return {
        "resourceType": "Procedure",
        "id": f"proc-{row['row_id']}",
        "status": "completed",
        "code": _titled(row["icd9_code"], short, long),
        "subject": _subject(row),
        "encounter": _during(row),
        "performedDateTime": instant(row["charttime"]),
    }


def _prescription(row: Row) -> Json:
    dose = {"value": float(row["dose_val_rx"]), "unit": row["dose_unit_rx"]}
    bounds = {"boundsPeriod": _period(row["startdate"], row["enddate"])}
    return {
        "resourceType": "MedicationRequest",
        "id": f"rx-{row['row_id']}",
        "status": "active" if row["enddate"] > "2105-12-31 23:59:00" else "completed",
        "intent": "order",
        "medicationCodeableConcept": {"text": row["drug"]},
        "subject": _subject(row),
        "encounter": _during(row),
        "authoredOn": instant(row["startdate"]),
        "dosageInstruction": [
            {"timing": {"repeat": bounds}, "route": {"text": row["route"]}, "doseAndRate": [{"doseQuantity": dose}]}
        ],
    }


def _category(code: str) -> Json:
    return {"coding": [{"system": CATEGORY, "code": code}]}


def _local(code: str, text: str) -> Json:
    return {"coding": [{"system": f"{LOCAL}:category", "code": code}], "text": text}


def _result(prefix: str, row: Row, label: str, category: Json, value: float, unit: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": f"{prefix}-{row['row_id']}",
        "status": "final",
        "category": [category],
        "code": {"coding": [{"system": f"{LOCAL}:item", "code": str(row["itemid"])}], "text": label},
        "subject": _subject(row),
        "encounter": _during(row),
        "effectiveDateTime": instant(row["charttime"]),
        "valueQuantity": {"value": value, "unit": unit},
    }


def _vital(row: Row, label: str) -> Json:
    found = _result("vital", row, label, _category("vital-signs"), row["valuenum"], row["valueuom"])
    normal = VITALS[label][4]
    if normal is None:
        return found
    low, high = ({"value": bound, "unit": row["valueuom"]} for bound in NORMAL[normal])
    return found | {"referenceRange": [{"low": low, "high": high, "text": "normal"}]}


def _culture(row: Row) -> Iterator[Json]:
    number, at = row["row_id"], instant(row["charttime"])
    yield {
        "resourceType": "Specimen",
        "id": f"spec-{number}",
        "type": {"text": row["spec_type_desc"]},
        "subject": _subject(row),
        "collection": {"collectedDateTime": at},
    }
    yield {
        "resourceType": "Observation",
        "id": f"micro-{number}",
        "status": "final",
        "category": [_category("laboratory"), MICROBIOLOGY],
        "code": {"text": "Microorganism identified"},
        "subject": _subject(row),
        "encounter": _during(row),
        "effectiveDateTime": at,
        "specimen": {"reference": f"Specimen/spec-{number}", "display": row["spec_type_desc"]},
        "valueCodeableConcept": {"text": row["org_name"] or "no growth"},
    }


def _charge(row: Row, tables: dict[str, list[Row]], titles: dict[str, Any], labels: dict[int, str]) -> Json:
    event = tables[row["event_type"]][row["event_id"] - 1]
    if row["event_type"] == "labevents":
        name = labels[event["itemid"]]
    else:
        name = event["drug"] if row["event_type"] == "prescriptions" else titles[event["icd9_code"]][0]
    kind = TYPES.get(row["event_type"], "Observation")
    prefix = {"Condition": "diag", "Procedure": "proc", "MedicationRequest": "rx", "Observation": "lab"}[kind]
    about = {"reference": f"{kind}/{prefix}-{row['event_id']}"}
    return {
        "resourceType": "ChargeItem",
        "id": f"charge-{row['row_id']}",
        "status": "billed",
        "code": {"text": name},
        "subject": _subject(row),
        "context": {"reference": f"Encounter/adm-{row['hadm_id']}"},
        "occurrenceDateTime": instant(row["chargetime"]),
        "priceOverride": {"value": row["cost"], "currency": "USD"},
        **({"service": [about]} if kind in ("Procedure", "Observation") else {"supportingInformation": [about]}),
    }
