"""Codes are values: a system and a code. Words are labels and decide nothing."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict

SYSTEMS: dict[str, str] = {
    "snomed": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "icd10": "http://hl7.org/fhir/sid/icd-10-cm",
    "atc": "http://www.whocc.no/atc",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "ucum": "http://unitsofmeasure.org",
}
"""Short prefixes used in our data files, and the FHIR system URI each stands for."""

_ALIASES = {"http://hl7.org/fhir/sid/icd-10": SYSTEMS["icd10"], "urn:oid:2.16.840.1.113883.6.96": SYSTEMS["snomed"]}


class Coding(BaseModel):
    """One code of one code system; `display` is a label only and takes no part in equality of meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    code: str
    display: str | None = None

    @classmethod
    def parse(cls, text: str, display: str | None = None) -> Self:
        """Read `prefix:code` (`loinc:2160-0`).

        Raises:
            ValueError: the prefix is not one of `SYSTEMS`.
        """
        prefix, _, code = text.partition(":")
        if prefix not in SYSTEMS or not code:
            raise ValueError(f"found code {text!r}; expected PREFIX:CODE with a prefix of {sorted(SYSTEMS)}")
        return cls(system=SYSTEMS[prefix], code=code, display=display)

    @property
    def short(self) -> str:
        """`prefix:code` where the system has a prefix here, else `system|code`."""
        for prefix, uri in SYSTEMS.items():
            if uri == self.system:
                return f"{prefix}:{self.code}"
        return f"{self.system}|{self.code}"

    def matches(self, other: Coding) -> bool:
        """Whether `other` is this code; a code of ours that ends in `*` stands for all that begin so."""
        if canonical_system(self.system) != canonical_system(other.system):
            return False
        if self.code.endswith("*"):
            return other.code.startswith(self.code[:-1])
        return self.code == other.code


def canonical_system(uri: str) -> str:
    """The one URI we use for a system that has several in the wild."""
    return _ALIASES.get(uri, uri)
