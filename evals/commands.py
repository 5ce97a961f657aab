"""`osler bench` and `osler replay`."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import emit
from tools.errors import UsageError

Json = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What a benchmark is given; `more`: data beyond the first, `level`: where it starts from."""

    data: Path | None = None
    n: int | None = None
    more: tuple[Path, ...] = ()
    level: str | None = None
    corrected: Path | None = None
    unmentioned: str | None = None
    paraphrases: Path | None = None
    on: str = "film"

    @property
    def every(self) -> list[Path]:
        """All data."""
        return [*([self.data] if self.data is not None else []), *self.more]


@dataclass(frozen=True)
class Bench:
    """A benchmark: how its module is called, and what its data is where it cannot do without."""

    module: str
    call: Callable[[Any, Given], Json]
    needs: str | None = None


def _routed(module: Any, given: Given) -> Json:
    rows: list[Json] = []
    return {**module.run(given.data, per_case=rows.append), "cases": rows}


def _prompted(module: Any, given: Given) -> Json:
    from agent.settings import Settings
    from tools.segmenters.medsam import network

    result: Json = module.run(given.data, given.n, network(Settings.from_environment().home / "models"))
    return result


def _corrupted(module: Any, given: Given) -> Json:
    """The suite of films, of photographs (fundus, skin) or of CT; only the first cannot do without data."""
    if given.on not in ("film", "retina", "skin", "ct"):
        raise UsageError(
            f"no corruption suite on {given.on!r}",
            found=given.on,
            expected="film, retina, skin, ct",
            action="give --on and one of these",
        )
    if given.on != "film":
        module = importlib.import_module(f"evals.benchmarks.corruption_{given.on}")
    elif given.data is None:
        raise _without_data(_FILMS)
    found: Json = module.run(given.data, given.n)
    return found


def _without_data(needs: str) -> UsageError:
    return UsageError(
        "this benchmark needs data",
        found="no --data",
        expected=needs,
        action="give --data PATH, once for each",
    )


_FILMS = "a folder of films with masks: metadata.csv, images/, masks_v7/"
_CT = "a folder with example_ct_sm.nii.gz and example_seg.nii.gz (TotalSegmentator's samples)"
BENCHES = {
    "keys": Bench("benchmarks.keys", lambda module, given: module.run()),
    "perturbed": Bench("benchmarks.perturbed", lambda module, given: module.run(given.data)),
    "route": Bench("route.bench", _routed),
    "gate": Bench("benchmarks.gate", lambda module, given: module.run(given.n or 200)),
    "correction": Bench("benchmarks.correction", lambda module, given: module.run(given.n)),
    "mutation": Bench("benchmarks.mutation", lambda module, given: module.run(given.n)),
    "kills": Bench("benchmarks.kills", lambda module, given: module.run(given.n or 60)),
    "synthea": Bench("benchmarks.synthea", lambda module, given: module.run(given.data), "a folder of Synthea bundles"),
    "record-search": Bench("benchmarks.record_search", lambda module, given: module.run(given.n)),
    "ehr-faults": Bench("benchmarks.ehr_faults", lambda module, given: module.run(given.n)),
    "ehr-search": Bench("benchmarks.ehr_search", lambda module, given: module.run(given.data, given.n)),
    "ehr-conformance": Bench("benchmarks.ehr_conformance", lambda module, given: module.run(given.data)),
    "ehr-import": Bench("benchmarks.ehr_import", lambda module, given: module.run(given.data, given.n)),
    "ehr-fuzz": Bench("benchmarks.ehr_fuzz", lambda module, given: module.run(given.data, given.n)),
    "note-check": Bench("benchmarks.note_check", lambda module, given: module.run(given.data, given.n)),
    "dicom": Bench("benchmarks.dicom", lambda module, given: module.run(given.every), "folders of image files"),
    "volume-speed": Bench("benchmarks.volume_speed", lambda module, given: module.run(given.n)),
    "cxr-lungs": Bench("benchmarks.cxr_lungs", lambda module, given: module.run(given.data, given.n), _FILMS),
    "corruption": Bench("benchmarks.corruption", _corrupted),
    "prompts": Bench(
        "benchmarks.prompts", _prompted, "a folder of TotalSegmentator's samples: CT scans with label maps"
    ),
    "ct-organs": Bench("benchmarks.ct_organs", lambda module, given: module.run(given.data, given.n), _CT),
    "ct-speed": Bench("benchmarks.ct_speed", lambda module, given: module.run(given.n)),
    "retina": Bench(
        "benchmarks.retina",
        lambda module, given: module.run(given.data, given.n),
        "a folder of fundus photographs: images/, 1st_manual/, mask/",
    ),
    "zoom": Bench("benchmarks.zoom", lambda module, given: module.run(given.n)),
    "light-head": Bench("benchmarks.light_head", lambda module, given: module.run(given.data, given.n), _FILMS),
    "similar": Bench("benchmarks.similar", lambda module, given: module.run(given.data, given.n), _FILMS),
    "medcalc": Bench(
        "benchmarks.medcalc",
        lambda module, given: module.run(given.every, given.level, given.unmentioned, given.corrected),
        "CSV files of MedCalc-Bench",
    ),
    "calc-notes": Bench("benchmarks.calc_notes", lambda module, given: module.bench(given.data)),
    "calc-choice": Bench("benchmarks.calc_choice", lambda module, given: module.run(given.every)),
    "calc-parity": Bench(
        "benchmarks.calc_parity",
        lambda module, given: module.run(given.data),
        "a folder of structured cases with public-dev.jsonl",
    ),
    "calc-speed": Bench("benchmarks.calc_speed", lambda module, given: module.run(given.n or 20, given.data)),
    "model": Bench("model.bench", lambda module, given: module.run()),
    "replay": Bench("benchmarks.replay", lambda module, given: module.run(given.n)),
    "overhead": Bench("benchmarks.overhead", lambda module, given: module.run(given.n or 10)),
    "ehrsql": Bench(
        "benchmarks.ehrsql", lambda module, given: module.run(given.data, given.n, given.paraphrases, given.level)
    ),
    "medagentbench": Bench(
        "benchmarks.medagentbench",
        lambda module, given: module.run(given.data, given.n, given.paraphrases),
        "a folder with Patient.ndjson, Observation.ndjson, tasks*.json, expected*.json",
    ),
    "unapproved-writes": Bench("benchmarks.unapproved_writes", lambda module, given: module.run(given.n)),
}
NAMES = tuple(BENCHES)


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
    on: Annotated[str, typer.Option(help="corruption: what is spoilt (film, retina, skin, ct).")] = "film",
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Run a benchmark: one document with its interval, n and what was excluded."""
    given = data or []
    other = {"level": level, "corrected": corrected, "unmentioned": unmentioned, "paraphrases": paraphrases, "on": on}
    body = run(name, given[0] if given else None, n, given[1:], **other)
    cases = body.pop("cases", None)
    if per_case is not None:
        rows = cases or [
            {"id": key, **row} if isinstance(row, dict) else {"id": key, "row": row} for key, row in body["by"].items()
        ]
        per_case.write_text("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows), "utf-8")
    emit(body, as_json)


def run(name: str, data: Path | None = None, n: int | None = None, more: Sequence[Path] = (), **other: Any) -> Json:
    """The document of one benchmark; `other`: what else it takes (`Given`).

    Raises:
        UsageError: no such benchmark, or its data is missing.
    """
    if name not in BENCHES:
        raise UsageError(f"no benchmark {name!r}", found=name, expected=", ".join(NAMES), action="name one of these")
    one = BENCHES[name]
    if one.needs is not None and data is None:
        raise _without_data(one.needs)
    return one.call(importlib.import_module(f"evals.{one.module}"), Given(data, n, tuple(more), **other))


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
