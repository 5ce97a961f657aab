"""Settings. The one place that reads the environment; only the six `OSLER_*` variables of the contract are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LOG_LEVELS = ("debug", "info", "warning", "error")


class Settings(BaseModel):
    """How Osler runs here. Every field has a default that needs no server, no GPU and no key.

    `review` names the gates that stop for a person: `claims` (the signature) always does; `plan` may.
    `index_folder` lets several homes share one search index, which is the same for all and slow to build.
    `look_closer` and `max_probes`: which parts of an image a model that sees is shown larger, and how many at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default_factory=lambda: Path.home() / ".osler")
    index_folder: Path | None = None
    fhir_url: str | None = None
    model: str | None = None
    model_url: str | None = None
    database_url: str | None = None
    log: str = "warning"
    review_plan: bool = False
    max_steps: int = 400
    max_runs: int = 2000
    max_model_calls: int = 8
    look_closer: Literal["asked", "tiles", "never"] = "asked"
    max_probes: int = 4
    max_seconds: float = 120.0
    model_timeout: float = 60.0

    @classmethod
    def from_environment(cls) -> Settings:
        """Defaults overlaid with `OSLER_HOME`, `OSLER_FHIR_URL`, `OSLER_MODEL`, `OSLER_MODEL_URL`,
        `OSLER_DATABASE_URL`, `OSLER_LOG`."""
        found = {
            name: os.environ[f"OSLER_{name.upper()}"]
            for name in ("home", "fhir_url", "model", "model_url", "database_url", "log")
            if os.environ.get(f"OSLER_{name.upper()}")
        }
        return cls.model_validate(found)

    @property
    def consultations(self) -> Path:
        """The SQLite file of checkpoints, effects and audit lines."""
        return self.home / "consultations.sqlite"

    @property
    def records(self) -> Path:
        """The SQLite file of the embedded R4 store."""
        return self.home / "records.sqlite"

    @property
    def servers(self) -> Path:
        """The file of FHIR servers and how to log in to them (docs/servers.md)."""
        return self.home / "servers.yaml"

    @property
    def index(self) -> Path:
        """The folder of the search index."""
        return self.index_folder or self.home / "index"

    def beside(self, home: Path) -> Settings:
        """The same settings with a home of its own (a replay, a trial) and the search index shared."""
        return self.model_copy(update={"home": home, "index_folder": self.index})
