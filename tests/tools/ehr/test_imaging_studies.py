"""record.imaging: studies with their reports, what is missing of the pair, and the timeline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from knowledge.evidence import Evidence
from tools.ehr.reads.imaging import behind
from tools.ehr.reads.search import record_search

Chart = Callable[..., Any]
Ask = Callable[..., Awaitable[list[Evidence]]]
STUDY = {
    "id": "i1",
    "text": "Chest film",
    "at": "2026-02-01T10:00:00Z",
    "uid": "2.25.1",
    "series": [
        {
            "uid": "2.25.2",
            "modality": "DX",
            "images": 2,
            "site": "Thoracic structure (body structure)",
            "site_code": "51185008",
        }
    ],
}
REPORT = {
    "id": "r1",
    "text": "Chest X-ray report",
    "at": "2026-02-01T10:00:00Z",
    "author": "Dr Ray",
    "study": "i1",
    "conclusion": "Right lower lobe consolidation. No effusion.",
}


async def test_a_study_and_its_report(chart: Chart, ask: Ask) -> None:
    head, study, report = await ask(await chart(imaging=[STUDY], reports=[REPORT]), "record.imaging")
    assert (head.value, head.display) == (1.0, "1 imaging study")
    assert study.display.startswith("Chest film (digital radiography of thoracic structure), 1 series, 2 images")
    assert "report DiagnosticReport/p1-r1" in study.display
    assert report.value == REPORT["conclusion"] and report.source.path == "DiagnosticReport.conclusion"


async def test_what_is_missing_of_the_pair_is_said(chart: Chart, ask: Ask) -> None:
    alone = {**REPORT, "study": None, "id": "r2", "at": "2025-01-01T10:00:00Z"}
    head, study, report = await ask(await chart(imaging=[STUDY], reports=[alone]), "record.imaging")
    assert head.value == 2.0 and "1 without a report" in head.display
    assert (
        "no report in the record" in study.display and "where the images are kept is not stated" in study.source.flags
    )
    assert "no imaging study in the record" in report.source.flags


async def test_a_cancelled_study_does_not_count(chart: Chart, ask: Ask) -> None:
    (head,) = await ask(await chart(imaging=[{**STUDY, "status": "cancelled"}]), "record.imaging")
    assert head.value == 0.0
    assert head.display.startswith("no imaging study found in the record as of 2026-03-02; 1 left out: cancelled")


async def test_a_laboratory_report_is_no_imaging(chart: Chart, ask: Ask) -> None:
    lab = {**REPORT, "section": "LAB", "study": None, "text": "Lipid panel"}
    assert (await ask(await chart(reports=[lab]), "record.imaging"))[0].value == 0.0


async def test_the_timeline_holds_the_study(chart: Chart, ask: Ask) -> None:
    told = [item.display for item in await ask(await chart(imaging=[STUDY]), "record.timeline")]
    assert any(text.startswith("ImagingStudy: Chest film (digital radiography") for text in told)


async def test_the_conclusion_is_found_and_its_denial_shown(chart: Chart) -> None:
    found = await record_search.call({"text": "effusion"}, await chart(imaging=[STUDY], reports=[REPORT]))
    (hit,) = found.detail["hits"]
    assert (hit["path"], hit["assertion"]) == ("DiagnosticReport.conclusion", "absent")
    assert REPORT["conclusion"][hit["start"] : hit["end"]] == "No effusion."


async def test_what_the_page_shows_behind_a_study_is_its_report(chart: Chart) -> None:
    record = (await chart(imaging=[STUDY], reports=[REPORT])).record
    for reference in ("ImagingStudy/p1-i1", "DiagnosticReport/p1-r1"):
        heading, text = await behind(record, reference)
        assert "Right lower lobe consolidation" in text and "Dr Ray" in heading
    assert await behind(record, "Observation/o1") is None
