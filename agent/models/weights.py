"""Where the weights of a model in process are: a folder, or a hub name with its commit, already on this machine.

Nothing is fetched. Only safetensors are loaded: files of pickles can run code. A hub name counts only with a full
commit hash, because a branch or a tag is whatever its owner makes of it tomorrow.
"""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass
from pathlib import Path

from knowledge.weights import folder_hash
from tools.errors import UsageError

MODULES = ("torch", "transformers")
EXTRA = "pip install 'osler[local]'"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_SNAPSHOT = re.compile(r"models--(?P<owner>.+?)--(?P<name>.+)/snapshots/(?P<commit>[0-9a-f]{40})$")
_KEPT = (".json", ".jinja", ".safetensors", ".model", ".txt")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt")


@dataclass(frozen=True)
class Weights:
    """A model's folder. `name` is what is shown: never a path of this machine."""

    name: str
    folder: Path
    commit: str | None = None

    @property
    def revision(self) -> str:
        """Its commit on the hub; of a folder without one, a hash over its files (seconds for large ones, kept)."""
        if self.commit is not None:
            return self.commit
        return f"sha256:{folder_hash(self.folder, _KEPT)}"


def is_in_process(model: str) -> bool:
    """Whether a model's name means weights here, and not a name on a server: a path, or `owner/name` with or without
    a revision."""
    looks_like_path = model.startswith(("/", "./", "../", "~"))
    return looks_like_path or Path(model).expanduser().is_dir() or bool(_HUB.fullmatch(model.partition("@")[0]))


def lacking() -> list[str]:
    """Modules that models in process need and that are not installed."""
    return [name for name in MODULES if importlib.util.find_spec(name) is None]


def find_weights(model: str) -> Weights:
    """The folder of a model.

    Raises:
        UsageError: a module is missing, the name has no commit, or the files are not here or not safetensors.
    """
    if missing := lacking():
        raise UsageError(
            f"model {model!r} runs in process, and {' and '.join(missing)} is not installed",
            found=f"no {', '.join(missing)}",
            expected=" and ".join(MODULES),
            action=EXTRA,
        )
    path = Path(model).expanduser()
    weights = _in_folder(path) if path.is_dir() else _in_cache(model)
    _check_files(weights)
    return weights


def _in_folder(path: Path) -> Weights:
    if snapshot := _SNAPSHOT.search(path.resolve().as_posix()):
        return Weights(f"{snapshot['owner']}/{snapshot['name']}", path, snapshot["commit"])
    return Weights(path.resolve().name, path)


def _in_cache(model: str) -> Weights:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    name, _, commit = model.partition("@")
    if not _HUB.fullmatch(name):
        raise UsageError(
            f"there is no folder {model}",
            found="nothing at this path",
            expected="a folder with config.json and safetensors",
            action="correct OSLER_MODEL",
        )
    if not _COMMIT.fullmatch(commit):
        raise UsageError(
            f"model {name} is named without the commit that pins it",
            found=model,
            expected=f"{name}@COMMIT with all 40 characters of the hash, or a folder here",
            action="copy the hash from the model's page under its history; a branch or a tag can change",
        )
    try:
        folder = snapshot_download(name, revision=commit, local_files_only=True)
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise UsageError(
            f"the files of {name} at {commit[:12]} are not on this machine",
            found="nothing in the hub's local cache",
            expected="all files of that commit; Osler fetches nothing",
            action=f"on a machine with a connection: hf download {name} --revision {commit}; or set OSLER_MODEL to a "
            "folder, or OSLER_MODEL_URL to a server",
        ) from error
    return Weights(name, Path(folder), commit)


def _check_files(weights: Weights) -> None:
    folder, action = weights.folder, "fetch the model again, with its config.json and safetensors"
    if not (folder / "config.json").is_file():
        raise UsageError(
            f"{weights.name} is not a model's folder",
            found=f"no config.json in {folder}",
            expected="config.json and safetensors",
            action=action,
        )
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        named = set(json.loads(index.read_text(encoding="utf-8")).get("weight_map", {}).values())
        absent = sorted(name for name in named if not (folder / name).is_file())
        if absent:
            raise UsageError(
                f"weights of {weights.name} are missing",
                found=f"{len(absent)} of {len(named)} files not there, the first {absent[0]}",
                expected="every file of its index",
                action=action,
            )
    elif not any(folder.glob("*.safetensors")):
        pickles = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
        raise UsageError(
            f"{weights.name} has no safetensors",
            found=", ".join(pickles[:3]) or "no weights",
            expected="safetensors",
            action="take the model's safetensors: other weight files can run code and are not loaded",
        )
