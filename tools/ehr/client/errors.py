"""What can go wrong with a FHIR server, sorted by who must act.

UpstreamError
├── Unreachable      whoever runs the network, or gave the address: no connection, no answer in time, TLS
├── BadAnswer        whoever runs the server: it answered, but not with what FHIR promises
└── HttpError        the server answered with an error status
    ├── LoginRefused whoever gives access: 401, 403, or no token to be had
    ├── Busy         nobody: come back later (429, 503)
    └── ServerFailed whoever runs the server (5xx)
"""

from __future__ import annotations

import ssl
from typing import Any

import httpx

from tools.errors import UpstreamError

_LOGIN = "check the login in servers.yaml, or ask whoever gives access to the server"
_RUNS = "tell whoever runs the FHIR server"
# TLS 1.3 tells of a refused certificate when the answer is first read, and httpx leaves that error as it is.
BROKEN = (httpx.HTTPError, ssl.SSLError)


class Unreachable(UpstreamError):
    """No connection, or no answer in time."""


class BadAnswer(UpstreamError):
    """An answer that is not what FHIR promises: no FHIR JSON, another resource, another server."""


class HttpError(UpstreamError):
    """The server answered with an error; `status` is its HTTP status."""

    status: int = 0

    @classmethod
    def of(cls, status: int, message: str, *, found: Any = None, action: str = "") -> HttpError:
        """The error of a status, of the class that says who must act."""
        kind: type[HttpError] = HttpError
        default = "check the address and what is asked of the FHIR server"
        if status in (401, 403):
            kind, default = LoginRefused, _LOGIN
        elif status in (429, 503):
            kind, default = Busy, "try again later"
        elif status >= 500:
            kind, default = ServerFailed, _RUNS
        error = kind(message, found=status if found is None else found, expected="HTTP 200", action=action or default)
        error.status = status
        return error


class LoginRefused(HttpError):
    """The server does not let Osler in, or not to this."""


class Busy(HttpError):
    """The server asks to come back later."""


class ServerFailed(HttpError):
    """The server broke."""
