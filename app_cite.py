"""Citations: the numbers of an answer and the chips that open what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from app_parts import GLYPHS, KINDS, Json, day, esc, label, sentence

VISIBLE = 5
# Sources first, then what was worked out, then what it was worked out from.
_ORDER = {"passage": 0, "derivation": 1, "fhir": 2, "statement": 3, "dicom": 4, "reading": 5}


_IMAGE = re.compile(r"image\.(\d+)((?:\.\w+)?)")
_WRITTEN = {
    text.lower(): text for text in (
        "ACC", "ACEP", "AF", "AHA", "AKI", "ASH", "CHEST", "CKD", "EHRA", "ESC", "EU", "KDIGO", "NICE", "NOAC", "NSAID",
        "PE", "StatPearls", "UKKA", "US", "VHD", "VTE", "eGFR",
    )
}


def short_title(source: Json) -> str:
    """A document's id as people cite it: `esc-af-2024` reads `ESC AF 2024`, `apixaban-label` reads `Apixaban label`.

    Letters stand as the document's own title or publisher writes them, where it does.
    """
    written = f"{source.get('title')} {source.get('publisher')} {source.get('section')}"
    parts = []
    for place, part in enumerate(str(source.get("document")).split("-")):
        # CHEST is a society where a document is named after it; elsewhere it is the chest.
        if part in _WRITTEN and (part != "chest" or (place == 0 and "CHEST" in written)):
            parts.append(_WRITTEN[part])
            continue
        found = re.search(rf"\b{re.escape(part)}\b", written, re.IGNORECASE)
        code = re.fullmatch(r"[a-z]{1,4}\d+", part)
        shouted = found is not None and found.group().isupper() and part != "chest"
        parts.append(part.upper() if shouted or code else part)
    text = " ".join(parts)
    return text if text.startswith("eGFR") else text[:1].upper() + text[1:]


class Citations:
    """Numbers evidence in the order in which the answer shows it. Decisions have no number: they are the `why`."""

    def __init__(self, document: Json, names: Mapping[str, str] | None = None) -> None:
        self.names = names or {}
        self.evidence: Json = document.get("evidence", {})
        self.numbers: dict[str, int] = {}
        # What has become of the drafts of its items; a copy of a consultation writes nothing.
        self.drafts: Mapping[str, str] = {}
        self.drafts_allowed = False
        answer = document.get("answer") or {}
        shown = [*document.get("critical", [])]
        for item in shown:
            self._number([item["id"]])
        for part in [*answer.get("claims", []), *answer.get("next_steps", [])]:
            self._number(self.order(part["evidence"]))
        for item in answer.get("differential", []):
            passages = [i for found in item.get("cites", {}).values() for i in found]
            share = item.get("published")
            self._number([*passages, *item.get("considered", []), *([share["source"]] if share else [])])

    def _number(self, ids: Iterable[str]) -> None:
        for found in ids:
            if self.kind(found) not in ("", "decision"):
                self.numbers.setdefault(found, len(self.numbers) + 1)

    def kind(self, evidence_id: str) -> str:
        """The kind of a piece of evidence, or nothing where the document does not hold it."""
        return str(self.evidence.get(evidence_id, {}).get("kind", ""))

    def order(self, ids: Iterable[str]) -> list[str]:
        """Evidence that gets a number, most telling first; what says nothing but "not known" comes last."""
        found = [i for i in dict.fromkeys(ids) if self.kind(i) not in ("", "decision")]
        return sorted(found, key=lambda i: (self._silent(i), _ORDER.get(self.kind(i), 9)))

    def _silent(self, evidence_id: str) -> bool:
        item = self.evidence[evidence_id]
        return item["kind"] != "passage" and item.get("value") is None and item.get("range") is None

    def decision(self, ids: Iterable[str]) -> str | None:
        """The decision among some evidence."""
        return next((i for i in ids if self.kind(i) == "decision"), None)

    def word(self, item: Json) -> str:
        """What a piece of evidence is about, in the terminology's words: its concept, else its slot."""
        image = _IMAGE.fullmatch(item["slot"])
        if image:
            return f"Image {image.group(1)}{image.group(2).replace('.', ' ').replace('_', ' ')}"
        concept = str(item.get("concept") or label(item["slot"]).replace(" ", "_"))
        return self.names.get(concept) or sentence(label(concept))

    def name(self, evidence_id: str) -> str:
        """What a chip is called aloud."""
        item = self.evidence.get(evidence_id, {})
        source = item.get("source", {})
        if item.get("kind") == "passage":
            return f"{short_title(source)}, {source.get('section')}"
        when = f", {day(item.get('effective_at'))}" if item.get("effective_at") else ""
        text = str(item.get("display") or "")
        return f"{self.word(item)}: {text[:90]}{when}"

    def chip(self, evidence_id: str) -> str:
        """One citation."""
        kind, number = self.kind(evidence_id), self.numbers.get(evidence_id)
        if number is None:
            return ""
        told = esc(f"{KINDS.get(kind, kind)}. {self.name(evidence_id)}")
        return (
            f'<button type="button" class="o-cite k-{esc(kind)}" data-do="open" data-evidence="{esc(evidence_id)}" '
            f'title="{told}" aria-label="Evidence {number}. {told}">{number}</button>'
        )

    def chips(self, ids: Iterable[str], owner: str = "") -> str:
        """The citations of a statement: a few, the rest behind a count, then the `why`."""
        ids = list(ids)
        found = self.order(ids)
        near, far = found[:VISIBLE], found[VISIBLE:]
        if len(far) == 1:
            near, far = found, []
        body = "".join(map(self.chip, near))
        if far:
            body += (
                f'<details class="o-more" data-key="more-{esc(owner)}"><summary aria-label="{len(far)} more citations">'
                f'+{len(far)}</summary>{"".join(map(self.chip, far))}</details>'
            )
        why = self.decision(ids)
        if why:
            body += (
                f'<button type="button" class="o-why" data-do="open" data-evidence="{esc(why)}" '
                f'data-owner="{esc(owner)}">why</button>'
            )
        return f'<span class="o-cites">{body}</span>' if body else ""

    def references(self, ids: Iterable[str]) -> str:
        """Lines of evidence."""
        body = "".join(map(self.reference, ids))
        return f'<div class="o-refs">{body}</div>' if body else ""

    def reference(self, evidence_id: str) -> str:
        """A line of evidence as a button, for lists: kind, what it is, what it says."""
        item = self.evidence.get(evidence_id)
        if item is None:
            return ""
        kind = item["kind"]
        number = self.numbers.get(evidence_id)
        if kind == "passage":
            head, text = short_title(item["source"]), item["source"]["section"]
        elif kind == "decision":
            head, text = "Decision", str(item["display"])
        else:
            head = self.word(item)
            said = str(item["display"])
            text = {head.lower(): "yes", f"no {head.lower()}": "no"}.get(said.lower(), said)
        when = f'<span class="o-when">{esc(day(item.get("effective_at")))}</span>' if item.get("effective_at") else ""
        mark = f'<span class="{"o-num" if number else "o-glyph"}">{number or GLYPHS.get(kind, "")}</span>'
        return (
            f'<button type="button" class="o-ref k-{esc(kind)}" data-do="open" data-evidence="{esc(evidence_id)}">'
            f'{mark}'
            f'<span class="o-ref-text"><span class="o-ref-head">{esc(head)}</span> {esc(text[:160])}</span>'
            f'{when}</button>'
        )
