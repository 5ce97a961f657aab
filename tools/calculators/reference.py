"""What a calculator rests on: publications, and the page on which each formula was actually read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

Role = Literal["derivation", "validation", "definition", "bands"]


@dataclass(frozen=True)
class Verified:
    """The page read for a reference: whose it is, when it was read, and what it states, in our words."""

    url: str
    read_on: str
    name: str
    supports: str


@dataclass(frozen=True)
class Reference:
    """A publication. Either `verified` (what it states was read somewhere) or `unverified` with the reason."""

    citation: str
    role: Role
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    verified: Verified | None = None
    unverified: str | None = None

    def __post_init__(self) -> None:
        if not (self.doi or self.pmid or self.url):
            raise ValueError(f"found no identifier for {self.citation!r}; expected a DOI, PMID or URL")
        if (self.verified is None) == (self.unverified is None):
            raise ValueError(f"{self.citation!r}: expected either `verified` or the reason why it is not")

    @property
    def key(self) -> str:
        """The identifier shown and stored: `doi:…`, else `pmid:…`, else the address."""
        if self.doi:
            return f"doi:{self.doi}"
        return f"pmid:{self.pmid}" if self.pmid else str(self.url)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {**_document(self)}


@lru_cache(maxsize=4096)
def _document(reference: Reference) -> dict[str, Any]:
    return asdict(reference)
