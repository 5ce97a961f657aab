"""Logging in to a server: what is sent, when it is fetched anew, and that no secret is ever shown."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tools.ehr.client.auth import LIFE, SmartBackend, access_to
from tools.ehr.client.auth_files import Server, server_for, servers
from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import BadAnswer, LoginRefused, ServerFailed
from tools.errors import OslerError, UsageError

URL = "https://fhir.example/r4"
SECRET = "s3cret-value-nobody-may-see"
PATIENT = {"resourceType": "Patient", "id": "p"}


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {"ES384": ec.generate_private_key(ec.SECP384R1()), "RS384": rsa.generate_private_key(65537, 2048)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("token", "password"):
        (tmp_path / name).write_text(f"{SECRET}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "servers.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def client(server: Server, handle: Callable[[httpx.Request], httpx.Response]) -> FhirClient:
    return FhirClient(server.url, access=access_to(server), transport=httpx.MockTransport(handle), attempts=2)


def smart(folder: Path, key: Any, algorithm: str, **more: Any) -> Server:
    (folder / "key.pem").write_text(pem(key), encoding="utf-8")
    (folder / "key.pem").chmod(0o600)
    return Server(
        name="hospital",
        url=URL,
        auth="smart",
        client_id="osler",
        key_file=folder / "key.pem",
        key_id="k1",
        algorithm=algorithm,
        **more,
    )


class Authority:
    """A FHIR server with its authorization server."""

    def __init__(self, key: Any, algorithm: str, expires_in: int = 300) -> None:
        self.key, self.algorithm, self.expires_in = key.public_key(), algorithm, expires_in
        self.asked: list[str] = []
        self.ids: set[str] = set()
        self.good: set[str] = set()
        self.refuse = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if request.url.path.endswith("smart-configuration"):
            assert "authorization" not in request.headers
            supported = {"token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"]}
            return httpx.Response(200, json={"token_endpoint": "https://login.example/token", **supported})
        if request.url.host == "login.example":
            return self.token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.good:
            return httpx.Response(401)
        return httpx.Response(200, json=PATIENT)

    def token(self, request: httpx.Request) -> httpx.Response:
        if self.refuse:
            return httpx.Response(400, json={"error": "invalid_client", "error_description": SECRET})
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        assertion = form["client_assertion"]
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, self.key, [self.algorithm], audience="https://login.example/token")
        assert (header["kid"], header["alg"], header["typ"]) == ("k1", self.algorithm, "JWT")
        assert claims["iss"] == claims["sub"] == "osler"
        assert 0 < claims["exp"] - time.time() <= LIFE <= 300
        assert claims["jti"] not in self.ids
        assert form["grant_type"] == "client_credentials" and form["scope"] == "system/*.read"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        self.ids.add(claims["jti"])
        self.good = {f"{SECRET}-{len(self.ids)}"}
        return httpx.Response(200, json={"access_token": next(iter(self.good)), "expires_in": self.expires_in})


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
async def test_smart_backend_services(folder: Path, keys: dict[str, Any], algorithm: str) -> None:
    authority = Authority(keys[algorithm], algorithm)
    reader = client(smart(folder, keys[algorithm], algorithm), authority)
    for _ in range(3):
        assert await reader.read("Patient", "p") == PATIENT
    assert authority.asked == ["/r4/.well-known/smart-configuration", "/token", *["/r4/Patient/p"] * 3]
    authority.good = set()  # taken back: one 401, one new token, one more try
    assert await reader.read("Patient", "p") == PATIENT
    assert authority.asked[5:] == ["/r4/Patient/p", "/token", "/r4/Patient/p"]


async def test_a_key_as_jwk(folder: Path, keys: dict[str, Any]) -> None:
    server = smart(folder, keys["ES384"], "ES384", token_url="https://login.example/token")
    (folder / "key.pem").write_text(jwt.algorithms.ECAlgorithm.to_jwk(keys["ES384"]), encoding="utf-8")
    authority = Authority(keys["ES384"], "ES384")
    assert await client(server, authority).read("Patient", "p") == PATIENT
    assert authority.asked == ["/token", "/r4/Patient/p"]


async def test_a_token_is_renewed_before_it_ends(folder: Path, keys: dict[str, Any]) -> None:
    authority = Authority(keys["ES384"], "ES384", expires_in=0)
    reader = client(smart(folder, keys["ES384"], "ES384"), authority)
    await reader.read("Patient", "p")
    await reader.read("Patient", "p")
    assert authority.asked.count("/token") == 2
    assert authority.asked.count("/r4/.well-known/smart-configuration") == 1


async def test_a_refused_login_names_who_must_act(folder: Path, keys: dict[str, Any]) -> None:
    authority = Authority(keys["ES384"], "ES384")
    authority.refuse = True
    with pytest.raises(LoginRefused, match="invalid_client") as failed:
        await client(smart(folder, keys["ES384"], "ES384"), authority).read("Patient", "p")
    assert "servers.yaml" in failed.value.action and SECRET not in str(failed.value.document())

    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500) if request.method == "POST" else authority(request)

    with pytest.raises(ServerFailed):
        await client(smart(folder, keys["ES384"], "ES384"), broken).read("Patient", "p")


@pytest.mark.parametrize(
    ("found", "error"),
    [
        ({"issuer": "x"}, BadAnswer),
        ({"token_endpoint": "http://elsewhere.example/token"}, BadAnswer),
        (
            {
                "token_endpoint": "https://login.example/token",
                "token_endpoint_auth_signing_alg_values_supported": ["ES384"],
            },
            UsageError,
        ),
    ],
)
async def test_a_discovery_that_cannot_be_used(
    folder: Path, keys: dict[str, Any], found: dict[str, Any], error: type[OslerError]
) -> None:
    with pytest.raises(error):
        await client(smart(folder, keys["RS384"], "RS384"), lambda request: httpx.Response(200, json=found)).read(
            "Patient", "p"
        )


async def test_a_key_that_does_not_fit_is_not_quoted(folder: Path, keys: dict[str, Any]) -> None:
    server = smart(folder, keys["ES384"], "RS384", token_url="https://login.example/token")
    with pytest.raises(UsageError, match="does not sign RS384") as failed:
        await client(server, lambda request: httpx.Response(500)).read("Patient", "p")
    assert "PRIVATE" not in repr(failed.value.document()) and failed.value.__cause__ is None


@pytest.mark.parametrize(("auth", "sent"), [("bearer", f"Bearer {SECRET}"), ("basic", f"Basic {SECRET}")])
async def test_bearer_and_basic(folder: Path, auth: str, sent: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = written(
        folder,
        f"servers: {{ward: {{url: '{URL}/', auth: {auth}, token_file: token, user: ada, password_file: password}}}}",
    )
    server = server_for(path, URL)
    assert server is not None and server_for(path, "https://other.example/r4") is None
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(403, text=request.headers["authorization"])

    reader = client(server, handle)
    with pytest.raises(LoginRefused) as failed:
        await reader.read("Patient", "p")
    if auth == "basic":
        sent = f"Basic {base64.b64encode(f'ada:{SECRET}'.encode()).decode()}"
    assert seen == [sent]
    shown = " ".join([repr(reader), repr(reader.access), repr(server), str(failed.value.document()), caplog.text])
    assert SECRET not in shown and sent not in shown


async def test_a_login_goes_to_its_own_server_only(folder: Path) -> None:
    server = Server(name="ward", url=URL, auth="bearer", token_file=folder / "token")
    seen: list[tuple[str, bool]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.url.host, "authorization" in request.headers))
        return httpx.Response(200, json=PATIENT)

    reader = client(server, handle)
    await reader._get("https://files.example/x")
    await reader._get(f"{URL}/Patient/p")
    assert seen == [("files.example", False), ("fhir.example", True)]


@pytest.mark.parametrize("url", ["http://fhir.example/r4", "ftp://fhir.example"])
def test_no_login_in_clear_text(folder: Path, url: str) -> None:
    with pytest.raises(UsageError, match="over http"):
        access_to(Server(name="ward", url=url, auth="bearer", token_file=folder / "token"))


def test_no_login_in_an_address() -> None:
    with pytest.raises(UsageError) as failed:
        FhirClient(f"https://ada:{SECRET}@fhir.example/r4")
    assert SECRET not in str(failed.value.document())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"servers: {{a: {{url: x, auth: bearer, token: {SECRET}}}}}", "secrets belong in files"),
        (f"servers: {{a: {{url: x, auth: {SECRET}}}}}", "auth"),
        (f"servers: {{a: {{url: x, pass_word: {SECRET}}}}}", "pass_word"),
        ("servers: {a: {url: x, auth: smart, client_id: c}}", "needs key_file, key_id"),
        (f"servers: [{SECRET}]", "no mapping"),
        (f"servers: {{a: {SECRET}}}", "not a mapping"),
        (f"servers: {{a: [{SECRET}", "not YAML near line 1"),
        (f"servers: {{a: {{url: '{URL}'}}, b: {{url: '{URL}/'}}}}", "same url"),
    ],
)
def test_what_cannot_be_used_is_named_without_its_values(folder: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as failed:
        server_for(written(folder, text), URL)
    assert SECRET not in str(failed.value.document())


async def test_a_secret_others_can_read_is_not_used(folder: Path) -> None:
    (folder / "token").chmod(0o640)
    reader = client(Server(name="ward", url=URL, auth="bearer", token_file=folder / "token"), lambda r: 1 / 0)  # type: ignore[arg-type,return-value]
    with pytest.raises(UsageError, match="mode 640") as failed:
        await reader.read("Patient", "p")
    assert failed.value.action == f"chmod 600 {folder / 'token'}"
    (folder / "token").unlink()
    with pytest.raises(UsageError, match="not there"):
        await reader.read("Patient", "p")


def test_certificates_are_loaded_or_named(folder: Path, keys: dict[str, Any]) -> None:
    key = folder / "client.key"
    key.write_text(pem(keys["ES384"]), encoding="utf-8")
    key.chmod(0o644)
    (folder / "client.pem").write_text("not a certificate", encoding="utf-8")
    text = f"servers: {{ward: {{url: '{URL}', tls: {{cert_file: client.pem, key_file: client.key}}}}}}"
    (server,) = servers(written(folder, text))
    with pytest.raises(UsageError, match="read by others"):
        access_to(server).context()
    key.chmod(0o600)
    with pytest.raises(UsageError, match="certificates cannot be used"):
        access_to(server).context()
    (folder / "client.pem").write_text(certificate(keys["ES384"]), encoding="utf-8")
    assert access_to(server).context()


def certificate(key: ec.EllipticCurvePrivateKey) -> str:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "osler")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return made.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM).decode()


def test_an_assertion_carries_no_more_than_it_must(folder: Path, keys: dict[str, Any]) -> None:
    text = SmartBackend(smart(folder, keys["ES384"], "ES384")).assertion("https://login.example/token")
    claims = json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "=="))
    assert set(claims) == {"iss", "sub", "aud", "jti", "iat", "exp"}
