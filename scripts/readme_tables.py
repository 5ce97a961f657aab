"""Fill the tables of README.md and docs/calculators.md from the code: `python scripts/readme_tables.py [--check]`.

A table stands between `<!-- table: NAME -->` and `<!-- end -->`; tests/test_readme.py compares.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "docs" / "calculators.md")
MARKED = re.compile(r"(<!-- table: ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def calculators() -> str:
    """Every calculator, with the publication its formula comes from."""
    from tools.calculators import calculators as declared

    rows = []
    for calculator in declared().values():
        first = calculator.references[0]
        link = f"[{first.doi}](https://doi.org/{first.doi})" if first.doi else first.key
        population = calculator.population.text if calculator.population else ""
        rows.append([f"`{calculator.name}`", calculator.title, population, link])
    return table(["name", "what it gives", "holds for", "first reference"], rows)


def specialties() -> str:
    """How many calculators each specialty has, and which."""
    from tools.calculators import calculators as declared

    found: dict[str, list[str]] = {}
    for calculator in declared().values():
        found.setdefault(calculator.specialty, []).append(f"`{calculator.name}`")
    rows = [[name, len(names), ", ".join(names)] for name, names in sorted(found.items())]
    return table(["specialty", "", "calculators"], [*rows, ["all", sum(map(len, found.values())), ""]])


def tools() -> str:
    """Every tool that is not a calculator."""
    from tools.catalog import catalog

    rows = [[f"`{spec.name}`", spec.title, spec.kind] for spec in catalog().values() if spec.kind != "calculator"]
    return table(["tool", "what it does", "kind"], rows)


def features() -> str:
    """What Osler sets out to do and how far it is (docs/features.yaml)."""
    import yaml

    rows = yaml.safe_load((ROOT / "docs" / "features.yaml").read_text(encoding="utf-8"))
    shown = [
        [name, row["title"], row["state"], f"`{row['command']}`" if "command" in row else "", row.get("note", "")]
        for name, row in rows.items()
    ]
    return table(["", "feature", "state", "command", "what is missing"], shown)


def protocols() -> str:
    """Every protocol, with what it rests on."""
    from agent.doctor import protocol_row
    from knowledge.protocol import default_protocols

    found = [protocol_row(protocol) for protocol in default_protocols().values()]
    return table(
        ["protocol", "jurisdiction", "criteria", "recommendations cited", "review"],
        [
            [
                f"{row['title']} (`{row['id']}`)",
                row["jurisdiction"],
                row["criteria"],
                row["recommendations"],
                row["review"],
            ]
            for row in found
        ],
    )


def guidelines() -> str:
    """How many recommendations there are, and how many may support a claim."""
    from agent.doctor import knowledge_summary

    counts = knowledge_summary()["counts"]
    return table(
        ["guidelines and labels", "recommendations verified", "not verified (support no claim)"],
        [[counts["documents"], counts["verified"], counts["unverified"]]],
    )


def demo_patients() -> str:
    """The demo patients and the question each comes with."""
    from tools.ehr.demo import demo_patients as patients

    rows = [[f"`{p.id}`", p.name, p.question, f"`{p.twin_of}`" if p.twin_of else ""] for p in patients()]
    return table(["id", "name", "question", "twin of"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "calculators": calculators,
    "specialties": specialties,
    "tools": tools,
    "protocols": protocols,
    "guidelines": guidelines,
    "demo_patients": demo_patients,
    "features": features,
}


def fill(text: str) -> str:
    """The text with every table as the code has it now."""
    return MARKED.sub(lambda match: f"{match.group(1)}{TABLES[match.group(2)]()}{match.group(3)}", text)


def main() -> None:
    """Write the pages anew, or with `--check` end with 1 where one is out of date."""
    stale = []
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        new = fill(old)
        if old != new:
            stale.append(page.name)
            if "--check" not in sys.argv[1:]:
                page.write_text(new, encoding="utf-8")
    if "--check" in sys.argv[1:]:
        sys.exit(f"{', '.join(stale)}: out of date; run: make docs" if stale else 0)


if __name__ == "__main__":
    main()
