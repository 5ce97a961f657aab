"""How long a model may work, and how it is stopped: between tiles, and between the layers of one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tools.errors import UpstreamError


class Stopped(UpstreamError):
    """A model was stopped: its time was over, or somebody did not want the answer any more."""

    code = "stopped"


@dataclass(frozen=True)
class Limits:
    """Seconds for one answer, loading included, and a question asked while it works: is the answer still wanted?"""

    seconds: float = 900.0
    cancelled: Callable[[], bool] = field(default=lambda: False, repr=False)

    def start(self) -> Watch:
        """The clock of one answer."""
        return Watch(self, time.monotonic())


@dataclass(frozen=True)
class Watch:
    """The clock of one answer."""

    limits: Limits
    started: float

    def check(self) -> None:
        """Go on, or not.

        Raises:
            Stopped: the time is over, or the answer is not wanted any more.
        """
        if self.limits.cancelled():
            raise Stopped(
                "the model was stopped: the answer is not wanted any more",
                found="cancelled",
                expected="somebody who waits",
                action="ask again",
            )
        if time.monotonic() - self.started > self.limits.seconds:
            raise Stopped(
                f"the model took longer than {self.limits.seconds:g} s",
                found=f"no answer within {self.limits.seconds:g} s",
                expected="an answer in time",
                action="give it more time, a smaller region, a faster model, or a machine with a GPU",
            )

    @contextmanager
    def over(self, network: Any) -> Iterator[None]:
        """Ask before every layer of a torch network, so that a long pass can be stopped too."""
        leaves = [part for part in network.modules() if next(part.children(), None) is None]
        hooks = [part.register_forward_pre_hook(lambda *_: self.check()) for part in leaves]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
