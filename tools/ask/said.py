"""A query in one plain line, so that the reader sees how the question was taken."""

from __future__ import annotations

from tools.ask.query import Filter, Pick, Query, Relation, Select, Window

_NTH = {1: "", 2: "2nd ", 3: "3rd "}
_KINDS = {
    "icu": "intensive care stay",
    "stay": "hospital stay",
    "careunit": "care unit",
    "person": "patient",
    "any": "entry",
}
_AGGREGATES = {"mean": "mean", "min": "lowest", "max": "highest", "sum": "total", "median": "median", "count": "count"}


def said(query: Query) -> str:
    """The line."""
    parts = []
    if query.wants == "field":
        parts.append(f"{(query.field or '').replace('_', ' ')} of the {_select(query.select)}")
    elif query.against is not None:
        verb = (
            "whether"
            if query.wants == "compare"
            else "new in"
            if query.select.kind == "prescription"
            else "difference between"
        )
        joint = (
            f"{query.compare}"
            if query.wants == "compare"
            else "compared with"
            if query.select.kind == "prescription"
            else "and"
        )
        statistic = _AGGREGATES.get(query.aggregate or "", "")
        parts.append(f"{verb} {statistic} {_select(query.select)} {joint} {_select(query.against)}")
    else:
        statistic = _AGGREGATES.get(query.aggregate or "", "")
        lead = {
            "value": _AGGREGATES.get(query.aggregate or "", "value") + " of",
            "time": "discharge time of" if query.field == "discharged" else "time of",
            "exists": "whether there is any", "count": f"number of {query.count_of} of",
            "elapsed": f"time since ({query.elapsed_in or 'days'})", "length": "length of",
            "dose": f"{statistic} dose of",
            "route": "route of", "who": "who did", "name": "name of", "list": "list of", "patients": "patients with",
            "rate": f"{query.horizon_years}-year {query.rate} after",
            "expansion": "full wording of", "percentile": f"percentile of {query.number} among results of",
        }.get(query.wants, query.wants)  # fmt: skip
        per = f" per {query.per}" if query.per else ""
        top = f"the {query.top} most frequent: " if query.top else ""
        parts.append(f"{top}{lead} {_select(query.select)}{per}")
    if query.everyone:
        group = query.group
        ages = f", aged {group.age_from or 0} to {group.age_to or 'any'}" if group.age_from or group.age_to else ""
        gender = f", {group.gender}" if group.gender else ""
        parts.append(f"of all patients{gender}{ages}{', in hospital now' if group.current else ''}")
    if query.unit:
        parts.append(f"in {query.unit}")
    return "Read as: " + ", ".join(" ".join(part.split()) for part in parts)


def _select(select: Select) -> str:
    names = (" with " if select.together else " or ").join(name.text for name in select.what)
    kind = _KINDS.get(select.kind, select.kind)
    pick = _pick(select.pick) if select.pick else ""
    extreme = f"{select.extreme} " if select.extreme else ""
    where = "".join(f", {_filter(item)}" for item in select.where)
    times = f", {'at least ' if select.at_least else ''}{select.times} times" if select.times else ""
    related = _relation(select.relation) if select.relation else ""
    return f"{pick}{extreme}{kind}{f' {names}' if names else ''}{where}{times}{_when(select.window)}{related}"


def _pick(pick: Pick) -> str:
    return f"{_NTH.get(pick.n, f'{pick.n}th ')}{pick.end} "


def _filter(item: Filter) -> str:
    return (
        f"{item.field} {item.op} {item.value}{f' {item.unit}' if item.unit else ''}"
        if item.field not in ("normal", "abnormal")
        else item.field
    )


def _when(window: Window) -> str:
    parts = []
    if window.stay:
        order = "" if window.stay.which == "current" else _NTH.get(window.stay.n, f"{window.stay.n}th ")
        parts.append(f" during the {order}{window.stay.which} {_KINDS.get(window.stay.kind, window.stay.kind)}")
    form = "%Y-%m-%d %H:%M"
    if window.since:
        parts.append(f" from {window.since.strftime(form)}")
    if window.until:
        parts.append(f" until {window.until.strftime(form)}")
    return "".join(parts)


def _relation(relation: Relation) -> str:
    within = {"stay": " in the same stay", "day": " on the same day", "month": " in the same month", "any": ""}.get(
        relation.within, ""
    )
    if relation.within == "duration":
        within = f" {'more than' if relation.beyond else 'within'} {relation.amount:g} {relation.unit}s"
    return f"{within} {relation.order} {_select(relation.to)}"
