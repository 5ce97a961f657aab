"""A user of the page in the browser tests: what one does, and what must not happen meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STEP_SECONDS = 60
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


# What Gradio's client says of streams that end with the page that was left: no fault of the page that follows.
ENDED = ("AbortError: signal is aborted", "Unexpected error Connection errored out")


@dataclass
class Server:
    """A page that is served: its address, how long it took to come up, what it wrote."""

    url: str
    seconds: float
    log: Path
    home: Path


@dataclass
class Visitor:
    """One user in a browser context of their own, watched: errors, and requests that leave this machine."""

    page: Any
    url: str
    shots: Path
    problems: list[str] = field(default_factory=list)
    left: bool = False

    def watch(self) -> None:
        """Note what must not happen."""
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("console", lambda line: self._note(line.type == "error", f"console: {line.text}"))
        self.page.on("request", lambda request: self._note(not self._ours(request.url), f"request: {request.url}"))

    def _note(self, wrong: bool, what: str) -> None:
        if wrong and not (self.left and any(text in what for text in ENDED)):
            self.problems.append(what)

    def _ours(self, url: str) -> bool:
        return url.startswith((self.url, self.url.replace("http", "ws", 1), "data:", "blob:"))

    def open(self) -> None:
        """Open the page and wait for the patients."""
        self.page.goto(self.url)
        self.page.wait_for_selector(".o-card", timeout=STEP_SECONDS * 1000)

    def leave_for(self, address: str) -> None:
        """Go to another address."""
        self.left = True
        self.page.goto(address)

    def pick(self, patient: str) -> None:
        """Choose a patient by card."""
        self.page.click(f'.o-card[data-patient="{patient}"]')
        self.page.wait_for_selector(f'.o-banner[data-patient="{patient}"]')

    def ask(self, question: str) -> None:
        """Type a question, send it with Enter, wait for its answer."""
        self.page.locator("#o-question textarea").fill(question)
        self.page.locator("#o-question textarea").press("Enter")
        self.answered()

    def answered(self) -> None:
        """Wait for an answer."""
        self.page.wait_for_selector(".o-answer[data-status]", timeout=STEP_SECONDS * 1000)

    def cite(self, kind: str) -> str:
        """Open the first citation of a kind; the panel's text."""
        self.page.evaluate("document.querySelectorAll('.o-more').forEach((fold) => { fold.open = true; })")
        chip = self.page.locator(f"#o-thread .o-cite.k-{kind}").first
        return self.opened(str(chip.get_attribute("data-evidence")), chip.click)

    def opened(self, evidence: str, click: Callable[[], None]) -> str:
        """Click, wait until the panel shows a piece of evidence, read it."""
        click()
        self.page.wait_for_selector(f'.o-panel[data-opened="{evidence}"]')
        return str(self.page.locator("#o-panel").inner_text())

    def shot(self, name: str, *, whole: bool = False) -> None:
        """Keep a screenshot."""
        self.page.wait_for_timeout(400)
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=whole)

    @property
    def thread(self) -> str:
        """The answer as it reads."""
        return str(self.page.locator("#o-thread").inner_text())
