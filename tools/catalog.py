"""Every tool, listed. Nothing registers itself on import; a test finds a declared tool that is missing here."""

from __future__ import annotations

import functools
from typing import Any

from tools.spec import ToolSpec


@functools.cache
def catalog() -> dict[str, ToolSpec[Any]]:
    """All tools by name."""
    from tools import guidelines, logic, notes
    from tools.ask.tool import TOOLS as record_asks
    from tools.calculators.tool import calculator_tools
    from tools.convert import units_convert
    from tools.drug_safety.check import check_list
    from tools.drugs import renal_dosing
    from tools.ehr.reads.catalog import TOOLS as record_reads
    from tools.fill.tool import record_input
    from tools.imaging import film_facts, measure, outline_sizes, outline_tools, sizes
    from tools.imaging.classify_tool import TOOLS as classifiers
    from tools.imaging.describe import image_describe
    from tools.imaging.similar_tool import image_similar
    from tools.vlm.read import image_read

    specs: list[ToolSpec[Any]] = [
        *record_reads,
        *record_asks,
        record_input,
        *notes.TOOLS,
        *calculator_tools(),
        units_convert,
        guidelines.guideline_search,
        renal_dosing,
        check_list,
        image_describe,
        *film_facts.TOOLS,
        *measure.TOOLS,
        *sizes.TOOLS,
        *outline_tools.TOOLS,
        *outline_sizes.TOOLS,
        *classifiers,
        image_read,
        image_similar,
        *logic.TOOLS,
    ]
    return {spec.name: spec for spec in specs}
