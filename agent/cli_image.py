"""`osler image`: what image files are, outlines and lengths on a chest film, and a drawn film to try it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tools.errors import OslerError

image = typer.Typer(no_args_is_help=True, help="Images: DICOM, PNG, JPEG, TIFF.")
_SHARED = ("modality", "body_part", "view", "quality")


@image.command("info")
def info(
    files: Annotated[list[Path], typer.Argument(help="Image files.")],
    frame: Annotated[int, typer.Option(help="Which frame, from 0.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """What each file is: modality, region, view, scale and its source, quality. One that cannot be read says why."""
    from agent.cli import emit

    emit(describe(files, frame), as_json, _text)


@image.command("segment")
def segment(
    file: Annotated[Path, typer.Argument(help="A frontal chest film.")],
    structure: Annotated[str, typer.Option(help="lungs or heart.")] = "lungs",
    out: Annotated[Path, typer.Option(help="Where the masks go.")] = Path("masks"),
    frame: Annotated[int, typer.Option(help="Which frame, from 0.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Outline the lung fields or the heart: DICOM SEG for a DICOM file, PNG with JSON for others. Unvalidated."""
    from agent import cli_measure
    from agent.cli import emit

    emit(cli_measure.segment(file, structure, out, frame), as_json, cli_measure.segment_text)


@image.command("measure")
def measure(
    file: Annotated[Path, typer.Argument(help="A frontal chest film.")],
    frame: Annotated[int, typer.Option(help="Which frame, from 0.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Lung field areas and the cardiothoracic ratio with its range. Unvalidated, no verdict."""
    from agent import cli_measure
    from agent.cli import emit

    emit(cli_measure.measure(file, frame), as_json, cli_measure.measure_text)


@image.command("phantom")
def phantom(
    patient: Annotated[str, typer.Argument(help="A demo patient's id.")] = "demo-hfref",
    out: Annotated[Path | None, typer.Option(help="The file; by default in OSLER_HOME.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Draw a chest film in a demo patient's name: nobody's picture, to try images with."""
    from agent.cli import emit

    emit(draw_phantom(patient, out), as_json, lambda body: str(body["path"]))


def draw_phantom(patient: str, out: Path | None = None) -> dict[str, Any]:
    """Write the drawn film of a demo patient.

    Raises:
        UsageError: no such demo patient.
    """
    from agent.settings import Settings
    from tools.ehr.demo import demo_patients
    from tools.errors import UsageError
    from tools.imaging.phantom import draw, write_phantom

    known = {one.id: one for one in demo_patients()}
    if patient not in known:
        raise UsageError(
            f"no demo patient {patient!r}", found=patient, expected=", ".join(known), action="see `osler demo`"
        )
    path = out or Settings.from_environment().home / "demo" / f"{patient}-chest-pa.dcm"
    rows = [entry["resource"] for entry in known[patient].bundle["entry"]]
    resource = next(row for row in rows if row["resourceType"] == "Patient")
    write_phantom(path, resource, known[patient].as_of[:10])
    return {"path": str(path), "patient": patient, "drawn_ratio": round(draw().ratio, 3)}


def describe(files: list[Path], frame: int = 0) -> dict[str, Any]:
    """The document of `osler image info --json`. What the files do not share is null at the top.

    Raises:
        OslerError: none of the files can be read; the first one's reason.
    """
    rows: list[dict[str, Any]] = []
    refused: list[OslerError] = []
    for path in files:
        try:
            rows.append({"path": str(path), **_one(path, frame)})
        except OslerError as error:
            refused.append(error)
            rows.append({"path": str(path), "error": error.document()})
    if len(refused) == len(rows):
        raise refused[0]
    read = [row for row in rows if "error" not in row]
    geometries = [row["geometry"] for row in read]
    return {
        "files": rows,
        **{name: _common([row[name] for row in read]) for name in _SHARED},
        "geometry": {name: _common([found[name] for found in geometries]) for name in geometries[0]},
        "warnings": [f"{row['name']}: {warning}" for row in read for warning in row["warnings"]]
        + [f"{Path(row['path']).name}: {row['error']['message']}" for row in rows if "error" in row],
    }


def _one(path: Path, frame: int) -> dict[str, Any]:
    from tools.imaging.describe import grade
    from tools.imaging.describe import info as of_image
    from tools.imaging.reading import read_image
    from tools.imaging.what import what_is

    read = read_image(path, frame)
    what = what_is(read)
    return of_image(read, what, grade(read, what))


def _common(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else None


def _text(body: dict[str, Any]) -> str:
    lines = []
    for row in body["files"]:
        if "error" in row:
            lines.append(f"{row['path']}: not read: {row['error']['message']} ({row['error']['found']})")
            continue
        spacing = row["geometry"]["spacing_mm"]
        lines += [
            f"{row['path']}: {row['format']}, {row['columns']} x {row['rows']}, frame {row['frame']}/{row['frames']}",
            *(f"  {name}: {row[name] or 'unknown'} ({row['stated_in'][name]})" for name in row["stated_in"]),
            f"  spacing: {' x '.join(f'{part:g}' for part in spacing) + ' mm' if spacing else 'none'}"
            f" ({row['geometry']['spacing_source']})",
            f"  quality: {_quality(row['quality'])}",
            *(f"  warning: {warning}" for warning in row["warnings"]),
        ]
    return "\n".join(lines)


def _quality(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not judged: not known to be a projection film"
    named = ", ".join(f"{item['name']} ({item['measured']:g})" for item in found["problems"])
    return f"{found['verdict']}: {named}" if named else str(found["verdict"])
