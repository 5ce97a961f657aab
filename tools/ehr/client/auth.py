"""Logging in to a FHIR server: bearer, basic, SMART backend services, certificates. Secrets are files of their own.

A secret is read when it is used, sent only to the server it belongs to, and never shown: not in an error, a repr or a
log. SMART backend services: HL7 SMART App Launch 2, "Client Authentication: Asymmetric" (private_key_jwt).
"""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from tools.ehr.client.auth_files import Server, secret, secret_file
from tools.ehr.client.errors import BadAnswer, HttpError, LoginRefused
from tools.errors import UsageError

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE = 240
"""Seconds an assertion is good for; SMART allows five minutes."""
EARLY = 60
"""A token is fetched anew this many seconds before it ends."""
_WELL_KNOWN = "/.well-known/smart-configuration"


@dataclass
class Access:
    """How one server is reached: its login, its certificates, its limits."""

    server: Server
    auth: httpx.Auth | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext | bool:
        """The TLS settings: our certificate for theirs, and whose certificates are trusted.

        Raises:
            UsageError: a file of them is missing, open to others, or not what it should be.
        """
        tls = self.server.tls
        if tls is None:
            return True
        try:
            context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
            if tls.cert_file:
                key = secret_file(tls.key_file, self.server, "tls.key_file") if tls.key_file else None
                context.load_cert_chain(str(tls.cert_file), str(key) if key else None)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"server {self.server.name!r}: its certificates cannot be used: {type(error).__name__}",
                found=", ".join(str(path) for path in (tls.ca_file, tls.cert_file) if path),
                expected="PEM files: tls.ca_file, tls.cert_file with tls.key_file",
                action="correct servers.yaml",
            ) from None
        return context


def access_to(server: Server) -> Access:
    """The access to a server of `servers.yaml`.

    Raises:
        UsageError: a login in clear text over the network.
    """
    parts = urlsplit(server.url)
    if server.auth != "none" and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise UsageError(
            f"server {server.name!r}: a login over http could be read on its way",
            found=f"{parts.scheme}://{parts.hostname}",
            expected="https",
            action="use the https address of the server",
        )
    kinds: dict[str, type[_Login]] = {"bearer": _Bearer, "basic": _Basic, "smart": SmartBackend}
    return Access(server, kinds[server.auth](server) if server.auth in kinds else None)


class _Login(httpx.Auth):
    def __init__(self, server: Server) -> None:
        self.server = server

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server.name})"

    async def header(self, request: httpx.Request) -> str:
        raise NotImplementedError

    def ours(self, request: httpx.Request) -> bool:
        """A login goes to the server it belongs to and nowhere else."""
        mine, there = httpx.URL(self.server.url), request.url
        return (mine.scheme, mine.host, mine.port) == (there.scheme, there.host, there.port)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if self.ours(request):
            request.headers["Authorization"] = await self.header(request)
        yield request


class _Bearer(_Login):
    """A token from a file, read again each time: whoever renews it writes the file."""

    async def header(self, request: httpx.Request) -> str:
        return f"Bearer {secret(self.server.token_file, self.server, 'token_file')}"


class _Basic(_Login):
    async def header(self, request: httpx.Request) -> str:
        word = secret(self.server.password_file, self.server, "password_file")
        return httpx.BasicAuth(self.server.user or "", word)._auth_header


class SmartBackend(_Login):
    """An access token for a signed assertion; kept until shortly before it ends, fetched anew once on a 401."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._token: str | None = None
        self._until = 0.0
        self._endpoint = server.token_url
        self._lock: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Token, request; after a 401 once more with a new token."""
        if not self.ours(request):
            yield request
            return
        for again in (False, True):
            async with self._locked():
                if again or self._token is None or time.monotonic() >= self._until:
                    if self._endpoint is None:
                        found = yield httpx.Request("GET", f"{self.server.url}{_WELL_KNOWN}")
                        await found.aread()
                        self._endpoint = self._discovered(found)
                    answer = yield self._asking(self._endpoint)
                    await answer.aread()
                    self._token, self._until = self._given(answer)
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if response.status_code != 401:
                return

    def _locked(self) -> asyncio.Lock:
        loop = asyncio.get_running_loop()
        if self._lock is None or self._lock[0] is not loop:
            self._lock = (loop, asyncio.Lock())
        return self._lock[1]

    def _discovered(self, response: httpx.Response) -> str:
        body = _json(response)
        endpoint = body.get("token_endpoint")
        if response.status_code != 200 or not isinstance(endpoint, str):
            raise BadAnswer(
                f"server {self.server.name!r}: {_WELL_KNOWN} names no token endpoint (HTTP {response.status_code})",
                found=response.status_code,
                expected="a SMART configuration with token_endpoint",
                action="give token_url in servers.yaml, or ask whoever runs the server",
            )
        algorithms = body.get("token_endpoint_auth_signing_alg_values_supported")
        if isinstance(algorithms, list) and algorithms and self.server.algorithm not in algorithms:
            raise UsageError(
                f"server {self.server.name!r} does not take {self.server.algorithm}",
                found=self.server.algorithm,
                expected=", ".join(str(item) for item in algorithms),
                action="use a key and an algorithm that it takes",
            )
        parts = urlsplit(endpoint)
        if parts.scheme != "https" and parts.hostname != urlsplit(self.server.url).hostname:
            raise BadAnswer(
                f"server {self.server.name!r}: its token endpoint is on another host and not https",
                found=f"{parts.scheme}://{parts.hostname}",
                expected="https",
                action="ask whoever runs the server",
            )
        return endpoint

    def _asking(self, endpoint: str) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "scope": self.server.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self.assertion(endpoint),
        }
        return httpx.Request("POST", endpoint, data=form, headers={"Accept": "application/json"})

    def assertion(self, endpoint: str) -> str:
        """The signed statement of who asks."""
        import jwt

        key_text = secret(self.server.key_file, self.server, "key_file")
        name = self.server.client_id or ""
        now = int(time.time())
        claims = {"iss": name, "sub": name, "aud": endpoint, "jti": str(uuid.uuid4()), "iat": now, "exp": now + LIFE}
        try:
            key: Any = jwt.PyJWK.from_json(key_text).key if key_text.lstrip().startswith("{") else key_text
            headers = {"kid": self.server.key_id or ""}
            return jwt.encode(claims, key, algorithm=self.server.algorithm, headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            # What the library says may quote the key.
            raise UsageError(
                f"server {self.server.name!r}: its key does not sign {self.server.algorithm} ({type(error).__name__})",
                found=str(self.server.key_file),
                expected="a private key: RSA for RS384, EC P-384 for ES384, as PEM or JWK",
                action="correct key_file or algorithm in servers.yaml",
            ) from None

    def _given(self, response: httpx.Response) -> tuple[str, float]:
        body = _json(response)
        token, life = body.get("access_token"), body.get("expires_in", 300)
        if response.status_code != 200 or not isinstance(token, str) or not token:
            said = str(body.get("error", "no reason given"))[:60]
            error = HttpError.of(
                response.status_code if response.status_code >= 500 else 401,
                f"server {self.server.name!r}: no access token: HTTP {response.status_code}: {said}",
                found=response.status_code,
            )
            assert response.status_code >= 500 or isinstance(error, LoginRefused)
            raise error
        seconds = float(life) if isinstance(life, int | float) and not isinstance(life, bool) else 300.0
        return token, time.monotonic() + max(0.0, seconds - min(EARLY, seconds / 2))


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
