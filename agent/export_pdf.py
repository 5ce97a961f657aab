"""A consultation as PDF: what the Markdown export says, with the same numbers, paged.

The typeface is the one that comes with the library, so that the same answer gives the same file everywhere.
"""

from __future__ import annotations

import functools
import html
import io
import unicodedata
from pathlib import Path
from typing import Any

from agent.export import NOT_A_DEVICE, said, source_line
from agent.state import Board, Json, State

_FACES = {"Osler": "Vera.ttf", "Osler-Bold": "VeraBd.ttf", "Osler-Italic": "VeraIt.ttf"}
_LOST = "�"
_GAP = 4
# What the typeface lacks and plain letters say as well.
_WRITTEN = {"‐": "-", "‑": "-", "−": "-", "→": "->", "←": "<-", "″": '"', "′": "'", "•": "·", "\u200b": ""}


def pdf(state: State) -> bytes:
    """The answer as a PDF: statements with numbered citations, what is struck struck, page numbers."""
    from reportlab.platypus import SimpleDocTemplate

    out = io.BytesIO()
    made = SimpleDocTemplate(
        out,
        title=state["case"]["question"],
        author=_author(state),
        subject=NOT_A_DEVICE,
        creator="Osler",
        leftMargin=56,
        rightMargin=56,
        topMargin=54,
        bottomMargin=62,
        invariant=1,
    )
    writer = _Writer(state)
    story = writer.story()
    made.build(story, onFirstPage=writer.foot, onLaterPages=writer.foot)
    return out.getvalue()


def _author(state: State) -> str:
    signed = _signature(state)
    return f"{signed['by']} ({signed['role']})" if signed else "Osler (unsigned draft)"


def _signature(state: State) -> Json | None:
    if state["status"] != "signed":
        return None
    return next((r for r in reversed(state.get("reviews", [])) if r["item"] == "answer" and r["approved"]), None)


class _Writer:
    """The parts of one document, and the numbers of its citations in the order of the text."""

    def __init__(self, state: State) -> None:
        self.state, self.board = state, Board(state)
        self.numbers: dict[str, int] = {}
        self.styles = _styles()
        self.lost = False

    def story(self) -> list[Any]:
        """Everything, top to bottom."""
        from reportlab.platypus import Spacer

        case, answer = self.state["case"], self.state["answer"]
        parts = [self._text(case["question"], "title"), self._text(self._state_line(), "meta")]
        if origin := case.get("branch_of"):
            parts.append(self._text(f"What if: a copy of consultation {origin['consultation']}, never signed.", "warn"))
        for i in self.state.get("critical", []):
            parts.append(self._line(f"<b>Critical:</b> {self._safe(self.board.evidence(i).display)}", [i], "warn"))
        section = None
        parts.append(self._text("Assessment", "head"))
        for claim in answer["claims"]:
            if claim["section"] != section:
                section = claim["section"]
                parts.append(self._text(section or "Findings", "section"))
            parts.append(self._line(self._struck(claim), claim["evidence"], "flag" if claim["red_flag"] else "line"))
        if not answer["claims"]:
            parts.append(self._text("No statement could be made.", "line"))
        parts += self._differential(answer)
        if answer["next_steps"]:
            parts.append(self._text("Next steps", "head"))
        for step in answer["next_steps"]:
            check = f" <i>Check first: {self._safe(', '.join(step['unknown']))}.</i>" if step["unknown"] else ""
            parts.append(self._line(f"<b>{step['kind']}</b>: {self._struck(step)}{check}", step["evidence"], "line"))
        if answer["not_answered"]:
            parts.append(self._text("Not answered", "head"))
        for gap in answer["not_answered"]:
            reason, needs = gap["reason"].replace("_", " "), "; ".join(gap["needs"])
            parts.append(self._text(f"{gap['what']} ({reason}){f': {needs}' if needs else ''}", "line"))
        parts += self._corrections()
        unreviewed = [name for name, by in self.state["plan"].get("reviewed_by", {}).items() if by is None]
        if unreviewed:
            parts.append(self._text(f"Protocols not reviewed by a clinician: {', '.join(unreviewed)}.", "warn"))
        parts += [Spacer(1, _GAP), self._text(NOT_A_DEVICE, "meta")]
        if self.numbers:
            parts.append(self._text("Evidence", "head"))
        for i, number in self.numbers.items():
            item = self.board.evidence(i)
            parts.append(self._text(f"[{number}] {item.slot}: {item.display} — {source_line(item)}", "source"))
        if self.lost:
            parts.append(self._text("Letters that this typeface lacks are left out here; JSON and Markdown hold them.",
                                    "meta"))  # fmt: skip
        return parts

    def foot(self, canvas: Any, page: Any) -> None:
        """Under every page: whose, which version, the page's number, and what this is not."""
        case = self.state["case"]
        canvas.saveState()
        canvas.setFont("Osler", 7.5)
        canvas.setFillGray(0.35)
        status = "signed" if _signature(self.state) else "draft, not signed"
        whose = f"Patient {case.get('patient') or 'none'} · {case['consultation']}"
        canvas.drawString(56, 40, self._plain(f"{whose} · version {case['version']}, {status}"))
        canvas.drawRightString(page.pagesize[0] - 56, 40, f"Page {canvas.getPageNumber()}")
        canvas.drawString(56, 29, "Osler is not a medical device. A clinician checks every statement and decides.")
        canvas.restoreState()

    def _state_line(self) -> str:
        case, signed = self.state["case"], _signature(self.state)
        said = f"signed by {signed['by']}, {signed['role']}, {signed['at'][:10]}" if signed else "draft, not signed"
        return f"Patient {case.get('patient')}, as of {case['as_of'][:10]}, version {case['version']}, {said}."

    def _differential(self, answer: Json) -> list[Any]:
        parts = [self._text("Differential", "head")] if answer["differential"] else []
        for item in answer["differential"]:
            mark = ", must not be missed" if item["must_not_miss"] else ""
            parts.append(self._text(f"{item['condition']}{mark}", "section"))
            for side in ("for", "against"):
                for i in item[side]:
                    found = self._safe(said(self.board.evidence(i)))
                    parts.append(self._line(f"<b>{side}</b>: {found}", [i, *item["cites"].get(i, [])], "line"))
            if item["missing"]:
                parts.append(self._text(f"missing: {'; '.join(item['missing'])}", "line"))
        if useful := answer.get("most_useful"):
            parts.append(self._text(f"Most useful next: {useful['ask']} Because {useful['because']}.", "line"))
        return parts

    def _corrections(self) -> list[Any]:
        rows = self.state.get("corrections", [])
        parts = [self._text("Corrections", "head")] if rows else []
        for row in rows:
            new = self.state["evidence"].get(row["new"])
            old = self.state["evidence"].get((new or {}).get("supersedes") or "")
            was = f"<strike>{self._safe(old['display'])}</strike> " if old else ""
            why = f". Reason: {self._safe(row['reason'])}" if row.get("reason") else ""
            shown = self._safe(new["display"]) if new else "replaced since"
            name = self._safe(new["slot"] if new else (row.get("slots") or ["value"])[0])
            said = f"({self._safe(row['by'])}, {row['at'][:10]}{why})"
            parts.append(self._line(f"{name}: {was}{shown} {said}", [], "line"))
        return parts

    def _struck(self, part: Json) -> str:
        text = self._safe(part["text"])
        if part["status"] == "shown":
            return text
        why = self._safe(part["reason"] or "no reason given")
        return f"<strike>{text}</strike> ({self._safe(part['status'])}: {why})"

    def _cite(self, ids: list[str]) -> str:
        held = [i for i in ids if i in self.state["evidence"]]
        return "".join(f" [{self.numbers.setdefault(i, len(self.numbers) + 1)}]" for i in held)

    def _line(self, markup: str, ids: list[str], style: str) -> Any:
        from reportlab.platypus import Paragraph

        return Paragraph(f'{markup}<font size="7" color="#4c5966">{self._cite(ids)}</font>', self.styles[style])

    def _text(self, text: str, style: str) -> Any:
        from reportlab.platypus import Paragraph

        return Paragraph(self._safe(text), self.styles[style])

    def _safe(self, text: Any) -> str:
        """Text of a record as text: markup in it is printed, never followed."""
        return html.escape(self._plain(str(text)), quote=False)

    def _plain(self, text: str) -> str:
        shown = printable(text)
        if _LOST in shown:
            self.lost = True
            shown = shown.replace(_LOST, "?")
        return shown


def printable(text: str) -> str:
    """Text in letters the typeface has: others by what they are made of, else as U+FFFD."""
    return "".join(_letter(letter) for letter in text)


@functools.cache
def _letter(letter: str) -> str:
    held = _held()
    if ord(letter) in held:
        return letter
    if letter.isspace():
        return " "
    if letter in _WRITTEN:
        return _WRITTEN[letter]
    parts = "".join(part for part in unicodedata.normalize("NFKD", letter) if ord(part) in held)
    return parts or _LOST


@functools.cache
def _held() -> frozenset[int]:
    from reportlab.pdfbase.pdfmetrics import getFont

    _register()
    return frozenset(getFont("Osler").face.charToGlyph)


@functools.cache
def _register() -> None:
    import reportlab
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in _FACES.items():
        registerFont(TTFont(name, str(folder / file)))
    for bold, italic, name in ((0, 0, "Osler"), (1, 0, "Osler-Bold"), (0, 1, "Osler-Italic"), (1, 1, "Osler-Bold")):
        addMapping("Osler", bold, italic, name)


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    _register()
    base = {"fontName": "Osler", "fontSize": 9, "leading": 13, "textColor": HexColor("#18222d"), "splitLongWords": 1}

    def style(name: str, **more: Any) -> Any:
        return ParagraphStyle(name, **{**base, **more})

    red = HexColor("#a3201b")
    return {
        "title": style("title", fontName="Osler-Bold", fontSize=15, leading=19, spaceAfter=3),
        "meta": style("meta", fontSize=8, leading=11, textColor=HexColor("#4c5966"), spaceAfter=_GAP),
        "head": style("head", fontName="Osler-Bold", fontSize=11.5, leading=15, spaceBefore=11, spaceAfter=3,
                      keepWithNext=1),
        "section": style("section", fontName="Osler-Bold", textColor=HexColor("#4c5966"), spaceBefore=5,
                         keepWithNext=1),
        "line": style("line", leftIndent=10, spaceAfter=_GAP),
        "flag": style("flag", leftIndent=10, spaceAfter=_GAP, textColor=red, fontName="Osler-Bold"),
        "warn": style("warn", textColor=HexColor("#7c4f00"), spaceBefore=2, spaceAfter=_GAP),
        "source": style("source", fontSize=7.5, leading=10.5, leftIndent=22, firstLineIndent=-22, spaceAfter=2),
    }  # fmt: skip
