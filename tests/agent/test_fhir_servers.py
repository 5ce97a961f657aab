"""Servers of the settings: which entry of servers.yaml is used, what is kept about one, what the doctor shows."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner

from agent.cli import cli
from agent.doctor import _store
from agent.records import Records, searchset
from agent.servers import client_of, keep, status
from agent.settings import Settings
from tools.ehr.client.client import Matches
from tools.ehr.client.errors import Unreachable
from tools.errors import UsageError

STATEMENT = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"name": "Ward"}}


@contextmanager
def serving(body: dict[str, Any], context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("authorization", ""))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            return

    class Quiet(HTTPServer):
        def handle_error(self, *_: Any) -> None:
            return

    server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{server.server_port}/fhir", seen
    finally:
        server.shutdown()
        server.server_close()


def entry(home: Path, url: str, **more: Any) -> Settings:
    (home / "token").write_text("s3cret", encoding="utf-8")
    (home / "token").chmod(0o600)
    (home / "servers.yaml").write_text(json.dumps({"servers": {"ward": {"url": url, **more}}}), encoding="utf-8")
    return Settings(home=home, fhir_url=url)


async def test_the_entry_with_the_address_is_used(tmp_path: Path) -> None:
    with serving(STATEMENT) as (url, seen):
        settings = entry(tmp_path, f"{url}/", auth="bearer", token_file="token", page=77, timeout=3)
        client = await Records(settings).client(None)
        assert (client.base, client.page, client.timeout) == (url, 77, 3)
        assert (await client.capability()).software == "Ward"
        assert seen == ["Bearer s3cret"]
        await client.close()
    assert client_of(settings, "http://127.0.0.1:1/other").access is None
    assert (await Records(settings).client("http://127.0.0.1:1/other")).base == "http://127.0.0.1:1/other"


async def test_what_was_learnt_is_kept_for_a_week(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    client = client_of(settings, "http://127.0.0.1:1/fhir")
    keep(settings, client)
    assert not (tmp_path / "servers").exists()
    assert client.quirks is not None
    client.quirks.learn("Observation", "value-quantity", "gt5", "finds nothing")
    client.quirks.learn("Observation", "code", "x", "works")
    keep(settings, client)
    again = client_of(settings, "http://127.0.0.1:1/fhir/")
    assert again.quirks is not None and again.quirks.bad == {"Observation?value-quantity gt": "finds nothing"}
    (file,) = (tmp_path / "servers").iterdir()
    body = json.loads(file.read_text(encoding="utf-8"))
    for spoilt in (body | {"at": (datetime.now(UTC) - timedelta(days=8)).isoformat()}, {"known": 3}, []):
        file.write_text(json.dumps(spoilt), encoding="utf-8")
        forgotten = client_of(settings, "http://127.0.0.1:1/fhir").quirks
        assert forgotten is not None and forgotten.known == {}


def test_the_doctor_shows_the_login_and_what_does_not_work(tmp_path: Path) -> None:
    with serving(STATEMENT) as (url, _):
        settings = entry(tmp_path, url, auth="bearer", token_file="token")
        client = client_of(settings, url)
        assert client.quirks is not None
        client.quirks.learn("Observation", "value-quantity", "gt5", "finds nothing")
        keep(settings, client)
        store = _store(settings)
        assert store["usable"] and store["login"] == "bearer" and store["name"] == "ward"
        assert store["does_not_work"] == ["the server finds nothing by value-quantity gt (Observation)"]
        (tmp_path / "token").chmod(0o644)
        row = status(settings, url, 2)
        assert not row["usable"] and "read by others" in row["lacks"] and row["how"].startswith("chmod 600")
        (tmp_path / "servers.yaml").write_text("servers: {ward: {url: x, token: s3cret}}", encoding="utf-8")
        row = status(settings, url, 2)
        assert not row["usable"] and "secrets belong in files" in row["lacks"] and "s3cret" not in json.dumps(row)


def test_a_search_says_why_it_may_not_be_all() -> None:
    bundle = searchset(
        Matches("q", [{"resourceType": "Flag", "id": "1"}], total=4, problems=["stopped at 1 of 4"], notes=["did it"])
    )
    assert bundle["total"] == 4
    remark = bundle["entry"][-1]
    assert remark["search"]["mode"] == "outcome"
    assert [(row["severity"], row["diagnostics"]) for row in remark["resource"]["issue"]] == [
        ("warning", "stopped at 1 of 4"),
        ("information", "did it"),
    ]
    assert searchset(Matches("q", total=0)) == {"resourceType": "Bundle", "type": "searchset", "total": 0, "entry": []}


@pytest.mark.parametrize("command", [["ehr", "probe"], ["ehr", "export", "--out", "x"]])
def test_commands_for_servers_need_one(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSLER_HOME", str(tmp_path))
    monkeypatch.delenv("OSLER_FHIR_URL", raising=False)
    found = CliRunner().invoke(cli, [*command, "--record", str(tmp_path)])
    assert isinstance(found.exception, UsageError), found.output
    assert "needs a FHIR server" in found.exception.message


def made(folder: Path, name: str, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None) -> Any:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now, root = datetime.now(UTC), issuer is None
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0].subject if issuer else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(minutes=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
    local = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    done = builder.add_extension(local, critical=False).sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(done.public_bytes(serialization.Encoding.PEM))
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, plain))
    (folder / f"{name}.key").chmod(0o600)
    return done, key


async def test_mutual_tls(tmp_path: Path) -> None:
    ca = made(tmp_path, "ca")
    made(tmp_path, "server", ca)
    made(tmp_path, "osler", ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(STATEMENT, context) as (url, _):
        tls = {"ca_file": "ca.pem", "cert_file": "osler.pem", "key_file": "osler.key"}
        client = client_of(entry(tmp_path, url, tls=tls), url)
        assert (await client.capability()).software == "Ward"
        await client.close()
        for lacking in ({"ca_file": "ca.pem"}, {"cert_file": "osler.pem", "key_file": "osler.key"}):
            stranger = client_of(entry(tmp_path, url, tls=lacking), url)
            stranger.attempts = 1
            with pytest.raises(Unreachable) as failed:
                await stranger.capability()
            if "ca_file" not in lacking:
                assert "certificates" in failed.value.action
