"""`osler image`: what image files are, outlines and lengths on a chest film, and a drawn film to try it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from agent import cli_archive, cli_learning
from tools.errors import OslerError

image = typer.Typer(no_args_is_help=True, help="Images: DICOM files and series, NIfTI, PNG, JPEG, TIFF.")
cli_archive.register(image)
cli_learning.register(image)
_SHARED = ("modality", "body_part", "view", "quality")
_SHOWN = 20

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
File = Annotated[Path, typer.Argument(help="An image, or a folder, ZIP archive or NIfTI file of a series.")]
Structure = Annotated[str | None, typer.Option(help="What to find (left lung, L1); what a mask or a box shows.")]
Mask = Annotated[Path | None, typer.Option(help="A mask: PNG, NIfTI label map or DICOM SEG.")]
Label = Annotated[int | None, typer.Option(help="Which label of the mask, where it has several.")]
Points = Annotated[str | None, typer.Option(help="Landmarks 'COLUMN,ROW COLUMN,ROW': 2 or 4.")]
Box = Annotated[str | None, typer.Option(help="x0,y0,x1,y1: around one object (stored pixels).")]
Point = Annotated[list[str] | None, typer.Option(help="x,y,+ inside; x,y,- outside; x,y,z,+ on a slice.")]
Slice = Annotated[int | None, typer.Option("--slice", help="The slice of a box or points, from 0.")]
Frame = Annotated[int | None, typer.Option(help="One frame, from 0; without it a multi-frame CT or MR is a volume.")]
Series = Annotated[str | None, typer.Option(help="Which series, where there are several.")]
Modality = Annotated[str | None, typer.Option(help="CT, MR ...: only where the file does not say.")]
Resample = Annotated[str | None, typer.Option(help="even: fill in slices; square: set a leaning stack upright.")]
Known = Annotated[str, typer.Option(help="yes, no or unknown: for laa950 and agatston.")]


@image.command("info")
def info(
    files: Annotated[list[Path], typer.Argument(help="Image files, folders or ZIP archives.")],
    frame: Frame = None,
    as_json: AsJson = False,
) -> None:
    """What each file or series is: modality, region, view, geometry and its source, quality; or why it is not read."""
    from agent.cli import emit

    emit(describe(files, frame), as_json, _text)


@image.command("segment")
def segment(
    file: File,
    structure: Structure = None,
    box: Box = None,
    point: Point = None,
    slice_: Slice = None,
    method: Annotated[str, typer.Option(help="auto, litemedsam or walker.")] = "auto",
    out: Annotated[Path, typer.Option(help="Where the masks go.")] = Path("masks"),
    frame: Frame = None,
    series: Series = None,
    modality: Modality = None,
    resample: Resample = None,
    as_json: AsJson = False,
) -> None:
    """Outline a structure by name, or what a box or points show; DICOM SEG for DICOM. Without either: the lungs."""
    from agent import cli_segment
    from agent.cli import emit
    from agent.cli_asked import Asked

    asked = Asked(
        file, structure, frame=frame, series=series, modality=modality, box=box, clicks=tuple(point or ()),
        slice_=slice_, method=method, resample=resample,
    )  # fmt: skip
    emit(cli_segment.segment(asked, out), as_json, cli_segment.segment_text)


@image.command("measure")
def measure(
    file: File,
    structure: Structure = None,
    mask: Mask = None,
    label: Label = None,
    points: Points = None,
    box: Box = None,
    point: Point = None,
    slice_: Slice = None,
    frame: Frame = None,
    series: Series = None,
    modality: Modality = None,
    resample: Resample = None,
    index: Annotated[
        str | None,
        typer.Option("--measure", help="laa950; agatston, with --mask REGION; fac, with two masks; ellipsoid."),
    ] = None,
    systole: Annotated[
        Path | None, typer.Option(help="fac: the cavity at end-systole; --mask at end-diastole.")
    ] = None,
    inspiration: Known = "unknown",
    contrast: Known = "unknown",
    gated: Known = "unknown",
    as_json: AsJson = False,
) -> None:
    """Diameters, area, volume, density or angle, each with range and scale. A chest film alone: lungs and heart."""
    from agent import cli_sizes
    from agent.cli import emit
    from agent.cli_asked import Asked

    asked = Asked(
        file, structure, mask, label, points, frame, series, modality, box=box, clicks=tuple(point or ()),
        slice_=slice_, resample=resample, index=index, systole=systole, inspiration=inspiration, contrast=contrast,
        gated=gated,
    )  # fmt: skip
    emit(cli_sizes.measure(asked), as_json, cli_sizes.measure_text)


@image.command("compare")
def compare(
    file: Annotated[Path, typer.Argument(help="The image, or series, of today.")],
    prior: Annotated[Path, typer.Argument(help="The earlier one.")],
    structure: Structure = None,
    mask: Annotated[Path | None, typer.Option(help="Its mask on the image of today.")] = None,
    prior_mask: Annotated[Path | None, typer.Option(help="Its mask on the earlier one.")] = None,
    points: Annotated[str | None, typer.Option(help="Landmarks on the image of today.")] = None,
    prior_points: Annotated[str | None, typer.Option(help="The same landmarks on the earlier one.")] = None,
    label: Annotated[int | None, typer.Option(help="Which label of both masks.")] = None,
    date: Annotated[str | None, typer.Option(help="Date of the image, where the file has none.")] = None,
    prior_date: Annotated[str | None, typer.Option(help="Date of the earlier one, where the file has none.")] = None,
    lesions: Annotated[
        str | None, typer.Option(help="RECIST: what the labels of both masks are, 1:liver,2:node ...")
    ] = None,
    modality: Modality = None,
    as_json: AsJson = False,
) -> None:
    """The change of a structure since a prior image, and whether it exceeds the uncertainty of both measurements."""
    from agent import cli_sizes
    from agent.cli import emit
    from agent.cli_asked import Asked
    from tools.imaging.mask_files import is_dicom, name_of

    # What a DICOM SEG holds, it says itself.
    name = structure or (name_of(mask) if mask is not None and not is_dicom(mask) else None)
    now = Asked(file, name, mask, label, points, modality=modality, date=date, lesions=lesions)
    then = Asked(prior, name, prior_mask, label, prior_points, modality=modality, date=prior_date)
    emit(cli_sizes.compare(now, then), as_json, cli_sizes.compare_text)


@image.command("export")
def export(
    file: File,
    structure: Structure = None,
    mask: Mask = None,
    label: Label = None,
    points: Points = None,
    box: Box = None,
    point: Point = None,
    slice_: Slice = None,
    frame: Frame = None,
    series: Series = None,
    modality: Modality = None,
    resample: Resample = None,
    kinds: Annotated[str, typer.Option("--as", help="seg, sr, gsps, png, fhir; several with commas.")] = "seg,sr",
    patient: Annotated[str | None, typer.Option(help="Whose: the id in the record, for --as fhir.")] = None,
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("export"),
    as_json: AsJson = False,
) -> None:
    """Masks and measures as DICOM SEG, report and presentation state, as a picture, or as FHIR drafts."""
    from agent import cli_out
    from agent.cli import emit
    from agent.cli_asked import Asked

    asked = Asked(
        file, structure, mask, label, points, frame, series, modality, box=box, clicks=tuple(point or ()),
        slice_=slice_, resample=resample,
    )  # fmt: skip
    emit(cli_out.export(asked, kinds, out, patient), as_json, cli_out.export_text)


@image.command("sign")
def sign(
    report: Annotated[Path, typer.Argument(help="A measurement report that `osler image export` wrote.")],
    by: Annotated[str, typer.Option(help="Who answers for it, as DICOM writes names: Family^Given.")],
    organisation: Annotated[str, typer.Option(help="The organisation that person acts for.")],
    out: Annotated[Path | None, typer.Option(help="Where the signed copy goes; by default beside it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign a measurement report: a verified copy in a new series; the unsigned one stays."""
    from agent import cli_out
    from agent.cli import emit

    emit(cli_out.sign(report, by, organisation, out), as_json, cli_out.sign_text)


@image.command("phantom")
def phantom(
    patient: Annotated[str, typer.Argument(help="A demo patient's id.")] = "demo-hfref",
    out: Annotated[Path | None, typer.Option(help="The file or folder; by default in OSLER_HOME.")] = None,
    ct: Annotated[bool, typer.Option("--ct", help="A CT series of a trunk instead: a folder of slices.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw a chest film, or a CT series, in a demo patient's name: nobody's picture, to try images with."""
    from agent.cli import emit

    emit(draw_phantom(patient, out, ct=ct), as_json, lambda body: str(body["path"]))


def draw_phantom(patient: str, out: Path | None = None, *, ct: bool = False) -> dict[str, Any]:
    """Write the drawn film, or the drawn CT series, of a demo patient.

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
    name = f"{patient}-trunk-ct" if ct else f"{patient}-chest-pa.dcm"
    path = out or Settings.from_environment().home / "demo" / name
    rows = [entry["resource"] for entry in known[patient].bundle["entry"]]
    resource = next(row for row in rows if row["resourceType"] == "Patient")
    if ct:
        from tools.imaging.phantom_series import write_series

        write_series(path, resource, known[patient].as_of[:10])
        return {"path": str(path), "patient": patient, "slices": len(list(path.iterdir()))}
    write_phantom(path, resource, known[patient].as_of[:10])
    return {"path": str(path), "patient": patient, "drawn_ratio": round(draw().ratio, 3)}


def describe(files: list[Path], frame: int | None = None) -> dict[str, Any]:
    """The document of `osler image info --json`. What the files do not share is null at the top.

    Raises:
        OslerError: none of the files can be read; the first one's reason.
    """
    from tools.imaging.volume_info import rows_of

    rows: list[dict[str, Any]] = []
    apart: list[dict[str, Any]] = []
    refused: list[OslerError] = []
    for path in files:
        try:
            found, left = rows_of(path, frame)
            rows += found
            apart += left
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
        "apart": apart,
        "warnings": [f"{row['name']}: {warning}" for row in read for warning in row["warnings"]]
        + [f"{Path(row['path']).name}: {row['error']['message']}" for row in rows if "error" in row],
    }


def _common(values: list[Any]) -> Any:
    return values[0] if all(value == values[0] for value in values) else None


def _text(body: dict[str, Any]) -> str:
    lines = []
    for row in body["files"]:
        if "error" in row:
            lines.append(f"{row['path']}: not read: {row['error']['message']} ({row['error']['found']})")
            continue
        spacing = row["geometry"]["spacing_mm"]
        if "slices" in row:
            lines += _stack(row, spacing)
            continue
        lines += [
            f"{row['path']}: {row['format']}, {row['columns']} x {row['rows']}, frame {row['frame']}/{row['frames']}",
            *(f"  {name}: {row[name] or 'unknown'} ({row['stated_in'][name]})" for name in row["stated_in"]),
            f"  spacing: {' x '.join(f'{part:g}' for part in spacing) + ' mm' if spacing else 'none'}"
            f" ({row['geometry']['spacing_source']})",
            f"  quality: {_quality(row['quality'])}",
            *(f"  warning: {warning}" for warning in row["warnings"]),
        ]
    lines += [f"apart: {one['path']}: {one['why']}" for one in body["apart"][:_SHOWN]]
    if more := len(body["apart"]) - _SHOWN:
        lines += [f"apart: {more} more files"] * (more > 0)
    return "\n".join(lines)


def _stack(row: dict[str, Any], spacing: list[float] | None) -> list[str]:
    geometry = row["geometry"]
    size = " x ".join(f"{part:.4g}" for part in spacing) + " mm (slice, row, column)" if spacing else "none"
    even = {True: "even", False: "NOT even: not for measuring without --resample even", None: "no volume"}[
        geometry["uniform"]
    ]
    lean = f", leans by {geometry['tilt_deg']:g} degrees (--resample square)" if geometry["tilt_deg"] else ""
    return [
        f"{row['path']}: {row['display']}",
        f"  id: {row['id']}",
        *(f"  {name}: {row[name] or 'unknown'} ({row['stated_in'][name]})" for name in ("modality", "body_part")),
        f"  spacing: {size} ({geometry['spacing_source']}); {even}{lean}",
        *(f"  {name.replace('_', ' ')}: {value}" for name, value in row["acquisition"].items()),
        *(f"  warning: {warning}" for warning in row["warnings"]),
    ]


def _quality(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not judged: not known to be a projection film"
    named = ", ".join(f"{item['name']} ({item['measured']:g})" for item in found["problems"])
    return f"{found['verdict']}: {named}" if named else str(found["verdict"])
