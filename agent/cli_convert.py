"""`osler convert`."""

from __future__ import annotations

from typing import Annotated

import typer


def convert(
    value: float,
    unit: str,
    to: str,
    analyte: Annotated[str | None, typer.Option(help="Id (creatinine) or LOINC code.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """A laboratory value in another unit: `osler convert 106 umol/L mg/dL --analyte creatinine`."""
    from agent.cli import emit
    from tools.calculators.convert_units import convert_value

    emit(convert_value(value, unit, to, analyte).document(), as_json, lambda body: "\n".join(body["steps"]))
