"""The reading tools, listed."""

from __future__ import annotations

from typing import Any

from tools.ehr.critical import critical
from tools.ehr.reads_drugs import allergies, allergy, medication, medications
from tools.ehr.reads_findings import finding
from tools.ehr.reads_lists import labs, problems, summary, timeline, vitals
from tools.ehr.reads_person import age, pregnancy, sex
from tools.ehr.reads_results import observation, persists, rise, trend
from tools.spec import ToolSpec

TOOLS: list[ToolSpec[Any]] = [
    age,
    sex,
    pregnancy,
    finding,
    observation,
    medication,
    allergy,
    persists,
    rise,
    problems,
    medications,
    allergies,
    labs,
    vitals,
    trend,
    timeline,
    summary,
    critical,
]
