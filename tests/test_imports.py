"""The import line and what must stay out of a quick start. `lint-imports` holds the layers; this holds the rest."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.calculators import calculator

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("knowledge", "tools", "agent", "evals")
SOURCES = sorted([*(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")), *ROOT.glob("*.py")])
CODE = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "scripts").glob("*.*"))]
HEAVY = {"torch", "transformers", "sentence_transformers", "faiss", "SimpleITK", "onnxruntime"}
NOT_FOR_A_CALCULATION = {*HEAVY, "langgraph", "langchain_core", "gradio", "fhir", "httpx", "starlette", "bm25s"}


def name_of(path: Path) -> str:
    """A path as a test id."""
    return str(path.relative_to(ROOT))


def at_import(tree: ast.AST) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported: not the bodies of functions, nor what only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.stmt):
            yield node
        yield from at_import(node)


def imported(node: ast.AST) -> list[str]:
    """The top-level names an import statement loads."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module.partition(".")[0]]
    return []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_heavy_libraries_are_imported_inside_functions(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [name for node in at_import(tree) for name in imported(node) if name in HEAVY]
    assert not found, f"{name_of(path)} imports {found} when it is imported; import inside the function that needs it"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_page_stands_beside_evals_and_above_the_rest(path: Path) -> None:
    # The page's modules are files beside the packages, which import-linter does not follow.
    page = {source.stem for source in ROOT.glob("app*.py")}
    graph = {"langgraph", "langchain", "langchain_core", "langchain_openai"}
    barred = {"evals", *graph} if path.stem in page else page
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [name for node in ast.walk(tree) for name in imported(node) if name in barred]
    assert not found, f"{name_of(path)} imports {found}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_environment_is_read_in_one_place(path: Path) -> None:
    if path == ROOT / "agent" / "settings.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {"environ", "environb", "getenv", "putenv"}
    found = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names]
    found += [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "os"
              for alias in node.names if alias.name in names]
    assert not found, f"{name_of(path)} uses {found}; only agent/settings.py reads the environment"


def test_the_settings_do_read_it() -> None:
    assert "os.environ" in (ROOT / "agent" / "settings.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 500, f"{name_of(path)} has {lines} lines; expected at most 500: one concept, one file"


def loaded_by(code: str) -> tuple[str, set[str]]:
    """Standard output of a fresh Python, and the modules it had loaded at its end."""
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout, {name.partition(".")[0] for name in done.stderr.split()}


def command(*words: str) -> str:
    """A command line run in process, so that what it loaded can be looked at."""
    return (
        f"import sys\nsys.argv = {['osler', *words]!r}\nfrom agent.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )


def test_a_calculation_loads_no_graph_page_or_model() -> None:
    shown, modules = loaded_by(command("calc", "run", "bmi", json.dumps(calculator("bmi").example), "--json"))
    assert json.loads(shown)["calculator"] == "bmi"
    assert not modules & NOT_FOR_A_CALCULATION


def test_importing_agent_loads_nothing_until_a_name_is_used() -> None:
    _, modules = loaded_by("import agent")
    assert not modules & {*NOT_FOR_A_CALCULATION, "pydantic"}
    _, modules = loaded_by("from agent import ClinicalAssistant")
    assert "langgraph" in modules and not modules & {"torch", "gradio", "faiss"}


def test_folders_of_tests_are_not_packages() -> None:
    # `tests/tools/__init__.py` would make pytest import it as `tools`, over our own.
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_a_package_that_shadows_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "__init__.py").write_text("")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import agent"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert str(tmp_path / "tools" / "__init__.py") in done.stderr and "ImportError" in done.stderr
