"""Laws of reading: no text is too odd, every span is exact, no number is used twice, and time is bounded."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tools.fill.context import Context
from tools.fill.measures import measures
from tools.fill.slots import fill
from tools.fill.text import note_text

WORDS = (
    "creatinine", "Na", "K+", "Cl-", "(BUN)", "weight", "height", "BP", "120/80", "138", "4,1", "1.2", "mg/dL",
    "mmol/L", "10^9/L", "x 109/L", "kg", "cm", "5'4\"", "11 st 4 lb", "62-year-old", "woman", "he", "from", "to",
    "and", ",", ":",
    "(", ")", "135-145", "normal range", "<", "≥", "respectively", "urine", "\n", ".", "%", "on admission", "−1.8", "/",
    "12 900/μL", "his mother", "37.5°C", "T", "\u202f", "|", "aged", "6", "weeks", "µmol/L", "ratio", "was",
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=40))
def test_spans_are_exact_and_numbers_are_used_once(words: list[str]) -> None:
    text = " ".join(["The patient was seen.", *words])
    note = note_text(text)
    context = Context(note)
    for mention in (*measures(note), *context.ages, *context.sexes):
        assert text[mention.start : mention.end] == mention.quote and mention.quote.strip()
        assert note.flat[mention.start : mention.end].strip()
    pairs = [(mention.concept, mention.start, mention.end) for mention in measures(note)]
    assert len(pairs) == len(set(pairs))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    note = "The patient was seen. " + text
    found = fill("bmi", note) if sum(map(str.isascii, note)) * 2 > len(note) else None
    assert found is None or set(found.inputs) <= {"weight", "height"}


def test_a_very_long_note_is_read_in_bounded_time() -> None:
    started = time.process_time()
    found = fill("ckd_epi_2021", "She is 62 years old, creatinine 1.2 mg/dL and weight 70 kg on day 5, " * 1500)
    assert found.missing == () and time.process_time() - started < 8
