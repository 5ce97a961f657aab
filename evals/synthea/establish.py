"""Write out what a folder of Synthea R4 bundles says about each patient, so that facts.yaml can be checked by hand.

Standard library only, and deliberately independent of the rest of Osler: a fact read with the reader under test
would prove nothing. Usage: python evals/synthea/establish.py FOLDER [part of a file name ...]
"""

import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

Resource = dict[str, Any]

# LOINC codes worth a line of their own; the text Synthea gives a code varies between its modules, the code does not.
CREATININE, REPORTED_EGFR = "38483-4", "33914-3"
WHOLE = (CREATININE, REPORTED_EGFR)
LATEST = {
    CREATININE: "creatinine",
    REPORTED_EGFR: "reported eGFR",
    "14959-1": "urine albumin/creatinine",
    "6298-4": "potassium",
    "4548-4": "HbA1c",
    "718-7": "haemoglobin",
    "777-3": "platelets",
    "8302-2": "height",
    "29463-7": "weight",
    "8867-4": "heart rate",
    "2708-6": "oxygen saturation",
    "33762-6": "NT-proBNP",
    "10230-1": "ejection fraction",
    "2857-1": "PSA",
    "72166-2": "smoking status",
    "69453-9": "cause of death",
    "8480-6": "systolic pressure",
    "8462-4": "diastolic pressure",
}
CLINICAL = ("Observation", "Condition", "MedicationRequest", "Procedure", "AllergyIntolerance", "Encounter")
# Other types of the Patient compartment that could carry a fact; claims and goals are not evidence of one.
COUNTED = ("Procedure", "CarePlan", "DiagnosticReport", "Immunization", "ImagingStudy", "Claim", "Goal")


def resources(path: Path) -> list[Resource]:
    """The resources of one bundle, in file order."""
    bundle = json.loads(path.read_text(encoding="utf-8"))
    return [entry["resource"] for entry in bundle["entry"]]


def of_type(found: list[Resource], kind: str) -> list[Resource]:
    """Those of one resource type."""
    return [resource for resource in found if resource["resourceType"] == kind]


def when(resource: Resource) -> str:
    """The moment a resource speaks of, as written; empty if it gives none."""
    period = resource.get("period") or resource.get("performedPeriod") or {}
    for key in ("effectiveDateTime", "onsetDateTime", "authoredOn", "performedDateTime", "recordedDate"):
        if resource.get(key):
            return str(resource[key])
    return str(period.get("start", ""))


def label(concept: Resource | None) -> str:
    """A CodeableConcept as its first code and its words."""
    if not concept:
        return "?"
    coding = (concept.get("coding") or [{}])[0]
    return f"{coding.get('code', '?')} {concept.get('text') or coding.get('display', '')}"


def measured(found: list[Resource]) -> Iterator[tuple[str, str, str]]:
    """Each measurement as (LOINC code, moment, value), with the components of a panel taken apart."""
    for observation in of_type(found, "Observation"):
        for part in [observation, *observation.get("component", [])]:
            code = part["code"]["coding"][0]["code"]
            quantity = part.get("valueQuantity")
            if quantity:
                text = f"{quantity['value']} {quantity.get('code') or quantity.get('unit')}"
            elif part.get("valueCodeableConcept"):
                text = label(part["valueCodeableConcept"])
            elif "valueString" in part:
                text = str(part["valueString"])
            else:
                continue
            yield code, when(observation), f"{text} [{observation['status']}]"


def age_on(birth: date, day: date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def ckd_epi_2021(creatinine: float, age: int, female: bool) -> float:
    """Inker et al., N Engl J Med 2021;385:1737-49; creatinine in mg/dL, mL/min/1.73 m2."""
    knot, exponent = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine / knot
    value: float = 142 * min(ratio, 1.0) ** exponent * max(ratio, 1.0) ** -1.200 * 0.9938**age
    return value * 1.012 if female else value


def cockcroft_gault(creatinine: float, age: int, weight: float, female: bool) -> float:
    """Cockcroft and Gault, Nephron 1976;16:31-41; actual weight in kg, mL/min."""
    value = (140 - age) * weight / (72 * creatinine)
    return value * 0.85 if female else value


def say(text: str = "") -> None:
    """One line of the report."""
    sys.stdout.write(text + "\n")


def number(text: str) -> float:
    """The number a measured value begins with."""
    return float(text.split()[0])


def describe(path: Path) -> None:
    """Write out the raw facts of one bundle."""
    found = resources(path)
    patient = of_type(found, "Patient")[0]
    birth = date.fromisoformat(patient["birthDate"])
    dated = sorted(when(r)[:10] for kind in CLINICAL for r in of_type(found, kind) if when(r))
    as_of = date.fromisoformat(dated[-1]) + timedelta(days=1)
    say(f"\n=== {path.name}")
    say(f"  patient {patient['id']} {patient['gender']} born {birth} deceased {patient.get('deceasedDateTime', '-')}")
    say(f"  newest {dated[-1]}; age the day after {age_on(birth, as_of)}")
    say(f"  counts { {kind: len(of_type(found, kind)) for kind in COUNTED if of_type(found, kind)} }")
    problems_and_drugs(found)
    measurements(found, birth, as_of, patient["gender"] == "female")


def problems_and_drugs(found: list[Resource]) -> None:
    """Conditions with their end, orders with their status, allergies, plans and procedures."""
    for condition in sorted(of_type(found, "Condition"), key=when):
        state = condition["clinicalStatus"]["coding"][0]["code"]
        known = condition["verificationStatus"]["coding"][0]["code"]
        ended = str(condition.get("abatementDateTime", ""))[:10]
        say(f"  condition {when(condition)[:10]} .. {ended or '-':10} {state}/{known} {label(condition['code'])}")
    for order in sorted(of_type(found, "MedicationRequest"), key=when):
        drug = label(order.get("medicationCodeableConcept"))
        say(f"  medication {when(order)[:10]} {order['status']}/{order['intent']} {drug}")
    for allergy in of_type(found, "AllergyIntolerance"):
        state = label(allergy.get("clinicalStatus")).strip()
        say(f"  allergy {str(allergy.get('recordedDate'))[:10]} {state} {label(allergy['code'])}")
    for plan in of_type(found, "CarePlan"):
        say(f"  plan {when(plan)[:10]} {plan['status']} {label(plan['category'][-1])}")
    procedures = sorted({label(procedure["code"]) for procedure in of_type(found, "Procedure")})
    say(f"  procedures {'; '.join(procedures) or 'none'}")


def measurements(found: list[Resource], birth: date, as_of: date, female: bool) -> None:
    """The newest values of each measurement (all of creatinine and eGFR), and what creatinine comes to."""
    series: dict[str, list[tuple[str, str]]] = {}
    for code, moment, text in measured(found):
        series.setdefault(code, []).append((moment, text))
    for code, name in LATEST.items():
        values = sorted(series.get(code, []), reverse=True)
        shown = values if code in WHOLE else values[:3]
        if values:
            say(f"  {name} ({len(values)}): " + "; ".join(f"{moment[:10]} {text}" for moment, text in shown))
    say(f"  other codes {sorted(set(series) - set(LATEST))}")
    for moment, text in sorted(series.get(CREATININE, []), reverse=True):
        age = age_on(birth, date.fromisoformat(moment[:10]))
        say(f"  ckd_epi_2021 at {moment[:10]}: {ckd_epi_2021(number(text), age, female):.1f} mL/min/1.73 m2")
    if CREATININE in series:
        creatinine = number(max(series[CREATININE])[1])
        weight = number(max(series["29463-7"])[1])
        age = age_on(birth, as_of)
        say(f"  latest creatinine at age {age}: {ckd_epi_2021(creatinine, age, female):.1f} mL/min/1.73 m2")
        say(f"  cockcroft_gault {cockcroft_gault(creatinine, age, weight, female):.1f} mL/min (weight {weight:.1f} kg)")


def main(arguments: list[str]) -> int:
    """Describe every bundle of the folder, or those whose name contains one of the words given."""
    if not arguments:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    folder, words = Path(arguments[0]), arguments[1:]
    paths = [p for p in sorted(folder.glob("*.json")) if not words or any(w in p.name for w in words)]
    if not paths:
        sys.stderr.write(f"found no such bundle in {folder}; expected Synthea *.json transaction bundles\n")
        return 1
    for path in paths:
        describe(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
