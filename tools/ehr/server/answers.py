"""What the server answers with: an `Answer`, or a `Problem` that becomes an OperationOutcome; formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from tools.ehr.fhirjson import dumps, indented, loads
from tools.ehr.store.store import Stored

MEDIA = "application/fhir+json"
PATCH_MEDIA = "application/json-patch+json"
FORM_MEDIA = "application/x-www-form-urlencoded"
_JSON = {"json", MEDIA, "application/json", "text/json", "application/json+fhir"}
_ANY = {"*/*", "application/*", "*"}


@dataclass
class Answer:
    """A status, a JSON text (or none) and headers."""

    status: int
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Problem(Exception):
    """An error of HTTP: becomes an OperationOutcome."""

    def __init__(
        self, status: int, code: str, text: str, *, expression: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status, self.code, self.text, self.expression, self.headers = status, code, text, expression, headers or {}

    def answer(self) -> Answer:
        """The OperationOutcome."""
        # What is quoted from a request may hold half a character, which no JSON can.
        text = self.text.encode("utf-8", "replace").decode()
        issue = {"severity": "error", "code": self.code, "diagnostics": text}
        if self.expression:
            issue["expression"] = [self.expression.encode("utf-8", "replace").decode()]  # type: ignore[assignment]
        return Answer(self.status, dumps({"resourceType": "OperationOutcome", "issue": [issue]}), dict(self.headers))


@dataclass(frozen=True)
class Call:
    """One interaction, from HTTP or from an entry of a batch."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """A header, by its name in small letters."""
        return self.headers.get(name)

    def prefers(self, name: str) -> str | None:
        """What `Prefer` says about `return` or `handling`."""
        for part in (self.header("prefer") or "").replace(",", ";").split(";"):
            key, _, value = part.strip().partition("=")
            if key.strip().lower() == name:
                return value.strip().strip('"')
        return None


def information(text: str) -> dict[str, Any]:
    """An OperationOutcome that all is well."""
    issue = {"severity": "information", "code": "informational", "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def acceptable(call: Call, parameters: dict[str, str]) -> None:
    """Raise 406 where something else than JSON of R4 is asked for; `_format` goes before Accept."""
    asked = parameters.get("_format")
    wanted = [asked] if asked is not None else (call.header("accept") or "*/*").split(",")
    for item in wanted:
        media, *rest = (part.strip().lower() for part in item.replace(" ", "+" if asked else "").split(";"))
        release = next((part[12:].strip('"') for part in rest if part.startswith("fhirversion=")), "4.0")
        if (media in _JSON or media in _ANY) and release == "4.0" and "q=0" not in rest:
            return
    raise Problem(406, "not-supported", f"found {', '.join(wanted)[:100]}; this server writes {MEDIA} (FHIR 4.0) only")


def json_body(call: Call, *media: str) -> Any:
    """The body, parsed; the content type may be left out."""
    given = (call.header("content-type") or "").partition(";")[0].strip().lower()
    if given and given not in (media or _JSON):
        raise Problem(415, "not-supported", f"found {given[:60]}; expected {' or '.join(media) or MEDIA}")
    if not call.body.strip():
        raise Problem(400, "invalid", "the request has no body; expected a resource as JSON")
    return loads(call.body, "request body")


def pretty(text: str) -> str:
    """The same JSON, indented."""
    return indented(loads(text))


def etag(stored: Stored) -> str:
    """The weak ETag of a version."""
    return f'W/"{stored.version}"'


def matches(header: str, stored: Stored | None) -> bool:
    """Whether an If-Match or If-None-Match names this version."""
    if stored is None:
        return False
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    return "*" in tags or stored.version in tags


def moment_of(stored: Stored) -> datetime:
    """When a version was made."""
    return datetime.fromisoformat(stored.updated)


def version_headers(stored: Stored) -> dict[str, str]:
    """ETag and Last-Modified."""
    modified = format_datetime(moment_of(stored).astimezone(UTC).replace(microsecond=0), usegmt=True)
    return {"ETag": etag(stored), "Last-Modified": modified}


def unchanged_since(header: str, stored: Stored) -> bool:
    """Whether a version is not newer than an HTTP date; a date that is none is passed over, as HTTP wants it."""
    try:
        since = parsedate_to_datetime(header)
    except (TypeError, ValueError, IndexError, OverflowError):
        return False
    since = since if since.tzinfo else since.replace(tzinfo=UTC)
    return moment_of(stored).replace(microsecond=0) <= since
