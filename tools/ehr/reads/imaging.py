"""record.imaging: what was imaged when, with which modality, how many images, and what the report says.

A study and its report are one item where the record links them (an ImagingStudy named by the report, or the same
order); otherwise each stands alone, and what is missing of the pair is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from knowledge.evidence import Evidence
from tools.ehr.compartment import local_reference, walk
from tools.ehr.elements import codings, words
from tools.ehr.reads.reading import NoParams, fact, nothing, plural, record_of
from tools.ehr.record import Entry, PatientRecord
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

# DICOM modality codes (CID 29, PS3.16) in words, where a study gives the code alone.
MODALITIES = {
    "CR": "computed radiography",
    "CT": "CT",
    "DX": "digital radiography",
    "MG": "mammography",
    "MR": "MRI",
    "NM": "nuclear medicine",
    "PT": "PET",
    "RF": "fluoroscopy",
    "US": "ultrasound",
    "XA": "X-ray angiography",
}
# DiagnosticReport.category: imaging sections of HL7 table 0074 (v2-0074), and LOINC "Radiology" (US Core's category).
_SECTIONS = {"RAD", "RX", "CT", "NMR", "NMS", "RUS", "VUS", "OUS", "CUS", "XRC", "LP29684-5"}

_WRITTEN = re.compile(r"\b(?:radiolog\w*|imaging|x-?ray|ultrasound)\b", re.IGNORECASE)


@tool("record.imaging", version="1.0.0", kind="record", title="Imaging studies and their reports")
async def imaging(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Every imaging study and imaging report, newest first: modality, body site, series and images, conclusion."""
    record = record_of(ctx)
    studies, reports = await record.slice("ImagingStudy"), await record.slice("DiagnosticReport")
    imaged = [entry for entry in reports.entries if is_imaging(entry)]
    pairs = _pairs(studies.entries, imaged, record.client.base)
    items: list[Evidence] = []
    for study, told in pairs:
        items += _items(ctx, study, told)
    left = [*studies.rejected, *(entry for entry in reports.rejected if is_imaging(entry))]
    problems = tuple(dict.fromkeys([*studies.problems, *reports.problems]))
    flags = [f"left out: {entry.verdict.reason} ({entry.reference})" for entry in left]
    aside = f"; {len(left)} left out: {', '.join(dict.fromkeys(e.verdict.reason for e in left))}" if left else ""
    day = ctx.now.date().isoformat()
    total = len(pairs)
    unread = sum(1 for study, told in pairs if study is not None and not told)
    shown = f"{plural(total, 'imaging study')}" if total else f"no imaging study found in the record as of {day}"
    head = nothing(
        ctx,
        f"{studies.query} and {reports.query}&category=imaging",
        shown + (f", {unread} without a report" if unread else "") + aside,
        value=float(total) if not problems else None,
        unit="1",
        flags=(*flags, *problems),
        complete=not problems,
        concept="imaging",
    )
    return ToolOutput(evidence=[head, *items], warnings=list(problems))


def is_imaging(entry: Entry) -> bool:
    """Whether a report is of an image: by its category, or because it names a study."""
    found = {coding.code for item in entry.resource.get("category") or [] for coding in codings(item)}
    said = (str(text) for path in ("category.text", "category.coding.display") for text in walk(entry.resource, path))
    named = any(_WRITTEN.search(text) for text in said)
    return bool(found & _SECTIONS) or named or bool(entry.resource.get("imagingStudy"))


def _pairs(studies: list[Entry], reports: list[Entry], base: str) -> list[tuple[Entry | None, list[Entry]]]:
    """Each study with its reports, reports without a study after them, all newest first."""
    told: dict[str, list[Entry]] = {study.reference: [] for study in studies}
    alone = []
    for report in reports:
        named = set(_targets(report, ("imagingStudy",), base)) & told.keys()
        orders = set(_targets(report, ("basedOn",), base))
        named = named or {
            study.reference for study in studies if orders and orders & set(_targets(study, ("basedOn",), base))
        }
        for reference in named:
            told[reference].append(report)
        if not named:
            alone.append(report)
    pairs: list[tuple[Entry | None, list[Entry]]] = [(study, told[study.reference]) for study in studies]
    pairs += [(None, [report]) for report in alone]
    return sorted(pairs, key=lambda pair: (pair[0] or pair[1][0]).at or "", reverse=True)


def _targets(entry: Entry, elements: tuple[str, ...], base: str) -> Iterator[str]:
    for element in elements:
        for reference in walk(entry.resource, element):
            if target := local_reference(reference, base):
                yield "/".join(target)


def study_text(entry: Entry) -> str:
    """A study in words: modality, body site, what it is called, how much there is of it."""
    resource = entry.resource
    modality = ", ".join(dict.fromkeys(_modalities(entry))) or "modality not stated"
    shown_sites = (str(text).partition(" (")[0].lower() for text in walk(resource, "series.bodySite.display"))
    sites = dict.fromkeys(shown_sites)
    title = resource.get("description") or words(resource.get("procedureCode"))
    parts = [modality]
    if sites:
        parts.append(f"of {', '.join(sites)}")
    shown = " ".join(parts)
    if title:
        shown = f"{title} ({shown})"
    return f"{shown}, {_amount(entry)}"


def _modalities(entry: Entry) -> Iterator[str]:
    for path in ("modality", "series.modality"):
        for coding in walk(entry.resource, path):
            if isinstance(coding, dict) and (coding.get("code") or coding.get("display")):
                code = str(coding.get("code", ""))
                yield MODALITIES.get(code) or str(coding.get("display") or code)


def _amount(entry: Entry) -> str:
    """Series and images as the study counts them, else as it lists them."""
    listed = [series for series in entry.resource.get("series") or [] if isinstance(series, dict)]
    series = entry.resource.get("numberOfSeries")
    images = entry.resource.get("numberOfInstances")
    if images is None and listed and all(isinstance(row.get("numberOfInstances"), int) for row in listed):
        images = sum(row["numberOfInstances"] for row in listed)
    counted = series if isinstance(series, int) else len(listed) or None
    told = [f"{counted} series"] if counted is not None else []
    told += [plural(int(images), "image")] if isinstance(images, int) else []
    return ", ".join(told) or "number of images not stated"


def _items(ctx: ToolContext, study: Entry | None, reports: list[Entry]) -> Iterator[Evidence]:
    if study is not None:
        has = [entry.reference for entry in reports]
        where = [str(item.get("reference")) for item in walk(study.resource, "endpoint") if isinstance(item, dict)]
        told = f"report {', '.join(has)}" if has else "no report in the record"
        kept = f"images at {', '.join(where)}" if where else "where the images are kept is not stated"
        yield fact(
            ctx,
            study,
            study_text(study),
            f"{study_text(study)}; {told}",
            path="ImagingStudy",
            slot=f"{ctx.slot}.{study.reference.replace('/', '-')}",
            flags=(kept,),
            concept="imaging study",
        )
    for report in reports:
        said = conclusion(report)
        name = report.text or "report"
        flags = f" ({', '.join(report.verdict.flags)})" if report.verdict.flags else ""
        yield fact(
            ctx,
            report,
            said or None,
            f"{name}{flags}: {said}" if said else f"{name}{flags}: no conclusion in words",
            path="DiagnosticReport.conclusion" if said else "DiagnosticReport.code",
            slot=f"{ctx.slot}.{report.reference.replace('/', '-')}",
            flags=() if study is not None else ("no imaging study in the record",),
            concept="imaging report",
        )


def conclusion(entry: Entry) -> str:
    """What a report concludes, in its own words; else its coded conclusion."""
    text = entry.resource.get("conclusion")
    if isinstance(text, str) and text.strip():
        return " ".join(text.split())
    return ", ".join(words(item) for item in entry.resource.get("conclusionCode") or [] if words(item))


async def behind(record: PatientRecord, reference: str) -> tuple[str, str] | None:
    """Heading and text of a report, or of what is said about a study; None where there is no such resource.

    Raises:
        UpstreamError: the server failed.
    """
    kind = reference.partition("/")[0]
    if kind not in ("DiagnosticReport", "ImagingStudy"):
        return None
    entry = next((item for item in (await record.slice(kind)).entries if item.reference == reference), None)
    if entry is None:
        return None
    told = [entry]
    if kind == "ImagingStudy":
        reports = [item for item in (await record.slice("DiagnosticReport")).entries if is_imaging(item)]
        told = next(found for study, found in _pairs([entry], reports, record.client.base) if study is not None)
    texts = [f"{item.text}: {conclusion(item) or 'no conclusion in words'}" for item in told]
    by = [str(name) for item in told for name in walk(item.resource, "performer.display")]
    title = study_text(entry) if kind == "ImagingStudy" else entry.text
    heading = ", ".join(part for part in (title, *dict.fromkeys(by), (entry.at or "")[:10]) if part)
    return heading, "\n".join(texts) or "no report in the record"
