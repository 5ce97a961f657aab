"""`servers.yaml`: the FHIR servers and image archives (DICOMweb) Osler may reach, by address. Secrets are named there
as files, never written."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tools.errors import UsageError

_NEEDS = {
    "bearer": ("token_file",),
    "basic": ("user", "password_file"),
    "smart": ("client_id", "key_file", "key_id"),
    "none": (),
}
# What people write where a file belongs: said in words of its own.
_SECRETS = {"token", "password", "secret", "client_secret", "key", "private_key", "passphrase"}
_MOST = 64_000


class Tls(BaseModel):
    """Certificates: ours (with its key), and those that are trusted instead of the system's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cert_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None


class Server(BaseModel):
    """One server of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    url: str
    kind: Literal["fhir", "dicomweb"] = "fhir"
    auth: Literal["none", "bearer", "basic", "smart"] = "none"
    token_file: Path | None = None
    user: str | None = None
    password_file: Path | None = None
    client_id: str | None = None
    key_file: Path | None = None
    key_id: str | None = None
    algorithm: Literal["RS384", "ES384"] = "RS384"
    scope: str = "system/*.read"
    token_url: str | None = None
    tls: Tls | None = None
    timeout: float = Field(default=20.0, gt=0, le=600)
    page: int = Field(default=500, ge=1, le=5000)

    @model_validator(mode="after")
    def _whole(self) -> Server:
        missing = [name for name in _NEEDS[self.auth] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"auth {self.auth} needs {', '.join(missing)}")
        return self


def servers(path: Path) -> list[Server]:
    """The servers of a file; none where there is no file.

    Raises:
        UsageError: the file does not say what it should; values are not shown, they may be secrets.
    """
    if not path.is_file():
        return []
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        where = f" near line {line + 1}" if isinstance(line, int) else ""
        raise _wrong(path, f"it is not YAML{where}") from None
    rows = body.get("servers") if isinstance(body, dict) else None
    if not isinstance(rows, dict):
        raise _wrong(path, "it has no mapping 'servers'")
    return [_server(path, str(name), row) for name, row in rows.items()]


def _server(path: Path, name: str, row: Any) -> Server:
    if not isinstance(row, dict):
        raise _wrong(path, f"{name} is not a mapping")
    if written := sorted(_SECRETS & {str(key) for key in row}):
        raise _wrong(path, f"{name}: {', '.join(written)} is written in it: secrets belong in files of their own")
    try:
        server = Server.model_validate({**row, "name": name})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _wrong(path, f"{name}: {where}: {first['msg']}" if where else f"{name}: {first['msg']}") from None
    folder = path.parent
    files = ("token_file", "password_file", "key_file")
    changed: dict[str, Any] = {key: folder / value for key in files if (value := getattr(server, key))}
    if server.tls:
        pairs = {key: folder / value for key, value in server.tls if value}
        changed["tls"] = server.tls.model_copy(update=pairs)
    return server.model_copy(update={**changed, "url": server.url.rstrip("/")})


def _wrong(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path.name}: {what}", found=str(path), expected="servers as in docs/servers.md", action=f"correct {path}"
    )


def server_for(path: Path, url: str) -> Server | None:
    """The server of the file that has an address.

    Raises:
        UsageError: the file does not say what it should, or two servers have the same address.
    """
    wanted = _plain(url)
    fitting = [server for server in servers(path) if _plain(server.url) == wanted]
    if len(fitting) > 1:
        raise _wrong(path, f"{' and '.join(server.name for server in fitting)} have the same url")
    return fitting[0] if fitting else None


def _plain(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme.lower(), (parts.hostname or "").lower(), port, parts.path.rstrip("/")


def secret_file(path: Path | None, server: Server, what: str) -> Path:
    """A file that only its owner may read.

    Raises:
        UsageError: it is missing, or others may read it.
    """
    assert path is not None
    try:
        mode = path.stat().st_mode
    except OSError:
        raise UsageError(
            f"server {server.name!r}: {what} is not there",
            found=str(path),
            expected="a file with the secret",
            action="write it, or correct servers.yaml",
        ) from None
    if stat.S_IMODE(mode) & 0o077:
        raise UsageError(
            f"server {server.name!r}: {what} can be read by others (mode {stat.S_IMODE(mode):o})",
            found=str(path),
            expected="mode 600: only you may read it",
            action=f"chmod 600 {path}",
        )
    return path


def secret(path: Path | None, server: Server, what: str) -> str:
    """What stands in a secret's file.

    Raises:
        UsageError: it is missing, open to others, empty or not text.
    """
    place = secret_file(path, server, what)
    try:
        text = place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text or len(text) > _MOST:
        raise UsageError(
            f"server {server.name!r}: {what} holds no secret",
            found=str(place),
            expected="text, not empty",
            action="write the secret into it",
        )
    return text
