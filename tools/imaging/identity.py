"""Whose image it is: the file's PatientID with its issuer, name and birth date against the patient of the record.

A mismatch stops; agreement of two identifiers confirms (The Joint Commission asks for at least two, NPSG.01.01.01;
their FAQ 000001545 read 2026-11-22); anything less is unconfirmed and needs a named person's word.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Literal

from tools.errors import IdentityMismatch
from tools.imaging.frame import Who
from tools.notes import person_names, same_person

CONFIRMING = 2


@dataclass(frozen=True)
class Identity:
    """The comparison: what agrees, and what could not be compared."""

    status: Literal["confirmed", "unconfirmed"]
    agrees: tuple[str, ...] = ()
    reason: str = ""

    @property
    def display(self) -> str:
        """One line for people."""
        if self.status == "confirmed":
            return f"identity confirmed: {' and '.join(self.agrees)} agree with the patient's"
        return f"identity unconfirmed: {self.reason}; a named person has to say whose image it is"


def compare_identity(who: Who, patient: dict[str, Any]) -> Identity:
    """Compare whose image a file says it is with a Patient resource.

    Raises:
        IdentityMismatch: number, name or birth date is another's.
    """
    verdicts = {
        "record number": _number(who, patient),
        "name": _name(who, patient),
        "birth date": _birth_date(who, patient),
    }
    agrees = tuple(name for name, same in verdicts.items() if same)
    differs = [name for name, same in verdicts.items() if same is False]
    if differs and not who.removed:
        raise IdentityMismatch(
            f"the image's {' and '.join(differs)} {'is' if len(differs) == 1 else 'are'} not this patient's",
            found=", ".join(differs),
            expected=f"an image of Patient/{patient.get('id')}",
            action="attach the right image, or choose the right patient",
        )
    if who.removed:
        return Identity("unconfirmed", (), "identity was removed from the file")
    if len(agrees) >= CONFIRMING:
        return Identity("confirmed", agrees)
    reason = f"only the {agrees[0]} could be compared, and agrees" if agrees else "the file names nobody"
    if not agrees and (who.patient_id or who.names or who.birth_date):
        reason = "nothing the file says can be compared with the record"
    return Identity("unconfirmed", agrees, reason)


def _number(who: Who, patient: dict[str, Any]) -> bool | None:
    """Whether a number agrees. One of another issuer says nothing, whether it is the same or not."""
    given = [(value, issuer) for value, issuer in ((who.patient_id, who.issuer), *who.other_ids) if value]
    known = [(str(item["value"]), _issuers(item)) for item in patient.get("identifier", []) if item.get("value")]
    known.append((str(patient.get("id", "")), set()))
    compared = False
    for value, issuer in given:
        for number, issuers in known:
            comparable = not issuer or not issuers or _plain(issuer) in issuers
            if comparable and _plain(value) == _plain(number):
                return True
            compared = compared or (comparable and bool(issuers or not issuer))
    return False if compared and given else None


def _issuers(identifier: dict[str, Any]) -> set[str]:
    """The names an identifier's issuer goes by: its system, the last part of it, its assigner."""
    system = str(identifier.get("system", ""))
    assigner = identifier.get("assigner", {})
    names = [system, re.split(r"[/:]", system)[-1], str(assigner.get("display", ""))]
    names.append(str(assigner.get("identifier", {}).get("value", "")))
    return {plain for name in names if (plain := _plain(name))}


def _plain(text: str) -> str:
    return re.sub(r"[\s-]+", "", text).casefold()


def _name(who: Who, patient: dict[str, Any]) -> bool | None:
    """Whether a name agrees, in any of the file's scripts; a name in a script the record lacks says nothing."""
    known = person_names(patient)
    verdicts = []
    for name in who.names:
        words = {word for word in re.split(r"[\s^,.]+", name) if word}
        for fold in FOLDS:
            names = [({fold(word) for word in family}, {fold(word) for word in given}) for family, given in known]
            comparable = [pair for pair in names if latin(pair[0] | pair[1]) == latin(words)]
            if comparable:
                verdicts.append(same_person({fold(word.casefold()) for word in words}, comparable))
    return any(verdicts) if verdicts else None


def latin(words: set[str]) -> bool:
    """Whether names are in Latin letters; names in different scripts say nothing of each other."""
    return all("LATIN" in unicodedata.name(letter, "") for word in words for letter in word if letter.isalpha())


def _accents_off(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def _umlauts_spelt(word: str) -> str:
    spelt = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
    return _accents_off("".join(spelt.get(letter, letter) for letter in unicodedata.normalize("NFC", word)))


FOLDS = (_accents_off, _umlauts_spelt)
"""How a name may be written without its accents."""


def _birth_date(who: Who, patient: dict[str, Any]) -> bool | None:
    known = str(patient.get("birthDate", ""))
    if not who.birth_date or not known:
        return None
    same = who.birth_date.startswith(known)
    # Half a date that agrees narrows down; it does not identify.
    return None if same and len(known) < 10 else same
