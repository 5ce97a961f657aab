"""The reading tools, listed."""

from __future__ import annotations

from typing import Any

from tools.ehr.reads.care_gaps import care_gaps
from tools.ehr.reads.critical import critical
from tools.ehr.reads.drugs import allergies, allergy, medication
from tools.ehr.reads.encounters import encounters, setting
from tools.ehr.reads.events import immunizations, procedures
from tools.ehr.reads.findings import finding
from tools.ehr.reads.fluids import fluids
from tools.ehr.reads.imaging import imaging
from tools.ehr.reads.limits import times_upper_limit
from tools.ehr.reads.lists import labs, problems, summary, vitals
from tools.ehr.reads.medications import medications
from tools.ehr.reads.microbiology import microbiology
from tools.ehr.reads.notes import notes
from tools.ehr.reads.orders import pending, since
from tools.ehr.reads.person import age, pregnancy, sex
from tools.ehr.reads.results import observation, persists, rise, trend
from tools.ehr.reads.search import record_search
from tools.ehr.reads.statistics import statistic
from tools.ehr.reads.timeline import timeline
from tools.spec import ToolSpec

TOOLS: list[ToolSpec[Any]] = [
    age,
    sex,
    pregnancy,
    finding,
    observation,
    times_upper_limit,
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
    imaging,
    record_search,
    statistic,
    encounters,
    setting,
    microbiology,
    fluids,
    procedures,
    immunizations,
    notes,
    pending,
    since,
    care_gaps,
]
