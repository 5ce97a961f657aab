"""The documentation says what is so: tables are those of the code, links lead somewhere, examples run."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from knowledge import differential, predicate, protocol
from knowledge.guideline import DecisionType
from knowledge.protocol import Protocol, check_protocol

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
COMMANDS = [
    line.partition(" #")[0].strip() for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
# Examples that need a consultation, a folder or a server of the reader's, that serve on, or take minutes.
NOT_RUN = re.compile(r"\b(CONSULTATION|FOLDER|CASES|FILE|PATIENT|URL)\b|^osler bench|\bserve\b")
RUN = [line for line in COMMANDS if line.startswith("osler ") and not NOT_RUN.search(line)]


def test_the_tables_are_those_of_the_code() -> None:
    tables = runpy.run_path(str(ROOT / "scripts" / "readme_tables.py"))
    texts = {page.name: page.read_text(encoding="utf-8") for page in tables["PAGES"]}
    marked = [name for text in texts.values() for _, name, _ in tables["MARKED"].findall(text)]
    assert sorted(marked) == sorted(tables["TABLES"])
    for name, text in texts.items():
        assert tables["fill"](text) == text, f"{name} is out of date; run: make docs"


def test_it_says_what_it_is_not() -> None:
    assert "Osler is not a medical device" in README.partition("## ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("line", RUN)
def test_the_command_lines_run(line: str, home: Path) -> None:
    words = shlex.split(line)
    code = f"import sys; sys.argv = {words!r}; from agent.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "OSLER_HOME": str(home)}, capture_output=True,
        text=True, check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_command_named_exists() -> None:
    from agent.cli import cli

    groups = {group.name: group.typer_instance for group in cli.registered_groups}
    names = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    plugged = {"app", "bench", "replay"}
    for line in (line for line in COMMANDS if line.startswith("osler ")):
        first, second = [*shlex.split(line)[1:], ""][:2]
        assert first in {*names, *groups, *plugged}, line
        if first in groups:
            below = {c.name or (c.callback.__name__ if c.callback else "") for c in groups[first].registered_commands}
            assert second in below, line


def test_every_feature_says_how_far_it_is_and_names_a_command() -> None:
    import yaml

    from agent.cli import cli
    from evals.commands import NAMES

    rows = yaml.safe_load((ROOT / "docs" / "features.yaml").read_text(encoding="utf-8"))
    assert list(rows) == [f"F{number:02d}" for number in range(1, 70)]
    groups = {group.name: group.typer_instance for group in cli.registered_groups}
    names = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    for name, row in rows.items():
        assert row["state"] in ("works", "partly", "not yet"), name
        assert ("command" in row) == (row["state"] != "not yet"), name
        assert ("note" in row) == (row["state"] == "partly"), name
        if "command" in row:
            first, second = [*row["command"].split()[1:], ""][:2]
            assert first in {*names, *groups, "bench", "replay"}, name
            assert first != "bench" or second in {*NAMES, ""}, name


def test_the_python_example_runs(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSLER_HOME", str(home))
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert isinstance(names["bundle"], dict) and names["bundle"]["resourceType"] == "Bundle"
    assert isinstance(names["change"], dict) and names["change"]["rerun"]
    assert "answer" in capsys.readouterr().out.split()


def test_every_variable_of_the_environment_is_listed() -> None:
    from agent.settings import Settings

    source = (ROOT / "agent" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"OSLER_[A-Z_]+", Settings.from_environment.__doc__ or "")) | set(
        re.findall(r"`(OSLER_[A-Z_]+)`", source)
    )
    assert read <= set(re.findall(r"`(OSLER_[A-Z_]+)`", README))


def test_the_protocol_format_is_described_whole() -> None:
    text = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    models = (Protocol, protocol.Step, protocol.Criterion, protocol.NextTemplate)
    models += (differential.DifferentialTemplate, differential.Weighed, differential.Published)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    keys |= {*predicate._SHAPES, *predicate._OPERATORS, *DecisionType.__args__}
    assert not {key for key in keys if not re.search(rf"`[^`\n]*{re.escape(key)}[^`\n]*`", text)}


def test_the_example_of_a_protocol_is_one() -> None:
    import yaml

    from agent.build import check_tools
    from knowledge.guideline import default_corpus
    from knowledge.terminology import default_terminology
    from tools.catalog import catalog

    text = (ROOT / "docs" / "protocols.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    found = Protocol.model_validate(yaml.safe_load(example))
    check_protocol(found, default_corpus())
    check_tools([found], catalog(), default_terminology())
