"""What a client may send, field by field as CDS Hooks 2.0 has it; what is wrong is named by its place, never quoted."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tools.ehr.fhirjson import Resource, loads
from tools.errors import BadInput

Hook = Literal["patient-view", "order-select", "order-sign"]
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
MAX_ENTRIES = 200
M = TypeVar("M", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


class Authorization(_Part):
    """The access token that comes with the call. It is used for this call and kept nowhere."""

    access_token: str = Field(min_length=1, repr=False, max_length=20_000)
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None

    @field_validator("access_token")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("is no token")
        return value


class Context(_Part):
    """Whom the hook is about, and the orders in hand."""

    userId: str
    patientId: str
    encounterId: str | None = None
    selections: list[str] | None = None
    draftOrders: dict[str, Any] | None = Field(default=None, repr=False)

    @field_validator("patientId", "encounterId")
    @classmethod
    def _id(cls, value: str | None) -> str | None:
        if value is not None and not _ID.fullmatch(value):
            raise ValueError("is no FHIR id")
        return value

    @field_validator("userId")
    @classmethod
    def _user(cls, value: str) -> str:
        if not _USER.fullmatch(value):
            raise ValueError("is no reference to a Practitioner, PractitionerRole, Patient or RelatedPerson")
        return value

    @field_validator("draftOrders")
    @classmethod
    def _bundle(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is None:
            return None
        entries = value.get("entry", [])
        if value.get("resourceType") != "Bundle" or not isinstance(entries, list):
            raise ValueError("is no Bundle")
        if len(entries) > MAX_ENTRIES:
            raise ValueError(f"holds more than {MAX_ENTRIES} entries")
        for number, entry in enumerate(entries):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                raise ValueError(f"entry {number} holds no resource")
        return value

    @property
    def orders(self) -> list[Resource]:
        """The resources of `draftOrders`."""
        return [entry["resource"] for entry in (self.draftOrders or {}).get("entry", [])]


class Call(_Part):
    """The body of a call."""

    hook: str
    hookInstance: str
    context: Context
    fhirServer: str | None = None
    fhirAuthorization: Authorization | None = None
    prefetch: dict[str, Any] = Field(default_factory=dict, repr=False)

    @field_validator("hookInstance")
    @classmethod
    def _uuid(cls, value: str) -> str:
        return plain_uuid(value)

    @model_validator(mode="after")
    def _whole(self) -> Call:
        if self.fhirAuthorization is not None and not self.fhirServer:
            raise ValueError("fhirAuthorization without fhirServer")
        if self.hook.startswith("order-") and self.context.draftOrders is None:
            raise ValueError("context.draftOrders is missing")
        if self.hook == "order-select" and self.context.selections is None:
            raise ValueError("context.selections is missing")
        given = self.fhirAuthorization
        if given and given.patient and given.patient != self.context.patientId:
            raise ValueError("fhirAuthorization.patient is not context.patientId")
        return self


class Accepted(_Part):
    """A suggestion that was taken."""

    id: str = Field(min_length=1, max_length=64)


class Reason(_Part):
    """A coded reason."""

    code: str = Field(max_length=200)
    system: str = Field(max_length=300)
    display: str | None = Field(default=None, max_length=500)


class Override(_Part):
    """Why a card was overridden."""

    reason: Reason | None = None
    userComment: str | None = Field(default=None, max_length=4000, repr=False)


class Feedback(_Part):
    """What became of one card."""

    card: str
    outcome: Literal["accepted", "overridden"]
    acceptedSuggestions: list[Accepted] | None = Field(default=None, max_length=50)
    overrideReason: Override | None = None
    outcomeTimestamp: str

    @field_validator("card")
    @classmethod
    def _uuid(cls, value: str) -> str:
        return plain_uuid(value)

    @field_validator("outcomeTimestamp")
    @classmethod
    def _moment(cls, value: str) -> str:
        try:
            when = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("is no date and time") from error
        if when.tzinfo is None or len(value) < len("2026-01-01T00:00:00Z"):
            raise ValueError("is no date and time with its zone")
        return value

    @model_validator(mode="after")
    def _accepted(self) -> Feedback:
        if self.outcome == "accepted" and not self.acceptedSuggestions:
            raise ValueError("accepted needs acceptedSuggestions")
        return self


class FeedbackCall(_Part):
    """The body of a call to a feedback address."""

    feedback: list[Feedback] = Field(min_length=1, max_length=100)


def plain_uuid(value: str) -> str:
    """A UUID in its usual form, small letters.

    Raises:
        ValueError: it is none.
    """
    try:
        found = str(uuid.UUID(value))
    except ValueError as error:
        raise ValueError("is no UUID") from error
    if found != value.lower():
        raise ValueError("is no UUID in its usual form")
    return found


def parse_call(body: bytes) -> Call:
    """A call.

    Raises:
        BadInput: it is not what CDS Hooks says.
    """
    return _parse(Call, body)


def parse_feedback(body: bytes) -> FeedbackCall:
    """A call to a feedback address.

    Raises:
        BadInput: it is not what CDS Hooks says.
    """
    return _parse(FeedbackCall, body)


def _parse(model: type[M], body: bytes) -> M:
    try:
        sent = loads(body, "request body")
    except BadInput as error:
        raise _bad("the body is not JSON") from error
    if not isinstance(sent, dict):
        raise _bad("the body is no object")
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part)[:40] for part in first["loc"])
        raise _bad(f"{where}: {first['msg']}" if where else str(first["msg"])) from error
    except RecursionError as error:
        raise _bad("the body is nested too deeply") from error


def _bad(found: str) -> BadInput:
    return BadInput(
        "the request is not CDS Hooks 2.0", found=found, expected="see cds-hooks.hl7.org/2.0", action="correct it"
    )
