"""`osler image index` and `osler image similar`: the site's own images, to look for those that look alike."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from agent.settings import Settings
from agent.state import Json
from tools.errors import UsageError
from tools.imaging.similar_store import FOLDER, KEY, build, read_labels, search

if TYPE_CHECKING:
    from tools.imaging.similar import ImageEncoder


def site_key(settings: Settings) -> bytes:
    """The site's own key of the pseudonyms; made at first use, and never written into an export or an index."""
    path = settings.home / KEY
    if not path.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def index(settings: Settings, folder: Path, labels: Path | None = None, encoder: Path | None = None) -> Json:
    """The document of `osler image index --json`.

    Raises:
        UsageError: no such folder.
        BadInput: the labels cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}", found=folder, expected="a folder of images", action="check the path")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    told = read_labels(labels) if labels is not None else {}
    used = encoder_of(encoder)
    made, left = build(paths, used, site_key(settings), told, settings.home / FOLDER)
    return {"images": made, "labelled": len(told), "encoder": used.id, "left_out": left}


def similar(settings: Settings, path: Path, count: int = 5, frame: int = 0, encoder: Path | None = None) -> Json:
    """The document of `osler image similar --json`.

    Raises:
        BadInput: the image cannot be read, or there is no index.
    """
    from tools.imaging.reading import read_image
    from tools.imaging.similar_tool import NOT_THE_SAME, shown

    found = search(read_image(path, frame), encoder_of(encoder), site_key(settings), settings.home / FOLDER, count)
    rows = [{**vars(one.entry), "similarity": one.similarity, "display": shown(one)} for one in found]
    for row in rows:
        del row["patient"]
    return {"similar": rows, "warning": NOT_THE_SAME}


def encoder_of(folder: Path | None) -> ImageEncoder:
    """The descriptor, or an encoder from a folder."""
    if folder is None:
        from tools.imaging.similar import Descriptor

        return Descriptor()
    from tools.imaging.similar_encoder import LocalEncoder

    return LocalEncoder(folder)


def index_text(body: Json) -> str:
    """What was indexed, for people."""
    lines = [f"{body['images']} images indexed with {body['encoder']}; hashes and labels only"]
    return "\n".join([*lines, *(f"left out: {row['file']}: {row['reason']}" for row in body["left_out"])])


def similar_text(body: Json) -> str:
    """What was found, for people."""
    return "\n".join([row["display"] for row in body["similar"]] or ["nothing else is in the index"])
