"""Notes out of DocumentReference: text in line or in a Binary; what cannot be read is counted and named."""

from __future__ import annotations

import base64
import binascii
import html
import re
from dataclasses import dataclass, field
from typing import Any

from tools.ehr.client.client import FhirClient, HttpError, reference_of, version_of
from tools.ehr.compartment import local_reference, walk
from tools.ehr.elements import iso, when, words
from tools.ehr.fhirjson import Resource
from tools.notes import Note

MAX_TEXT = 2_000_000
_TAG = re.compile(r"<[^>]{0,2000}>")


@dataclass
class Notes:
    """The notes of a record and whether they are all."""

    query: str = "DocumentReference"
    notes: list[Note] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    unread: int = 0

    @property
    def complete(self) -> bool:
        """Whether every note was read."""
        return not self.problems

    @property
    def remark(self) -> str:
        """What to add where notes could not be read."""
        return f"; {self.unread} not readable as text" if self.unread else ""


async def read_note(client: FhirClient, resource: Resource, flags: tuple[str, ...]) -> Note | str:
    """The text of a document, or why it cannot be read."""
    texts: list[str] = []
    reasons: list[str] = []
    for attachment in walk(resource, "content.attachment"):
        if isinstance(attachment, dict):
            text = await _text(client, attachment)
            (texts if text[0] else reasons).append(text[1])
    if not texts:
        return f"{reference_of(resource)}: {reasons[0] if reasons else 'no attachment'}"
    author = next((name for name in _authors(resource)), None)
    return Note(
        reference=reference_of(resource),
        version=version_of(resource),
        text="\n".join(texts),
        at=iso(when(resource)),
        author=author,
        title=words(resource.get("type")) or str(resource.get("description") or "note"),
        flags=flags,
    )


def _authors(resource: Resource) -> list[str]:
    return [
        str(author.get("display") or author.get("reference"))
        for author in walk(resource, "author")
        if isinstance(author, dict) and (author.get("display") or author.get("reference"))
    ]


async def _text(client: FhirClient, attachment: dict[str, Any]) -> tuple[bool, str]:
    media = str(attachment.get("contentType", "text/plain")).lower()
    kind = media.partition(";")[0].strip()
    if kind not in ("text/plain", "text/html", "text/markdown", "text/rtf-plain"):
        return False, f"{kind} is not read"
    data = attachment.get("data")
    if data is None and (target := local_reference(attachment.get("url"), client.base)):
        try:
            data = (await client.read(*target)).get("data")
        except HttpError as error:
            return False, f"attachment HTTP {error.status}"
    if not isinstance(data, str):
        return False, "attachment without content"
    try:
        raw = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError):
        return False, "attachment is not base64"
    if len(raw) > MAX_TEXT:
        return False, f"attachment of {len(raw)} bytes is too long"
    charset = re.search(r"charset=\"?([\w-]+)", media)
    try:
        text = raw.decode(charset.group(1) if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return False, "attachment is not text in its character set"
    return True, _plain(text) if kind == "text/html" else text


def _plain(markup: str) -> str:
    broken = re.sub(r"(?i)<\s*(br|/p|/div|/li|/tr|/h\d)\s*/?>", "\n", markup)
    return html.unescape(_TAG.sub("", broken))
