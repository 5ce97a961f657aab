"""Who calls: the JSON web token of a CDS client (CDS Hooks 2.0, "Trusting CDS Clients").

Its issuer is on the list, its signature fits a key of that issuer, it is for the address called, still good, and has
not been used before. What is wrong is told apart in the answer, never with a word of the token.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from agent.serve.config import Client, Config
from agent.serve.journal import Journal
from agent.state import Json
from tools.ehr.client.errors import BROKEN
from tools.errors import OslerError

ALGORITHMS = ("ES384", "RS384")
LEEWAY, LONGEST = 30, 3600
KEYS_GOOD, KEYS_WAIT, MOST_KEYS = 300.0, 10.0, 200_000
_CLAIMS = ["iss", "aud", "exp", "iat", "jti"]


class Unauthorized(OslerError):
    """The caller is not let in."""

    code = "unauthorized"
    exit_code = 4


class Trust:
    """Checks tokens against the clients of the configuration.

    Args:
        transport: for requests to a `jku`.
    """

    def __init__(self, config: Config, journal: Journal, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.config, self.journal, self._transport = config, journal, transport
        self._keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}
        self._lock = asyncio.Lock()

    async def check(self, header: str | None, url: str) -> str:
        """The issuer of the token in an Authorization header.

        Args:
            url: the address that was called.

        Raises:
            Unauthorized: there is no token, or one that is not good here and now.
        """
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _no("no token")
        try:
            head = jwt.get_unverified_header(token)
            told: Json = jwt.decode(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise _no("not a JSON web token") from error
        client = self.config.client(told["iss"]) if isinstance(told.get("iss"), str) else None
        if client is None:
            raise _no("an issuer that is not on the list")
        claims = self._verified(token, await self._key(client, head), str(head["alg"]), client.iss, url)
        if client.tenants and claims.get("tenant") not in client.tenants:
            raise _no("a tenant that is not on the list")
        if not await asyncio.to_thread(
            self.journal.use, client.iss, claims["jti"], claims["exp"] + LEEWAY, time.time()
        ):
            raise _no("a token that was used before")
        return client.iss

    async def _key(self, client: Client, head: Json) -> Any:
        if head.get("alg") not in ALGORITHMS:
            raise _no("another algorithm than ES384 or RS384")
        if str(head.get("typ", "")).upper() != "JWT":
            raise _no("another typ than JWT")
        if head.get("crit") is not None:
            raise _no("critical header fields that are not understood")
        if head.get("jku") is not None and head["jku"] != client.jku:
            raise _no("a jku that is not on the list")
        kid = head.get("kid")
        if not isinstance(kid, str) or not kid:
            raise _no("no kid")
        for fresh in (False, True):
            found = [key for key in (await self._set(client, fresh)).keys if key.key_id == kid]
            if len(found) == 1:
                if found[0].public_key_use not in (None, "sig"):
                    raise _no("a key that is not for signatures")
                return found[0].key
        raise _no("a key that the issuer does not have")

    async def _set(self, client: Client, fresh: bool) -> jwt.PyJWKSet:
        """The issuer's keys; fetched again when they are old, or when one is not among them."""
        async with self._lock:
            at, held = self._keys.get(client.iss, (0.0, None))
            age = time.monotonic() - at
            if held is not None and age < (KEYS_WAIT if fresh else KEYS_GOOD):
                return held
            text = await self._text(client)
            try:
                keys = jwt.PyJWKSet.from_dict(json.loads(text))
            except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as error:
                raise _no("keys of the issuer that cannot be read") from error
            self._keys[client.iss] = (time.monotonic(), keys)
            return keys

    async def _text(self, client: Client) -> str:
        if client.jwks is not None:
            try:
                return await asyncio.to_thread(client.jwks.read_text, "utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise _no("keys of the issuer that cannot be read") from error
        assert client.jku is not None
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=3.0) as http,
                http.stream("GET", client.jku, follow_redirects=False) as response,
            ):
                parts, size = [], 0
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > MOST_KEYS:
                        raise _no("keys of the issuer that are too many")
                    parts.append(chunk)
        except BROKEN as error:
            raise _no("keys of the issuer that cannot be fetched") from error
        if response.status_code != 200:
            raise _no("keys of the issuer that cannot be fetched")
        return b"".join(parts).decode("utf-8", "replace")

    def _verified(self, token: str, key: Any, algorithm: str, iss: str, url: str) -> Json:
        fits = (
            isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp384r1"
            if algorithm == "ES384"
            else isinstance(key, RSAPublicKey) and key.key_size >= 2048
        )
        if not fits:
            raise _no("a key that does not fit the algorithm")
        try:
            claims: Json = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=url,
                issuer=iss,
                leeway=LEEWAY,
                options={"require": _CLAIMS},
            )
        except jwt.ExpiredSignatureError as error:
            raise _no("a token that has expired") from error
        except jwt.InvalidAudienceError as error:
            raise _no("a token for another address") from error
        except jwt.MissingRequiredClaimError as error:
            raise _no(f"a token without {error.claim}") from error
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise _no("a token that is not good") from error
        if claims["exp"] - claims["iat"] > LONGEST:
            raise _no("a token that is good for more than an hour")
        if not isinstance(claims["jti"], str) or not 0 < len(claims["jti"]) <= 200:
            raise _no("a jti that is no text")
        return claims


def _no(found: str) -> Unauthorized:
    return Unauthorized(
        "the caller is not let in",
        found=found,
        expected="Authorization: Bearer, a token of a client of cds.yaml for this address, ES384 or RS384, used once",
        action="ask whoever runs this service to add the client, or send a fresh token",
    )
