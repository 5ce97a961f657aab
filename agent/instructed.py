"""An instruction among questions ("if potassium is below 3.5 order ..."): recognised, and never answered as a question.

A consultation answers; drafts are made by `osler ehr instruct`, and it is named. What the condition speaks of is read,
so that it can be seen beside.
"""

from __future__ import annotations

import re
from datetime import datetime

from agent.instruct_parse import read
from agent.planners.choice import Choice
from knowledge.terminology import Terminology
from tools.errors import BadInput
from tools.notes import linker_for

REASON = "it is an instruction, not a question"
_VERB = (
    r"(?:order|give|start|stop|hold|withhold|suspend|prescribe|administer|replace|supplement|repeat|request|refer|"
    r"book|arrange|send|draw|recheck|record|write)"
)
_IF = r"(?:if|when|whenever|once|unless|as soon as|in case)"
_CONDITIONAL = re.compile(
    rf"^\s*(?:please\s+)?{_IF}\b.*?(?:,|\bthen\b|\d|\b(?:low|high|below|above|normal|positive|negative)\b)"
    rf".*?\b(?:please\s+)?{_VERB}\b(?!\s+(?:was|were|is|of|date))|"
    rf"^\s*(?:please\s+|kindly\s+)?{_VERB}\b.*\b{_IF}\b|"
    rf"\b(?:and|then)\s+{_IF}\b.*\b{_VERB}\b",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(
    r"^\s*(?:please\s+|kindly\s+)?(?:order|prescribe|administer|request|refer|book|hold)\s", re.IGNORECASE
)
_OPEN = ("none", "ask", "lookup")


def instructed(choice: Choice, question: str, terminology: Terminology, now: datetime) -> Choice:
    """The choice, or, where the text is an instruction, the reads of what it speaks of.

    One with a condition is always one; a plain order only where no protocol and no calculation takes the words.
    """
    if "?" in question:
        return choice
    conditional = bool(_CONDITIONAL.search(question))
    if not conditional and not (choice.kind in _OPEN and _PLAIN.search(question)):
        return choice
    try:
        acts = bool(read(question, terminology, now).acts)
    except BadInput:
        # Understood as far as that it is one: what could not be read is said where instructions are.
        acts = conditional
    if not acts:
        return choice
    named = [mention.concept for mention in linker_for(terminology).link(question) if mention.how != "typo"]
    measured = tuple(dict.fromkeys(name for name in named if terminology.get(name).kind == "observation"))
    return Choice("lookup", lookup=measured, reasons=(REASON,), decided_by=choice.decided_by)


def is_instruction(reasons: object) -> bool:
    """Whether a choice was made for an instruction, by its reasons."""
    return isinstance(reasons, list | tuple) and REASON in reasons
