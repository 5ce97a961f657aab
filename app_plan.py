"""The plan before it runs: what would be done, step by step, each of which can be left out. Pure: JSON in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app_forms import who_input
from app_parts import Json, count, esc, fold, label, sentence
from app_steps import tool_name

STEP = "step:"
ADD = "add"
_GROUPS = ("Record", "Notes", "Calculation", "Drug labels", "Guidelines", "Criterion")


def plan_form(question: str, plan: Json, titles: Mapping[str, str], criteria: Mapping[str, str], by: str,
              role: str) -> str:
    """What waits for approval: the protocols and their steps; a step without its tick is not run.

    Args:
        plan: {"consultation", "protocols", "steps": [{"item", "tool"}]}, steps that have run already left out.
    """
    groups: dict[str, list[Json]] = {}
    for step in plan["steps"]:
        groups.setdefault(tool_name(step["tool"]), []).append(step)
    order = sorted(groups, key=lambda name: (_GROUPS.index(name) if name in _GROUPS else len(_GROUPS), name))
    folds = "".join(
        fold(f"plan-{name}", f'{esc(name)} <span class="o-count">{len(groups[name])}</span>',
             f'<ul class="o-plan-steps">{"".join(_row(step, criteria) for step in groups[name])}</ul>')
        for name in order
    )
    names = "".join(f'<p><b>{esc(titles.get(name, name))}</b></p>' for name in plan["protocols"])
    return (
        f'<article class="o-answer o-waiting" aria-label="Plan"><header class="o-answer-head"><h2>{esc(question)}</h2>'
        '<p class="o-meta"><span class="o-state">Plan, nothing of it has run yet</span></p></header>'
        f'<div class="o-plan">{names}<p class="o-hint">{count(len(plan["steps"]), "step")}. Take the tick from what '
        'is not to be done; what rests on it is then not known.</p></div>'
        f'<form class="o-form" data-do="begin"><input type="hidden" name="consultation" '
        f'value="{esc(plan["consultation"])}">{folds}<label class="o-field">Also work out or read '
        '<span class="o-faint">a protocol, a score, or what the record holds; several with commas</span>'
        f'<input name="{ADD}" placeholder="potassium, CHA2DS2-VASc, hypertension"></label><div class="o-quantity">'
        f'{who_input(by)}'
        f'<label class="o-field">Your role<input name="role" required value="{esc(role)}"></label></div>'
        '<button type="submit" class="o-button">Run this plan</button></form></article>'
    )


def _row(step: Json, criteria: Mapping[str, str]) -> str:
    slot = str(step["item"])
    words = criteria.get(slot) or sentence(label(slot))
    return (f'<li><label><input type="checkbox" name="{STEP}{esc(slot)}" value="yes" checked> {esc(words)} '
            f'<span class="o-faint">{esc(step["tool"])}</span></label></li>')


def dropped(plan: Json, fields: Mapping[str, Any]) -> list[str]:
    """The steps whose tick was taken away."""
    return [step["item"] for step in plan["steps"] if fields.get(f"{STEP}{step['item']}") != "yes"]


def added(fields: Mapping[str, Any]) -> list[str]:
    """What is to be done besides."""
    return [part.strip() for part in str(fields.get(ADD) or "").split(",") if part.strip()]
