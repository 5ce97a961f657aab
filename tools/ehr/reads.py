"""The reading tools, listed."""

from __future__ import annotations

from typing import Any

from tools.ehr.critical import critical
from tools.ehr.reads_care_gaps import care_gaps
from tools.ehr.reads_drugs import allergies, allergy, medication
from tools.ehr.reads_encounters import encounters, setting
from tools.ehr.reads_events import immunizations, procedures
from tools.ehr.reads_findings import finding
from tools.ehr.reads_fluids import fluids
from tools.ehr.reads_imaging import imaging
from tools.ehr.reads_limits import times_upper_limit
from tools.ehr.reads_lists import labs, problems, summary, vitals
from tools.ehr.reads_medications import medications
from tools.ehr.reads_microbiology import microbiology
from tools.ehr.reads_notes import notes
from tools.ehr.reads_orders import pending, since
from tools.ehr.reads_person import age, pregnancy, sex
from tools.ehr.reads_results import observation, persists, rise, trend
from tools.ehr.reads_search import record_search
from tools.ehr.reads_statistics import statistic
from tools.ehr.reads_timeline import timeline
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
