"""`osler bench` and `osler replay`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import emit
from tools.errors import UsageError

NAMES = (
    "keys",
    "perturbed",
    "route",
    "gate",
    "correction",
    "mutation",
    "kills",
    "synthea",
    "record-search",
    "ehr-faults",
    "ehr-search",
    "ehr-conformance",
    "ehr-import",
    "ehr-fuzz",
    "note-check",
    "dicom",
    "volume-speed",
    "cxr-lungs",
    "corruption",
    "prompts",
    "ct-organs",
    "ct-speed",
    "retina",
    "zoom",
    "light-head",
    "similar",
    "medcalc",
    "calc-notes",
    "calc-choice",
    "calc-parity",
    "calc-speed",
    "model",
    "replay",
    "overhead",
    "ehrsql",
    "medagentbench",
    "unapproved-writes",
)


def bench(
    name: Annotated[str, typer.Argument(help=", ".join(NAMES))],
    data: Annotated[list[Path] | None, typer.Option(help="Data, where the benchmark needs some.")] = None,
    n: Annotated[int | None, typer.Option(help="How many trials.")] = None,
    per_case: Annotated[Path | None, typer.Option(help="Write JSON lines, one per case.")] = None,
    level: Annotated[
        str | None, typer.Option(help="Where it starts from (medcalc: entities, note; ehrsql: question, query).")
    ] = None,
    corrected: Annotated[Path | None, typer.Option(help="medcalc: a file of corrected labels.")] = None,
    unmentioned: Annotated[str | None, typer.Option(help="medcalc: a finding not named (unknown, absent).")] = None,
    paraphrases: Annotated[Path | None, typer.Option(help="ehrsql: YAML of {id, question}: other words.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run a benchmark: one document with its interval, n and what was excluded."""
    given = data or []
    body = run(name, given[0] if given else None, n, given[1:], level, corrected, unmentioned, paraphrases)
    cases = body.pop("cases", None)
    if per_case is not None:
        rows = cases or [
            {"id": key, **row} if isinstance(row, dict) else {"id": key, "row": row} for key, row in body["by"].items()
        ]
        per_case.write_text("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows), "utf-8")
    emit(body, as_json)


def run(
    name: str,
    data: Path | None,
    n: int | None,
    more: list[Path] | None = None,
    level: str | None = None,
    corrected: Path | None = None,
    unmentioned: str | None = None,
    paraphrases: Path | None = None,
) -> dict[str, Any]:
    """The document of one benchmark; `more` data only where it reads several, `level` where it has some.

    Raises:
        UsageError: no such benchmark, or its data is missing.
    """
    if name == "keys":
        from evals.benchmarks import keys

        return keys.run()
    if name == "perturbed":
        from evals.benchmarks import perturbed

        return perturbed.run(data)
    if name == "gate":
        from evals.benchmarks import gate

        return gate.run(n or 200)
    if name == "correction":
        from evals.benchmarks import correction

        return correction.run(n)
    if name == "mutation":
        from evals.benchmarks import mutation

        return mutation.run(n)
    if name == "kills":
        from evals.benchmarks import kills

        return kills.run(n or 60)
    if name == "route":
        from evals.route import bench as route

        rows: list[dict[str, Any]] = []
        return {**route.run(data, per_case=rows.append), "cases": rows}
    if name == "note-check":
        from evals.benchmarks import note_check

        return note_check.run(data, n)
    if name == "record-search":
        from evals.benchmarks import record_search

        return record_search.run(n)
    if name == "ehr-search":
        from evals.benchmarks import ehr_search

        return ehr_search.run(data, n)
    if name == "ehr-faults":
        from evals.benchmarks import ehr_faults

        return ehr_faults.run(n)
    if name == "ehr-conformance":
        from evals.benchmarks import ehr_conformance

        return ehr_conformance.run(data)
    if name == "ehr-import":
        from evals.benchmarks import ehr_import

        return ehr_import.run(data, n)
    if name == "ehr-fuzz":
        from evals.benchmarks import ehr_fuzz

        return ehr_fuzz.run(data, n)
    if name == "synthea":
        from evals.benchmarks import synthea

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of Synthea bundles",
                action="give --data FOLDER",
            )
        return synthea.run(data)
    if name == "volume-speed":
        from evals.benchmarks import volume_speed

        return volume_speed.run(n)
    if name == "dicom":
        from evals.benchmarks import dicom

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="folders of image files",
                action="give --data FOLDER, once for each",
            )
        return dicom.run([data, *(more or [])])
    if name in ("cxr-lungs", "corruption"):
        from evals.benchmarks import corruption, cxr_lungs

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of films with masks: metadata.csv, images/, masks_v7/",
                action="give --data FOLDER",
            )
        return cxr_lungs.run(data, n) if name == "cxr-lungs" else corruption.run(data, n)
    if name == "prompts":
        from agent.settings import Settings
        from evals.benchmarks import prompts
        from tools.segmenters.medsam import network

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of TotalSegmentator's sample files: CT scans with label maps",
                action="give --data FOLDER",
            )
        return prompts.run(data, n, network(Settings.from_environment().home / "models"))
    if name == "ct-organs":
        from evals.benchmarks import ct_organs

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder with example_ct_sm.nii.gz and example_seg.nii.gz (TotalSegmentator's samples)",
                action="give --data FOLDER",
            )
        return ct_organs.run(data, n)
    if name == "ct-speed":
        from evals.benchmarks import ct_speed

        return ct_speed.run(n)
    if name == "retina":
        from evals.benchmarks import retina

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of fundus photographs: images/, 1st_manual/, mask/",
                action="give --data FOLDER",
            )
        return retina.run(data, n)
    if name in ("light-head", "similar"):
        from evals.benchmarks import light_head, similar

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of films with masks: metadata.csv, images/, masks_v7/",
                action="give --data FOLDER",
            )
        return light_head.run(data, n) if name == "light-head" else similar.run(data, n)
    if name == "zoom":
        from evals.benchmarks import zoom

        return zoom.run(n)
    if name == "medcalc":
        from evals.benchmarks import medcalc

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a CSV of MedCalc-Bench",
                action="give --data CSV, once for each",
            )
        return medcalc.run([data, *(more or [])], level, unmentioned, corrected)
    if name == "calc-speed":
        from evals.benchmarks import calc_speed

        return calc_speed.run(n or 20, data)
    if name == "calc-notes":
        from evals.benchmarks import calc_notes

        return calc_notes.bench(data)
    if name == "calc-choice":
        from evals.benchmarks import calc_choice

        return calc_choice.run([*([data] if data is not None else []), *(more or [])])
    if name == "calc-parity":
        from evals.benchmarks import calc_parity

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder of structured cases with public-dev.jsonl",
                action="give --data FOLDER",
            )
        return calc_parity.run(data)
    if name == "model":
        from evals.model import bench as model

        return model.run()
    if name == "replay":
        from evals.benchmarks import replay as replays

        return replays.run(n)
    if name == "ehrsql":
        from evals.benchmarks import ehrsql

        return ehrsql.run(data, n, paraphrases, level)
    if name == "medagentbench":
        from evals.benchmarks import medagentbench

        if data is None:
            raise UsageError(
                "this benchmark needs data",
                found="no --data",
                expected="a folder with Patient.ndjson, Observation.ndjson, tasks*.json, expected*.json",
                action="give --data DIR",
            )
        return medagentbench.run(data, n, paraphrases)
    if name == "unapproved-writes":
        from evals.benchmarks import unapproved_writes

        return unapproved_writes.run(n)
    if name == "overhead":
        from evals.benchmarks import overhead

        return overhead.run(n or 10)
    raise UsageError(f"no benchmark {name!r}", found=name, expected=", ".join(NAMES), action="name one of these")


def replay(
    path: Path,
    mode: Annotated[str, typer.Option(help="frozen, tools or model")] = "tools",
    record: Annotated[bool, typer.Option(help="Record the cases instead.")] = False,
    against: Annotated[Path | None, typer.Option(help="Another recording: say what differs.")] = None,
    save: Annotated[str | None, typer.Option(help="Id of a consultation: keep it as a recording at PATH.")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run scripted consultations again: one document without times. Exit 1 if an expectation does not hold.

    With --record, --against or --save: record the cases, compare two recordings, keep a consultation as a case.
    """
    from evals import replay as replays

    if save is not None:
        from agent import ClinicalAssistant

        with ClinicalAssistant() as osler:
            emit(replays.save(osler.open(save), path), as_json)
        return
    if against is not None:
        emit(replays.compare(path, against), as_json)
        return
    if record:
        emit(replays.record(path), as_json)
        return
    body = replays.replay(path, mode)
    emit(body, as_json)
    if body["passed"] != body["n"]:
        raise typer.Exit(1)
