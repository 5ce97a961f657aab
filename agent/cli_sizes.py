"""`osler image measure` and `osler image compare`: sizes of a mask, landmarks, a structure or a chest film alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.cli_asked import INDICES, Asked, about, models, one_of, stated_of, target_of, wanted_of

if TYPE_CHECKING:
    from tools.imaging.comparing import Side
    from tools.imaging.measures.model import Measurement
    from tools.segmenters.contract import Target


def measure(asked: Asked) -> dict[str, Any]:
    """The document of `osler image measure --json`.

    Raises:
        UsageError: an option is not written as it should be, or nothing is named.
        NotAssessable: the measure holds for no such image, or nobody has said what it needs; `action` asks.
        OslerError: a file cannot be read, the mask does not fit, or nothing can be measured.
    """
    if asked.index is not None:
        one_of("--measure", asked.index, dict.fromkeys(INDICES))
        stated_of(asked)
    target = target_of(asked)
    rows, told = _index(asked, target) if asked.index is not None else _plain(asked, target)
    return {
        "measurements": [row.document() for row in rows],
        **about(asked, target),
        "warnings": list(dict.fromkeys([*told, *target.warnings])),
    }


def compare(now: Asked, prior: Asked) -> dict[str, Any]:
    """The document of `osler image compare --json`: every measure that both images have, with its change.

    Raises:
        OslerError: as `measure`, or the two cannot be compared (`tools.imaging.comparing`).
    """
    from tools.imaging.comparing import compared

    if now.lesions is not None:
        return _recist(now, prior)
    one, other = _side(now), _side(prior)
    changes, told = compared(one, other)
    named = {each.name for each in changes}
    return {
        "changes": [each.document() for each in changes],
        "lines": [each.text for each in changes],
        "not_compared": [row.label for row in one.rows if row.label not in named],
        "now": about(now, one.target),
        "prior": about(prior, other.target),
        "warnings": list(dict.fromkeys(told)),
    }


def measure_text(body: dict[str, Any]) -> str:
    """Measurements for people."""
    from tools.imaging.measures.model import shown

    rows = []
    for row in body["measurements"]:
        bounds = tuple(row["range"]) if row["range"] else None
        source = f"; scale: {row['scale_source']}" if row["scale_source"] else ""
        place = f"; slice {row['evidence']['slice']}" if "slice" in row["evidence"] else ""
        rows.append(f"{row['name']}: {shown(row['value'], row['unit'], bounds)}{place}{source}")
    notes = dict.fromkeys(note for row in body["measurements"] for note in row["notes"])
    how = dict.fromkeys(row["range_method"] for row in body["measurements"] if row["range_method"])
    return "\n".join(
        [*rows, *(f"in brackets: {text}" for text in how), *(f"note: {text}" for text in notes)]
        + [f"warning: {text}" for text in body["warnings"]]
    )


def compare_text(body: dict[str, Any]) -> str:
    """Changes for people."""
    if "recist" in body:
        return _recist_text(body)
    rows = [*body["lines"]]
    if body["not_compared"]:
        rows.append(f"not compared: {', '.join(body['not_compared'])}")
    return "\n".join([*rows, *(f"warning: {text}" for text in body["warnings"])])


def _plain(asked: Asked, target: Target) -> tuple[list[Measurement], list[str]]:
    from tools.imaging.chest import frontal
    from tools.imaging.frame import Image
    from tools.imaging.measuring import found_on, of_film, told_of
    from tools.imaging.what import what_is

    wanted = wanted_of(asked)
    if wanted.nothing and isinstance(target, Image) and frontal(target, what_is(target)).answer == "yes":
        return of_film(target)
    found = found_on(target, wanted, models())
    return [row for one in found for row in one.measurements], told_of(found)


def _index(asked: Asked, target: Target) -> tuple[list[Measurement], list[str]]:
    from tools.imaging import indices

    wanted, said = wanted_of(asked), stated_of(asked)
    if asked.index == "fac":
        return indices.area_change(target, wanted, asked.systole)
    if asked.index == "ellipsoid":
        return indices.of_three_diameters(target, wanted)
    rows, told = (indices.laa950 if asked.index == "laa950" else indices.agatston)(target, wanted, said)
    return rows, [*told, *asked.said]


def _recist(now: Asked, prior: Asked) -> dict[str, Any]:
    """Sums of target lesions in place of measures of one structure; the earlier image is the baseline."""
    from tools.errors import UsageError
    from tools.imaging.comparing import in_order, same_kind, same_patient
    from tools.imaging.lesions import lesions_on, named_from, recist

    named = named_from(now.lesions or "")
    if now.mask is None or prior.mask is None:
        raise UsageError(
            "lesions are outlined by a person",
            found="one mask" if now.mask or prior.mask else "no mask",
            expected="a mask on both images, with the same labels",
            action="add --mask FILE --prior-mask FILE",
        )
    target, before = target_of(now), target_of(prior)
    unsure = same_patient(target, before)
    same_kind(target, before)
    in_order(target, now.date, before, prior.date)
    found = recist(lesions_on(target, now.mask, named), lesions_on(before, prior.mask, named))
    return {
        "recist": found,
        "now": about(now, target),
        "prior": about(prior, before),
        "warnings": list(dict.fromkeys([*unsure, found["note"], *target.warnings, *before.warnings])),
    }


def _recist_text(body: dict[str, Any]) -> str:
    from tools.imaging.measures.model import shown

    found = body["recist"]
    rows = [f"targets: {'; '.join(found['targets'])}"]
    rows += [f"no target: {row['name']}: {row['why']}" for row in found["not_targets"]]
    for when, name in (("prior", "baseline"), ("now", "now")):
        total = found[name]
        size = shown(total["value"], total["unit"], (total["range"][0], total["range"][1]))
        rows.append(f"sum of diameters on {(body[when]['taken_at'] or 'an unknown date')[:10]}: {size}")
    change = "not told: a target was not evaluated" if found["percent"] is None else f"{found['percent']:+.0f} %"
    return "\n".join([*rows, f"change: {change}", *(f"warning: {text}" for text in body["warnings"])])


def _side(asked: Asked) -> Side:
    from tools.imaging.comparing import Side
    from tools.imaging.measuring import found_on

    target = target_of(asked)
    return Side(target, found_on(target, wanted_of(asked), models()), asked.date)
