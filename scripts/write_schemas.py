"""Write docs/schemas/NAME.json for every document of `osler schema`; a schema that is gone goes."""

from __future__ import annotations

import json
from pathlib import Path

from agent.schemas import schema_of

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "schemas"


def text_of(name: str) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema_of(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them all."""
    names = schema_of(None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.json"):
        if path.stem not in names:
            path.unlink()
    for name in names:
        (FOLDER / f"{name}.json").write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main()
