"""Errors sorted by who must act. Only `ToolError` becomes data in an answer; everything else is a bug and surfaces.

OslerError
├── UsageError            the caller: a question, argument or file that cannot be used            exit 2
├── Refused               nobody: safety or permission forbids it                                exit 4
└── ToolError             becomes a record with status "error"
    ├── BadInput          the person who gave the input: impossible value, wrong unit, wrong file exit 2
    ├── NotAssessable     the person who has the missing input                                   exit 3
    ├── IdentityMismatch  the clinician: this belongs to another patient                         exit 4
    └── UpstreamError     whoever runs the server that failed                                    exit 5
"""

from __future__ import annotations

from typing import Any, ClassVar


class OslerError(Exception):
    """An error a person can act on: what was found, what was expected, what to do."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, found: Any = None, expected: Any = None, action: str = "") -> None:
        super().__init__(message)
        self.message, self.found, self.expected, self.action = message, found, expected, action

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only arguments are lost by the default pickling; process pools need them.
        state = {"found": self.found, "expected": self.expected, "action": self.action}
        return (_rebuild, (type(self), self.message, state))

    def document(self) -> dict[str, Any]:
        """The body of an error document (`contract`: code, message, found, expected, action)."""
        return {
            "code": self.code,
            "message": self.message,
            "found": None if self.found is None else str(self.found),
            "expected": None if self.expected is None else str(self.expected),
            "action": self.action,
        }


def _rebuild(kind: type[OslerError], message: str, state: dict[str, Any]) -> OslerError:
    return kind(message, **state)


class UsageError(OslerError):
    """A question, argument, file or setting that cannot be used as it is."""

    code = "usage"
    exit_code = 2


class Refused(OslerError):
    """Safety or permission forbids it."""

    code = "refused"
    exit_code = 4


class ToolError(OslerError):
    """A tool could not do its work; becomes data."""

    code = "tool_error"
    exit_code = 2


class BadInput(ToolError):
    """An input that cannot be right: impossible value, wrong unit, wrong type."""

    code = "bad_input"
    exit_code = 2


class NotAssessable(ToolError):
    """What is needed is not known; `found` names what is missing."""

    code = "not_assessable"
    exit_code = 3


class IdentityMismatch(ToolError):
    """Something belongs to another patient, or its identity cannot be told."""

    code = "identity_mismatch"
    exit_code = 4


class UpstreamError(ToolError):
    """A server we depend on failed, timed out, or answered with something that is not what it promised."""

    code = "upstream"
    exit_code = 5
