"""Before the first run: check the encoder's files, build the search indexes, load the demo patients. Done once.

What it was done for stands in a stamp in Osler's home folder (`OSLER_HOME`), so that the next start does not wait.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

from agent.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("knowledge", "tools/calculators", "tools/ehr")


def main() -> None:
    """Prepare, unless it was done for just these files."""
    settings = Settings.from_environment()
    stamp, now = settings.home / "prepared", digest()
    done = stamp.is_file() and stamp.read_text(encoding="utf-8") == now
    if done and settings.records.is_file() and (settings.index / "manifest.json").is_file():
        return
    started = time.monotonic()
    prepare(settings)
    stamp.write_text(now, encoding="utf-8")
    print(f"set-up: {settings.home} is ready ({time.monotonic() - started:.0f} s)", flush=True)


def digest() -> str:
    """The files from which the index and the demo patients are made, and the installation they were made with."""
    found = hashlib.sha256()
    files = [path for folder in SOURCES for path in sorted((ROOT / folder).rglob("*"))]
    for path in [*(path for path in files if path.suffix in (".py", ".yaml")), Path(sys.prefix) / "osler-setup.json"]:
        found.update(str(path).encode() + b"\x1f" + (path.read_bytes() if path.is_file() else b"") + b"\x1e")
    return found.hexdigest()


def prepare(settings: Settings) -> None:
    """The encoder's check, the indexes of passages and of calculators, the demo patients."""
    from agent.build import build_index
    from agent.records import load_demo
    from knowledge.encoder import encoder_status
    from tools.calculators.choice import prepare as prepare_choice

    settings.home.mkdir(parents=True, exist_ok=True)
    status = encoder_status()
    says = "files checked (SHA-256)" if status.usable else f"not usable: {status.lacks}; search is by words (BM25) only"
    print(f"set-up: encoder {status.name}: {says}", flush=True)
    manifest = build_index(settings)
    print(f"set-up: index of {manifest.get('count', '?')} passages", flush=True)
    print(f"set-up: {prepare_choice(settings.index)} calculators", flush=True)
    load_demo(settings)
    print("set-up: demo patients loaded", flush=True)


if __name__ == "__main__":
    main()
