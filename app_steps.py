"""The steps of a consultation: as they happen, and afterwards as a list that opens."""

from __future__ import annotations

from dataclasses import dataclass, field

from app_parts import Json, count, esc, fold, label, seconds
from knowledge.protocol import Protocol

WORDS = {
    "intake.question": "Question", "protocol.choose": "Choice of protocol", "protocol.decide": "Criterion",
    "correction": "Correction", "guideline.search": "Guideline search", "record": "Record", "notes": "Notes",
    "calc": "Calculation", "drugs": "Drug labels", "guideline": "Guidelines",
}
STATES = {"ok": "done", "error": "failed", "skipped": "not needed"}


def tool_name(tool: str) -> str:
    """A tool in words: `calc.cockcroft_gault` reads `Calculation`."""
    if tool in WORDS:
        return WORDS[tool]
    return WORDS.get(tool.partition(".")[0], tool)


def step_row(record: Json, evidence: Json) -> str:
    """One run of a tool: what it was, what it gave, how long it took."""
    first = evidence.get(record["evidence"][0], {}) if record["evidence"] else {}
    said = str(first.get("display") or "")
    if record["status"] == "error":
        said = str((record.get("error") or {}).get("message") or "failed")
    if record["status"] == "skipped":
        said = "not needed: its branch is closed"
    slot = label(record["slot"])
    return (
        f'<li class="o-run s-{esc(record["status"])}"><span class="o-run-tool" title="{esc(record["tool"])}">'
        f'{esc(tool_name(record["tool"]))}'
        f'</span><span class="o-run-slot">{esc(slot)}</span><span class="o-run-said">{esc(said[:140])}</span>'
        f'<span class="o-run-time"><span class="o-sr">{STATES.get(record["status"], record["status"])}, </span>'
        f'{esc(seconds(float(record.get("seconds") or 0)))}</span></li>'
    )


def run_summary(document: Json, elapsed: float | None = None) -> str:
    """The steps behind an answer, folded."""
    records = document["records"]
    done = [record for record in records if record["status"] != "skipped"]
    failed = [record for record in records if record["status"] == "error"]
    checks = document.get("checks", [])
    passed = sum(bool(check["passed"]) for check in checks)
    text = count(len(done), "step") + (f" in {seconds(elapsed)}" if elapsed else "")
    if failed:
        text += f", {len(failed)} failed"
    if checks:
        text += f" &middot; {passed} of {len(checks)} checks passed"
    body = f'<ol class="o-runs">{"".join(step_row(record, document["evidence"]) for record in records)}</ol>'
    return fold("steps", f'<span class="o-steps-head">{text}</span>', body, kind="o-quiet-fold")


@dataclass
class Run:
    """A consultation while it runs: filled from its events, printed as often as the page likes."""

    question: str
    protocols: dict[str, Protocol]
    name: str = ""
    chosen: list[str] = field(default_factory=list)
    reviewed: dict[str, str | None] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    evidence: Json = field(default_factory=dict)
    critical: list[str] = field(default_factory=list)
    stage: str = "Reading the record"

    def take(self, kind: str, data: Json) -> None:
        """Note one event."""
        if kind == "plan" and data.get("protocols"):
            self.chosen, self.reviewed = list(data["protocols"]), dict(data.get("reviewed_by", {}))
            self.stage = "Working through the protocol"
        elif kind == "step":
            self.records.append(data["record"])
            self.evidence.update(data.get("evidence", {}))
        elif kind == "critical":
            self.critical = list(data["evidence"])
        elif kind == "answer":
            self.stage = "Checking every statement against its evidence"

    def html(self, elapsed: float) -> str:
        """The state of the run."""
        names = "".join(
            f'<p class="o-run-plan"><b>{esc(self.protocols[name].title if name in self.protocols else name)}</b> '
            + (f'<span class="o-ok">reviewed by {esc(self.reviewed[name])}</span>' if self.reviewed.get(name)
               else '<span class="o-warn">not reviewed by a clinician</span>') + "</p>"
            for name in self.chosen
        )
        alarm = "".join(f'<p class="o-critical-line" role="alert">Critical: {esc(self.evidence[i]["display"])}</p>'
                        for i in self.critical if i in self.evidence)
        rows = "".join(step_row(record, self.evidence) for record in self.records[-60:])
        return (
            '<article class="o-answer o-working" aria-busy="true"><header class="o-answer-head"><h2>'
            f'{esc(self.question)}</h2></header>'
            f'<p class="o-stage" role="status"><span class="o-pulse" aria-hidden="true"></span>{esc(self.stage)}'
            f'<span class="o-meta-inline">{count(len(self.records), "step")}, {seconds(elapsed)}</span></p>'
            f'{alarm}{names}<ol class="o-runs o-live">{rows}</ol></article>'
        )
