"""`osler bench ehr-search [--n OBSERVATIONS] [--data FOLDER]`: how quickly the embedded store answers.

A store is made here (seeded; 500 Observations a patient) of three sizes, 1, 10 and 50 times as large, and each is asked
what an EHR asks. Reported: milliseconds by kind (median, 99th percentile), growth, bytes and seconds a resource. With
`--data`, a folder in which Medplum's packages are installed (`scripts/interop`), the smallest size is also asked of
Medplum's router over its MemoryRepository in the same run, and the ratio of medians is given.
"""

from __future__ import annotations

import json
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.ehr.store.query import Query
from tools.ehr.store.store import Store

Json = dict[str, Any]
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "interop" / "bench_search.mjs"
LARGEST, GROWTH, PER_PATIENT, TRIALS = 1_000_000, (50, 5, 1), 500, 60
MEDIAN, WORST = 5.0, 50.0
"""Milliseconds a search of the mix may take: half of them, and all but one in a hundred."""
UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"
_CODES = [
    ("2345-7", "Glucose", "mg/dL", 100.0, 40.0),
    ("2160-0", "Creatinine", "mg/dL", 1.0, 0.5),
    ("2823-3", "Potassium", "mmol/L", 4.0, 0.6),
    ("718-7", "Hemoglobin", "g/dL", 13.0, 2.0),
    ("8867-4", "Heart rate", "/min", 80.0, 15.0),
    *((f"{50000 + number}-{number % 10}", f"Analyte {number}", "mmol/L", 5.0, 2.0) for number in range(95)),
]
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def resources(count: int) -> Iterator[Json]:
    """Patients with their visits, then their results."""
    dice = random.Random(20261123)
    patients = max(1, count // PER_PATIENT)
    for number in range(patients):
        yield {
            "resourceType": "Patient",
            "id": f"p{number}",
            "identifier": [{"system": "urn:mrn", "value": f"{number:07d}"}],
            "name": [{"family": f"Family{number:06d}", "given": [f"Given{number % 89}"]}],
            "gender": "male" if number % 2 else "female",
            "birthDate": f"{1930 + number % 80}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        }
        for visit in range(5):
            yield {
                "resourceType": "Encounter",
                "id": f"e{number}-{visit}",
                "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "subject": {"reference": f"Patient/p{number}"},
                "period": {"start": f"{2016 + visit}-03-01T08:00:00Z", "end": f"{2016 + visit}-03-02T08:00:00Z"},
            }
    for number in range(count):
        code, display, unit, middle, spread = _CODES[int(dice.random() ** 2 * len(_CODES))]
        day = f"{2015 + dice.randrange(11)}-{1 + dice.randrange(12):02d}-{1 + dice.randrange(28):02d}"
        patient = number * patients // count
        yield {
            "resourceType": "Observation",
            "id": f"o{number}",
            "status": "final",
            "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory" if number % 3 else "vital-signs"}]}],
            "code": {"coding": [{"system": LOINC, "code": code, "display": display}], "text": display},
            "subject": {"reference": f"Patient/p{patient}"},
            "encounter": {"reference": f"Encounter/e{patient}-{number % 5}"},
            "effectiveDateTime": f"{day}T{dice.randrange(24):02d}:{dice.randrange(60):02d}:00Z",
            "valueQuantity": {
                "value": round(abs(dice.gauss(middle, spread)), 1),
                "unit": unit,
                "system": UCUM,
                "code": unit,
            },
        }


def mix(count: int) -> dict[str, Callable[[random.Random], str]]:
    """What an EHR asks, by kind: `Type?query`."""
    patients = max(1, count // PER_PATIENT)

    def who(dice: random.Random) -> int:
        return dice.randrange(patients)

    def what(dice: random.Random) -> str:
        return dice.choice(_CODES[:40])[0]

    return {
        "id": lambda dice: f"Observation?_id=o{dice.randrange(count)}",
        "patient and code": lambda dice: f"Observation?patient=p{who(dice)}&code={LOINC}|{what(dice)}",
        "patient, code, dates, sorted": lambda dice: (
            f"Observation?patient=p{who(dice)}&code={what(dice)}&date=ge2018&date=lt2023&_sort=-date"
        ),
        "patient and category": lambda dice: (
            f"Observation?patient=p{who(dice)}&category=laboratory&_sort=-date&_count=20"
        ),
        "code and value": lambda dice: f"Observation?code=2160-0&value-quantity=gt{dice.choice([1.5, 2.0, 2.4])}",
        "code and value in another unit": lambda dice: f"Observation?code=2345-7&value-quantity=gt2|{UCUM}|g/L",
        "composite": lambda dice: f"Observation?code-value-quantity=2823-3$gt{dice.choice([5.5, 6.0])}",
        "_has": lambda dice: f"Patient?_has:Observation:patient:code-value-quantity=2160-0$gt{dice.choice([2.2, 2.6])}",
        "chain": lambda dice: f"Observation?patient.identifier=urn:mrn|{who(dice):07d}&code={what(dice)}",
        "chain by name": lambda dice: f"Observation?subject:Patient.name=family{who(dice):06d}&code={what(dice)}",
        "_include": lambda dice: f"Observation?patient=p{who(dice)}&code={what(dice)}&_include=Observation:encounter",
        "_revinclude": lambda dice: f"Patient?_id=p{who(dice)}&_revinclude=Encounter:subject",
        "name": lambda dice: f"Patient?name=family{who(dice):06d}",
    }


def run(data: Path | None = None, largest: int | None = None) -> Json:
    """Make the stores, ask, compare."""
    started = time.perf_counter()
    top = max(GROWTH)
    sizes = [max(PER_PATIENT, (largest or LARGEST) // share_) for share_ in GROWTH]
    folder = Path(tempfile.mkdtemp(prefix="osler-ehr-search-"))
    by: Json = {}
    cases: list[float] = []
    try:
        for size, share_ in zip(sizes, GROWTH, strict=True):
            times, row = _measured(folder / f"{size}.sqlite", size)
            by[f"{size} Observations"] = row | {"growth": top // share_}
            cases = [value for values in times.values() for value in values]
        other = _medplum(data, sizes[0], folder) if data else None
    finally:
        shutil.rmtree(folder)
    quick = sum(value < WORST for value in cases)
    more: Json = {"beside": other or "not run: --data names a folder with Medplum's packages installed"}
    if other:
        ours = by[f"{sizes[0]} Observations"]["milliseconds"]
        more["ratio"] = {
            key: round(row["median"] / ours[key]["median"], 1)
            for key, row in other["milliseconds"].items()
            if key in ours
        }
    more["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return document(
        "ehr-search",
        f"searches of the mix under {WORST:g} ms in the largest store",
        quick,
        len(cases),
        time.perf_counter() - started,
        by=by,
        **more,
    )


def _measured(path: Path, size: int) -> tuple[dict[str, list[float]], Json]:
    store = Store(path)
    begun = time.process_time()
    written = sum(store.put_many(resources(size)).values())
    spent = time.process_time() - begun
    dice = random.Random(7)
    times: dict[str, list[float]] = {}
    found: dict[str, int] = {}
    for kind, ask in mix(size).items():
        for _ in range(TRIALS):
            type_, _, text = ask(dice).partition("?")
            begun = time.perf_counter()
            page = store.search(Query.parse(type_, text, store.base))
            times.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
            found[kind] = found.get(kind, 0) + len(page.matches)
    store.close()
    every = [value for values in times.values() for value in values]
    row: Json = {
        "milliseconds": {"all": _figures(every), **{kind: _figures(values) for kind, values in times.items()}},
        "matches a search": {kind: round(count / TRIALS, 1) for kind, count in found.items()},
        "resources a second": round(written / spent),
        "bytes an Observation": round(path.stat().st_size / size),
    }
    return times, row


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, round(len(ordered) * 0.99))]
    return {"median": round(statistics.median(ordered), 3), "p99": round(last, 3)}


def _medplum(data: Path, size: int, folder: Path) -> Json:
    """The same resources and searches on Medplum's router, in memory, without HTTP."""
    dice = random.Random(7)
    lines, asked = folder / "resources.ndjson", folder / "searches.json"
    with lines.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(item) + "\n" for item in resources(size))
    asked.write_text(json.dumps({kind: [ask(dice) for _ in range(5)] for kind, ask in mix(size).items()}))
    command = ["node", str(SCRIPT), str(data.resolve()), str(lines), str(asked)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)  # noqa: S603
    if done.returncode:
        return {"milliseconds": {}, "failed": done.stderr[-400:]}
    answer: Json = json.loads(done.stdout)
    return {"milliseconds": {kind: _figures(values) for kind, values in answer["times"].items()}, **answer["about"]}
