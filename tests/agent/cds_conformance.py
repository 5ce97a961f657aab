"""What CDS Hooks 2.0 requires of a response, as its text has it (sections CDS Service Response, Card Attributes)."""

from __future__ import annotations

import re
import uuid
from typing import Any

Json = dict[str, Any]
CARD = {
    "uuid",
    "summary",
    "detail",
    "indicator",
    "source",
    "suggestions",
    "selectionBehavior",
    "overrideReasons",
    "links",
}


def checked(answer: Json) -> list[Json]:
    """Every requirement that CDS Hooks 2.0 has on a response and its cards."""
    assert set(answer) == {"cards"}
    assert isinstance(answer["cards"], list) and len(answer["cards"]) <= 3
    for card in answer["cards"]:
        assert not empty(card), f"null or empty at {empty(card)}"
        assert set(card) <= CARD and {"uuid", "summary", "indicator", "source", "detail"} <= set(card)
        assert str(uuid.UUID(card["uuid"])) == card["uuid"]
        assert 0 < len(card["summary"]) < 140 and "\n" not in card["summary"]
        assert card["indicator"] in ("info", "warning", "critical")
        source = card["source"]
        assert set(source) <= {"label", "url", "icon", "topic"} and isinstance(source["label"], str)
        assert set(source["topic"]) == {"system", "code", "display"}
        assert "url" not in source or source["url"].startswith("http")
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert card.get("selectionBehavior", "any") in ("any", "at-most-one")
        for suggestion in card.get("suggestions", []):
            assert set(suggestion) <= {"label", "uuid", "isRecommended", "actions"} and suggestion["label"]
            assert str(uuid.UUID(suggestion["uuid"])) == suggestion["uuid"]
            for action in suggestion["actions"]:
                assert action["type"] in ("create", "update", "delete") and action["description"]
                assert ("resourceId" in action) == (action["type"] == "delete") != ("resource" in action)
                if action["type"] == "delete":
                    assert re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", action["resourceId"])
                if action["type"] == "update":
                    assert action["resource"]["id"]
        for link in card.get("links", []):
            assert set(link) == {"label", "url", "type"} and link["type"] == "absolute"
        for reason in card.get("overrideReasons", []):
            assert reason["code"] and reason["system"] and reason["display"]
    order_ = [("critical", "warning", "info").index(card["indicator"]) for card in answer["cards"]]
    assert order_ == sorted(order_)
    return list(answer["cards"])


def empty(value: Any, path: str = "") -> str:
    """The first place that is null or empty, which CDS Hooks forbids."""
    if value is None or value == "" or value == [] or value == {}:
        return path or "the top"
    rows = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next((found for key, item in rows if (found := empty(item, f"{path}.{key}"))), "")
