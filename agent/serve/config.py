"""`$OSLER_HOME/cds.yaml`: whose calls are answered, which FHIR servers may be read, which web pages may call.

Nothing in it is secret: the keys of clients are their public ones. Without the file the service answers this machine
only, and says at its start that callers are not checked.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.errors import UsageError

FILE = "cds.yaml"
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


class Client(BaseModel):
    """A system that may call: the issuer of its tokens, and where its public keys are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    iss: str
    jwks: Path | None = None
    jku: str | None = None
    tenants: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> Client:
        if (self.jwks is None) == (self.jku is None):
            raise ValueError("exactly one of jwks (a file) and jku (an address) is needed")
        if self.jku is not None:
            checked_url(self.jku, "jku")
        return self


class Config(BaseModel):
    """The file.

    `base` is the address clients call: the audience of their tokens starts with it. `seconds` is how long an answer may
    take; what is not done by then is said to be missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str | None = None
    clients: tuple[Client, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    seconds: float = Field(default=5.0, gt=0, le=60)

    @model_validator(mode="after")
    def _addresses(self) -> Config:
        for name, urls in (("fhir_servers", self.fhir_servers), ("base", (self.base,) if self.base else ())):
            for url in urls:
                checked_url(url, name)
        if "*" in self.origins:
            raise ValueError("origins: name each page; * would let every page in the user's browser call")
        if len({client.iss for client in self.clients}) < len(self.clients):
            raise ValueError("clients: one iss stands twice")
        return self

    def client(self, iss: str) -> Client | None:
        """The client with an issuer."""
        return next((client for client in self.clients if client.iss == iss), None)

    def allows(self, fhir_server: str) -> bool:
        """Whether records may be read from a FHIR server."""
        return fhir_server.rstrip("/") in {url.rstrip("/") for url in self.fhir_servers}


def checked_url(url: str, name: str) -> str:
    """An address that may carry patients' data: https, or this machine.

    Raises:
        ValueError: it is neither, or has a login in it.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or not parts.hostname:
        raise ValueError(f"{name}: an address without a login is needed")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(f"{name}: https is needed (http only to this machine)")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_config(home: Path) -> Config:
    """The file of a home; an empty one where there is none.

    Raises:
        UsageError: it is there and does not say what it should.
    """
    path = home / FILE
    if not path.is_file():
        return Config()
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        config = Config.model_validate(body)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(path, type(error).__name__) from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _wrong(path, f"{where}: {first['msg']}" if where else first["msg"]) from error
    clients = tuple(
        client.model_copy(update={"jwks": home / client.jwks}) if client.jwks else client for client in config.clients
    )
    return config.model_copy(update={"clients": clients})


def _wrong(path: Path, found: str) -> UsageError:
    return UsageError(
        f"{path.name} cannot be used",
        found=found,
        expected="base, clients (iss with jwks or jku), fhir_servers, origins, seconds",
        action="correct the file; docs/cds-hooks.md shows one",
    )
