"""Encounters, setting and windows that hang on them; statistics as a tool."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.evidence import Derivation
from tools.ehr.reads.statistics import statistic
from tools.errors import BadInput, NotAssessable

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def stay(id_: str, code: str, start: str | None, end: str | None = None, **more: Any) -> dict[str, Any]:
    period = {key: value for key, value in {"start": start, "end": end}.items() if value}
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished" if end else "in-progress",
        "class": {"system": ACT, "code": code},
        "subject": {"reference": "Patient/p1"},
        "period": period,
        **more,
    }


def ward(name: str, start: str, end: str | None = None) -> dict[str, Any]:
    period = {key: value for key, value in {"start": start, "end": end}.items() if value}
    return {"location": {"reference": f"Location/{name.replace(' ', '-')}", "display": name}, "period": period}


ADMISSION = stay(
    "adm",
    "IMP",
    "2026-02-27T20:00:00Z",
    location=[
        ward("Ward 4B", "2026-02-27T20:00:00Z", "2026-03-01T02:00:00Z"),
        ward("Medical ICU", "2026-03-01T02:00:00Z"),
    ],
)


async def test_setting_with_ward_and_length_of_stay(chart: Any, ask: Any) -> None:
    ctx = await chart(resources=[stay("old", "AMB", "2025-05-01T09:00:00Z", "2025-05-01T09:20:00Z"), ADMISSION])
    found = (await ask(ctx, "record.setting"))[0]
    assert found.value == "intensive care"
    assert "inpatient admission" in found.display
    assert "2 days so far, Medical ICU since 2026-03-01 02:00" in found.display


async def test_intensive_care_by_the_locations_own_type(chart: Any, ask: Any) -> None:
    place = {
        "resourceType": "Location",
        "id": "Unit-7",
        "name": "Unit 7",
        "type": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "ICU"}]}],
    }
    body = stay("adm", "IMP", "2026-03-01T20:00:00Z", location=[ward("Unit 7", "2026-03-01T20:00:00Z")])
    found = (await ask(await chart(resources=[place, body]), "record.setting"))[0]
    assert found.value == "intensive care"


async def test_an_intensive_care_stay_inside_an_admission(chart: Any, ask: Any) -> None:
    unit = stay(
        "icu",
        "ACUTE",
        "2026-03-01T20:00:00Z",
        partOf={"reference": "Encounter/adm"},
        serviceType={"text": "intensive care"},
    )
    ctx = await chart(resources=[stay("adm", "IMP", "2026-02-27T20:00:00Z"), unit])
    found = await ask(ctx, "record.setting")
    assert found[0].value == "intensive care"
    assert "since 2026-02-27 20:00, 2 days so far" in found[0].display
    assert found[1].display.startswith("inpatient (intensive care), 2026-03-01 20:00 goes on, 13 hours so far")


async def test_without_an_encounter_that_goes_on_the_setting_is_unknown(chart: Any, ask: Any) -> None:
    ctx = await chart(resources=[stay("old", "IMP", "2025-05-01T09:00:00Z", "2025-05-04T09:00:00Z")])
    found = (await ask(ctx, "record.setting"))[0]
    assert found.value is None
    assert "no encounter goes on at the clock; last: inpatient" in found.display
    assert "3 days" in found.display


async def test_an_encounter_that_ended_after_the_clock_goes_on(chart: Any, ask: Any) -> None:
    ctx = await chart(resources=[stay("adm", "IMP", "2026-03-01T09:00:00Z", "2026-03-05T09:00:00Z")])
    found = (await ask(ctx, "record.setting"))[0]
    assert found.value == "inpatient"
    assert "2026-03-05" not in found.display


async def test_encounters_are_counted_and_the_cancelled_left_out_by_name(chart: Any, ask: Any) -> None:
    rows = [stay(f"v{n}", "AMB", f"2025-0{n}-01T09:00:00Z", f"2025-0{n}-01T10:00:00Z") for n in range(1, 5)]
    rows.append(stay("x", "AMB", "2025-06-01T09:00:00Z", status="cancelled"))
    found = await ask(await chart(resources=rows), "record.encounters", limit=3)
    assert found[0].display == "3 of 4 encounters shown, newest first; 1 left out: status cancelled"
    assert found[0].value == 4.0
    assert found[1].display.startswith("outpatient, 2025-04-01 09:00 to 2025-04-01 10:00, 60 minutes")


def creatinine(id_: str, value: float, at: str) -> dict[str, Any]:
    return {"id": id_, "code": "loinc:2160-0", "text": "Creatinine", "value": value, "unit": "mg/dL", "at": at}


LABS = [
    creatinine("a", 0.9, "2026-02-20T08:00:00Z"),
    creatinine("b", 1.4, "2026-02-28T08:00:00Z"),
    creatinine("c", 1.8, "2026-03-01T10:00:00Z"),
    creatinine("d", 1.6, "2026-03-02T08:00:00Z"),
]


@pytest.mark.parametrize(
    ("arguments", "value", "shown"),
    [
        ({"statistic": "mean", "last": "24 h"}, 1.7, "mean of creatinine, last 24 hours: 1.7 mg/dL (2 results)"),
        ({"statistic": "maximum", "encounter": "current"}, 1.8, "highest creatinine, since inpatient admission"),
        ({"statistic": "count", "since": "2026-02-28"}, 3.0, "number of results of creatinine, from 2026-02-28: 3"),
        ({"statistic": "first"}, 0.9, "oldest creatinine: 0.9 mg/dL (2026-02-20)"),
        ({"statistic": "change", "unit": "umol/L"}, 61.9, "change of creatinine: 61.88 µmol/L (4 results)"),
        ({"statistic": "count", "op": ">", "value": {"value": 1.5, "unit": "mg/dL"}}, 2.0, "2 (2 results)"),
        ({"statistic": "count", "until": "2026-02-01"}, 0.0, "number of results of creatinine, before 2026-02-01: 0"),
    ],
)
async def test_statistics_over_windows(
    chart: Any, ask: Any, arguments: dict[str, Any], value: float, shown: str
) -> None:
    ctx = await chart(resources=[ADMISSION], observations=LABS)
    found = (await ask(ctx, "record.statistic", concept="creatinine", **arguments))[0]
    assert found.value == pytest.approx(value, abs=0.05)
    assert shown in found.display


async def test_a_statistic_carries_every_result_it_rests_on(chart: Any, ask: Any) -> None:
    withdrawn = {**creatinine("e", 9.9, "2026-03-02T08:30:00Z"), "status": "entered-in-error"}
    head, *items = await ask(
        await chart(observations=[*LABS, withdrawn]), "record.statistic", concept="creatinine", statistic="mean"
    )
    assert isinstance(head.source, Derivation)
    assert head.source.inputs == tuple(item.id for item in items)
    assert len(items) == 4
    assert "1 left out: entered in error" in head.display


async def test_a_test_that_only_the_record_names(chart: Any) -> None:
    rows = [{"id": "z", "text": "Anion gap 4", "value": 12, "unit": "mmol/L", "at": "2026-03-01T08:00:00Z"}]
    output = await statistic.call({"name": "anion gap 4", "statistic": "latest"}, await chart(observations=rows))
    assert output.evidence[0].value == 12.0


async def test_per_day(chart: Any) -> None:
    ctx = await chart(observations=LABS)
    arguments = {"concept": "creatinine", "statistic": "maximum", "per": "day"}
    detail = (await statistic.call(arguments, ctx)).detail
    assert [row["value"] for row in detail["per"].values()] == [0.9, 1.4, 1.8, 1.6]


async def test_since_admission_without_one_is_not_guessed(chart: Any, ask: Any) -> None:
    ctx = await chart(observations=LABS)
    with pytest.raises(NotAssessable, match="no encounter goes on"):
        await ask(ctx, "record.statistic", concept="creatinine", statistic="mean", encounter="current")
    with pytest.raises(BadInput, match="two windows"):
        await ask(ctx, "record.statistic", concept="creatinine", statistic="mean", encounter="current", since="2026")
    with pytest.raises(BadInput, match="no length of time"):
        await ask(ctx, "record.statistic", concept="creatinine", statistic="mean", last="3 mg")


async def test_an_incomplete_record_gives_no_zero(chart: Any, ask: Any) -> None:
    ctx = await chart()
    (await ctx.record.slice("Observation")).problems.append("the server counts 9, its pages hold 0")
    found = (await ask(ctx, "record.statistic", concept="creatinine", statistic="count"))[0]
    assert found.value is None
    assert "absence is not shown" in found.display


async def test_a_place_without_a_period_and_a_stay_without_a_beginning(chart: Any, ask: Any) -> None:
    bare = {"location": {"display": "Ward 9"}}
    ctx = await chart(resources=[stay("adm", "IMP", "2026-03-01T20:00:00Z", location=[bare])])
    assert "Ward 9" in (await ask(ctx, "record.setting"))[0].display
    body = stay("adm", "IMP", None)
    del body["period"]
    ctx = await chart(resources=[body])
    found = (await ask(ctx, "record.setting"))[0]
    assert found.value == "inpatient"
    assert "beginning not recorded" in found.display
    with pytest.raises(NotAssessable):
        await statistic.call({"concept": "creatinine", "statistic": "count", "encounter": "current"}, ctx)


async def test_a_ward_entered_after_the_clock_is_not_known(chart: Any, ask: Any) -> None:
    wards = [ward("Ward 1", "2026-03-01T20:00:00Z", "2026-03-03T10:00:00Z"), ward("Ward 2", "2026-03-03T10:00:00Z")]
    body = stay("adm", "IMP", "2026-03-01T20:00:00Z", "2026-03-04T10:00:00Z", location=wards)
    items = await ask(await chart(resources=[body]), "record.encounters")
    assert "Ward 1" in items[1].display
    assert "Ward 2" not in items[1].display


async def test_stays_are_in_order_of_time_not_of_writing(chart: Any, ask: Any) -> None:
    late = stay("late", "AMB", "2026-02-27T23:00:00-05:00", "2026-02-27T23:30:00-05:00")
    early = stay("early", "AMB", "2026-02-28T01:00:00Z", "2026-02-28T01:30:00Z")
    items = await ask(await chart(resources=[early, late]), "record.encounters")
    assert items[1].source.reference == "Encounter/late"
