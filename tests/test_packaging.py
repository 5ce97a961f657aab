"""What is installed: the wheel's content, declared dependencies, the set-up and the test runner's exit codes."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from knowledge.weights import MINILM_OFFICIAL, MINILM_ONNX, MINILM_TOKENIZER

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = ("agent", "tools", "knowledge", "evals")
MODULES = [path.stem for path in ROOT.glob("*.py")]
PAGE = [path.name for path in ROOT.glob("app*.*")]
MARKED = f"@pytest.mark.{'browser'}\n"
# Modules whose distribution has another name, for those that are not installed with the test extras.
DISTRIBUTIONS = {"sentence_transformers": ["sentence-transformers"], "faiss": ["faiss-cpu", "faiss-gpu"]}


def named(requirements: list[str]) -> set[str]:
    """The normalised names of requirements."""
    return {normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) for line in requirements}


def normal(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_import_is_of_a_declared_dependency() -> None:
    extras = PROJECT["optional-dependencies"].values()
    declared = named([*PROJECT["dependencies"], *(line for lines in extras for line in lines)])
    owners = importlib.metadata.packages_distributions()
    missing = {}
    for path in [*(file for name in OURS for file in (ROOT / name).rglob("*.py")), *ROOT.glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            for name in {full.partition(".")[0] for full in names}:
                if name in sys.stdlib_module_names or name in {*OURS, *MODULES}:
                    continue
                if not {normal(found) for found in owners.get(name, DISTRIBUTIONS.get(name, [name]))} & declared:
                    missing[name] = str(path.relative_to(ROOT))
    assert not missing, f"imported, not declared in pyproject.toml: {missing}"


def test_the_base_has_neither_torch_nor_a_build_of_faiss() -> None:
    extras = PROJECT["optional-dependencies"]
    for requirements in (PROJECT["dependencies"], extras["test"], extras["browser"]):
        assert not named(requirements) & {"torch", "transformers", "sentence-transformers", "faiss-cpu", "faiss-gpu"}
    assert named(extras["cpu"]) == {"faiss-cpu"} and named(extras["gpu"]) == {"faiss-gpu"}
    assert "torch>=2.9,<2.14" in extras["local"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this tree."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("osler-*.whl"))


def test_the_wheel_holds_the_code_and_its_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        points = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
        licences = [archive.read(name).decode() for name in names if name.endswith("licenses/LICENSE")]
    data = {str(path.relative_to(ROOT)) for name in ("knowledge", "tools", "agent")
            for path in (ROOT / name).rglob("*") if path.suffix in (".yaml", ".json", ".py")}
    assert not data - names
    assert set(PAGE) <= names
    about = wheel.name.partition("-py3")[0] + ".dist-info"
    assert {name.partition("/")[0] for name in names} <= {*OURS, about, *PAGE}
    assert "osler = agent.cli:main" in points
    assert len(licences) == 1 and "Apache License" in licences[0]


def test_what_is_installed_from_the_wheel_runs_by_itself(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import agent, json\nfrom tools.calculators import run\nfrom agent.doctor import knowledge_summary\n"
        "print(json.dumps([agent.__file__, len(knowledge_summary()['protocols']), "
        "run('bmi', {'weight': {'value': 70, 'unit': 'kg'}, 'height': {'value': 175, 'unit': 'cm'}}).value]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True, text=True, check=True,
    )
    origin, protocols, bmi = json.loads(done.stdout)
    assert Path(origin).is_relative_to(tmp_path)
    assert protocols >= 3
    assert bmi == pytest.approx(70 / 1.75**2)


def test_the_encoders_carriers_are_pinned_once_and_by_hash() -> None:
    text = (ROOT / "scripts" / "encoder-files.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert {line.partition("==")[0] for line in lines} == {
        file.distribution for file in (MINILM_ONNX, MINILM_TOKENIZER, MINILM_OFFICIAL)
    }
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)


def test_an_old_python_gets_a_message() -> None:
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path('scripts/setup.py', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "found Python 3.9.2" in done.stderr and "expected 3.11 or newer" in done.stderr


def test_set_up_does_nothing_while_its_stamp_fits(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "scripts/setup.py", "scripts/encoder-files.txt", "scripts/medsam-files.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    script = str(tmp_path / "scripts" / "setup.py")
    setup = runpy.run_path(script)
    build = "gpu" if setup["has_nvidia_driver"]() else "cpu"
    setup["PYTHON"].parent.mkdir(parents=True)
    # A Python that answers for itself but has no pip: whatever set-up would install, it fails.
    setup["PYTHON"].write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec {sys.executable} "$@"\nexit 9\n')
    setup["PYTHON"].chmod(0o755)
    stamp = {"digest": setup["digest"](build), "extras": [build, "test"], "carriers": True}
    setup["STAMP"].write_text(json.dumps(stamp))

    def again(*extras: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, script, *extras], capture_output=True, text=True, check=False)

    assert [again(*extras).returncode for extras in ((), ("test",), ("--fetch",))] == [0, 0, 0]
    assert again("browser").returncode != 0
    setup["STAMP"].write_text(json.dumps(stamp))
    (tmp_path / "pyproject.toml").write_text("changed by a pull")
    assert again().returncode != 0


@pytest.mark.parametrize(
    ("pytest_ends_with", "test_file", "expected"),
    [
        (5, "def test_x(): ...\n", 0),
        (5, MARKED + "def test_x(): ...\n", 1),
        (0, MARKED + "def test_x(): ...\n", 0),
        (1, MARKED + "def test_x(): ...\n", 1),
        (2, "def test_x(): ...\n", 2),
    ],
)
def test_nothing_selected_passes_only_while_no_test_has_the_marker(
    tmp_path: Path, pytest_ends_with: int, test_file: str, expected: int
) -> None:
    for folder in ("scripts", "tests", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "tests.sh", tmp_path / "scripts")
    (tmp_path / "tests" / "test_page.py").write_text(test_file)
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\nexit {pytest_ends_with}\n")
    python.chmod(0o755)
    done = subprocess.run(["bash", str(tmp_path / "scripts" / "tests.sh"), "browser"], capture_output=True, check=False)
    assert done.returncode == expected


def test_the_scripts_are_well_formed() -> None:
    for path in [ROOT / ".ci" / "run", *(ROOT / "scripts").glob("*.sh")]:
        subprocess.run(["bash", "-n", str(path)], check=True)
        assert os.access(path, os.X_OK), f"{path.name} is not executable"
        assert "set -euo pipefail" in path.read_text(encoding="utf-8")
