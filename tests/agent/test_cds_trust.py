"""Who may call the decision support service, what it keeps of feedback, and where it will not be started."""

from __future__ import annotations

import json
import socket
import sqlite3
import stat
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from agent.cli_serve import as_text
from agent.serve.app import application
from agent.serve.cards import escape, short
from agent.serve.config import Client, Config, read_config
from agent.serve.journal import Journal
from agent.serve.run import Address, check_free, checked, greeting
from agent.serve.services import discovery
from agent.settings import Settings
from tools.errors import UsageError

Json = dict[str, Any]
BASE, ISS, JKU = "https://cds.example.org", "https://ehr.example.org/", "https://ehr.example.org/keys"
DISCOVERY = f"{BASE}/cds-services"
KEY, OTHER = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(65537, 2048)
SHORT = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str) -> Json:
    algorithm = (
        jwt.algorithms.RSAAlgorithm if hasattr(key, "private_numbers") and key is RSA else jwt.algorithms.ECAlgorithm
    )
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


KEYS = {"keys": [jwk(KEY, "e"), jwk(RSA, "r"), {**jwk(OTHER, "enc"), "use": "enc"}, jwk(SHORT, "short")]}


def token(key: Any = KEY, algorithm: str = "ES384", head: Json | None = None, **claims: Any) -> str:
    now = int(time.time())
    body = {"iss": ISS, "aud": DISCOVERY, "exp": now + 300, "iat": now, "jti": str(uuid.uuid4())} | claims
    body = {name: value for name, value in body.items() if value is not None}
    headers = {"kid": "r" if key is RSA else "e", "typ": "JWT"} | (head or {})
    return jwt.encode(body, key, algorithm=algorithm, headers=headers)


class Server:
    """A service that checks its callers."""

    def __init__(self, home: Path, **config: Any) -> None:
        (home / "keys.json").write_text(json.dumps(KEYS))
        client = Client(iss=ISS, jwks=home / "keys.json")
        self.journal = Journal(home / "cds.sqlite")
        self.fetched: list[str] = []
        given = Config(**{"base": BASE, "clients": (client,), **config})
        # Nothing here looks at a patient: what calls are answered from is not needed.
        knowledge: Any = None
        self.app = application(knowledge, given, self.journal, transport=httpx.MockTransport(self._keys))

    def _keys(self, request: httpx.Request) -> httpx.Response:
        self.fetched.append(str(request.url))
        return httpx.Response(200, json=KEYS)

    async def send(self, method: str = "GET", path: str = "/cds-services", **more: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE) as http:
            return await http.request(method, path, **more)

    async def with_token(self, text: str, **more: Any) -> httpx.Response:
        return await self.send(headers={"Authorization": f"Bearer {text}"}, **more)


@pytest.fixture
def server(tmp_path: Path) -> Callable[..., Server]:
    return lambda **config: Server(tmp_path, **config)


async def test_a_signed_token_for_this_address_is_let_in_once(server: Callable[..., Server]) -> None:
    here = server()
    once = token()
    assert (await here.with_token(once)).status_code == 200
    again = await here.with_token(once)
    assert again.status_code == 401 and again.json()["error"]["found"] == "a token that was used before"
    assert again.headers["www-authenticate"] == "Bearer"
    assert (await here.with_token(token(RSA, "RS384"))).status_code == 200
    assert (await here.with_token(token(aud=[DISCOVERY]))).status_code == 200
    # Another process on the same home knows it too.
    assert (await server().with_token(once)).status_code == 401


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "expired": (lambda: token(exp=int(time.time()) - 60), "expired"),
    "forged": (lambda: token(OTHER), "not good"),
    "for another address": (lambda: token(aud=f"{DISCOVERY}/osler-order-sign"), "another address"),
    "prefix of the address": (lambda: token(aud=BASE), "another address"),
    "unknown issuer": (lambda: token(iss="https://evil.example/"), "issuer"),
    "no issuer": (lambda: token(iss=None), "issuer"),
    "no jti": (lambda: token(jti=None), "without jti"),
    "no exp": (lambda: token(exp=None), "without exp"),
    "no iat": (lambda: token(iat=None), "without iat"),
    "of the future": (lambda: token(iat=int(time.time()) + 600, exp=int(time.time()) + 900), "not good"),
    "good for a day": (lambda: token(exp=int(time.time()) + 86_400), "more than an hour"),
    "jti is a number": (lambda: token(jti=5), "not good"),
    "none": (lambda: token(None, "none"), "algorithm"),
    "shared secret": (lambda: token("x" * 64, "HS256"), "algorithm"),
    "another curve": (lambda: token(SHORT, "ES256", {"kid": "short"}), "algorithm"),
    "curve that does not fit": (lambda: token(KEY, "ES384", {"kid": "short"}), "does not fit"),
    "RSA name on another key": (lambda: token(KEY, "ES384", {"kid": "r"}), "does not fit"),
    "unknown key": (lambda: token(head={"kid": "z"}), "does not have"),
    "key for encryption": (lambda: token(OTHER, head={"kid": "enc"}), "not for signatures"),
    "its own jku": (lambda: token(head={"jku": "https://evil.example/keys"}), "jku"),
    "critical header": (lambda: token(head={"crit": ["x"], "x": 1}), "not"),
    "another typ": (lambda: token(head={"typ": "at+jwt"}), "typ"),
    "no token": (lambda: "", "no token"),
    "rubbish": (lambda: "a.b.c", "not a JSON web token"),
}


@pytest.mark.parametrize("what", BAD)
async def test_every_other_token_is_refused_and_nothing_of_it_repeated(
    server: Callable[..., Server], what: str
) -> None:
    made, why = BAD[what]
    text = made()
    answer = await server().with_token(text)
    assert answer.status_code == 401 and why in answer.json()["error"]["found"]
    assert "evil" not in answer.text and (not text or text not in answer.text)


async def test_keys_come_from_the_address_on_the_list_and_are_kept(server: Callable[..., Server]) -> None:
    here = server(clients=(Client(iss=ISS, jku=JKU, tenants=("a",)),))
    for _ in range(2):
        assert (await here.with_token(token(head={"jku": JKU}, tenant="a"))).status_code == 200
    assert here.fetched == [JKU]
    assert (await here.with_token(token(tenant="b"))).json()["error"]["found"] == "a tenant that is not on the list"
    assert (await here.with_token(token(head={"jku": "https://evil.example/keys"}, tenant="a"))).status_code == 401
    assert here.fetched == [JKU], "no other address is ever asked"


async def test_every_address_wants_a_token_of_its_own(server: Callable[..., Server]) -> None:
    here = server()
    for path in ("osler-order-sign", "osler-order-sign/feedback"):
        bare = await here.send("POST", f"/cds-services/{path}", json={})
        assert bare.status_code == 401
        login = {"Authorization": f"Bearer {token(aud=f'{DISCOVERY}/{path}')}"}
        assert (await here.send("POST", f"/cds-services/{path}", json={}, headers=login)).status_code == 400


async def test_web_pages_on_the_list_only(server: Callable[..., Server]) -> None:
    here = server(origins=("https://ehr.example.org",), clients=())
    ask = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    good = await here.send("OPTIONS", headers={"Origin": "https://ehr.example.org", **ask})
    assert good.status_code == 200 and good.headers["access-control-allow-origin"] == "https://ehr.example.org"
    evil = await here.send("OPTIONS", headers={"Origin": "https://evil.example", **ask})
    assert evil.status_code == 400 and "access-control-allow-origin" not in evil.headers


# -- feedback --------------------------------------------------------------------------------------------------------


def told(card: str, **more: Any) -> Json:
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-23T00:00:00Z", **more}


async def test_feedback_is_kept_once_and_counted_by_topic(server: Callable[..., Server], tmp_path: Path) -> None:
    here = server(clients=())
    shown = [
        {"uuid": str(uuid.uuid4()), "indicator": "warning", "source": {"topic": {"code": "order-drug"}}} for _ in "ab"
    ]
    here.journal.called(None, "osler-order-sign", str(uuid.uuid4()), "Practitioner/1", "p1", shown)
    reason = {"reason": {"code": "tolerated", "system": "urn:osler:cds-override"}, "userComment": "taken for years"}
    taken = {"outcome": "accepted", "acceptedSuggestions": [{"id": str(uuid.uuid4())}]}
    sent = {"feedback": [told(shown[0]["uuid"], overrideReason=reason), told(shown[1]["uuid"], **taken)]}
    for _ in range(2):
        answer = await here.send("POST", "/cds-services/osler-order-sign/feedback", json=sent)
        assert answer.status_code == 200
    kept = here.journal.feedback()
    assert kept["by_topic"] == {"order-drug": {"cards": 2, "accepted": 1, "overridden": 1}}
    rows = {row["outcome"]: row for row in kept["feedback"]}
    assert len(kept["feedback"]) == 2 and rows["overridden"]["code"] == "tolerated"
    assert rows["overridden"]["comment"] == "taken for years" and rows["accepted"]["suggestions"]
    assert "order-drug: 2 cards, 1 accepted, 1 overridden" in as_text(kept)
    assert stat.S_IMODE((tmp_path / "cds.sqlite").stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / "cds.sqlite") as db:
        assert db.execute("SELECT patient, cards FROM call").fetchall() == [("p1", 2)]


@pytest.mark.parametrize(
    "row",
    [
        told("1"),
        told(str(uuid.uuid4()), outcome="ignored"),
        told(str(uuid.uuid4()), outcome="accepted"),
        told(str(uuid.uuid4()), outcomeTimestamp="yesterday"),
        told(str(uuid.uuid4()), outcomeTimestamp="2026-11-23T00:00:00"),
        told(str(uuid.uuid4()), overrideReason={"reason": {"code": "x"}}),
    ],
)
async def test_feedback_that_is_not_feedback_is_refused(server: Callable[..., Server], row: Json) -> None:
    here = server(clients=())
    answer = await here.send("POST", "/cds-services/osler-order-sign/feedback", json={"feedback": [row]})
    assert answer.status_code == 400 and not here.journal.feedback()["feedback"]


# -- configuration and start -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clients: [{iss: a}]", "exactly one of jwks"),
        ("clients: [{iss: a, jku: 'http://ehr.example.org/keys'}]", "https is needed"),
        ("fhir_servers: ['http://fhir.example.org']", "https is needed"),
        ("fhir_servers: ['https://me:secret@fhir.example.org']", "without a login"),
        ("origins: ['*']", "name each page"),
        ("secret: x", "secret"),
        (": [", "Error"),
    ],
)
def test_a_file_that_does_not_fit_says_where(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "cds.yaml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_config(tmp_path)
    assert why in str(caught.value.found) and "me:secret" not in str(caught.value.document())


def test_it_starts_for_others_only_with_checked_callers_and_tls(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    alone = Address()
    assert "CALLERS ARE NOT CHECKED" in greeting(checked(settings, alone), alone)
    with pytest.raises(UsageError, match="only when callers are checked"):
        checked(settings, Address("0.0.0.0"))
    (tmp_path / "cds.yaml").write_text(f"clients: [{{iss: '{ISS}', jwks: keys.json}}]")
    with pytest.raises(UsageError, match="no base"):
        checked(settings, alone)
    (tmp_path / "cds.yaml").write_text(f"base: {BASE}\nclients: [{{iss: '{ISS}', jwks: keys.json}}]")
    config = checked(settings, alone)
    assert config.clients[0].jwks == tmp_path / "keys.json" and "NOT CHECKED" not in greeting(config, alone)
    with pytest.raises(UsageError, match="only over TLS"):
        checked(settings, Address("0.0.0.0"))
    assert checked(settings, Address("0.0.0.0", certificate=tmp_path / "c", key=tmp_path / "k"))


def test_a_taken_port_is_said_before_anything_is_built(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot listen"):
            check_free(Address(port=taken.getsockname()[1]))


# -- words -------------------------------------------------------------------------------------------------------------


def test_markdown_of_a_record_is_shown_as_it_is() -> None:
    assert escape("# [a](http://b)\n![x](y) | www.evil.example") == (
        "\\# \\[a\\](http\\://b) !\\[x\\](y) \\| www\\.evil.example"
    )
    assert escape("1. one") == "1\\. one" and escape("6.8 mmol/L") == "6.8 mmol/L" and escape("- x") == "\\- x"
    assert short("a" * 200)[-1] == "…" and len(short("word " * 60)) < 140 and short("plain\u202e text") == "plain text"


def test_the_documentation_shows_what_discovery_says() -> None:
    text = (Path(__file__).parents[2] / "docs" / "cds-hooks.md").read_text(encoding="utf-8")
    for service in discovery()["services"]:
        assert service["id"] in text
        assert all(f"`{key}`" in text for key in service["prefetch"])
