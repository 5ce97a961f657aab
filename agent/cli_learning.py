"""`osler image corrections`, `learn`, `head`, `index`, `similar`: what people correct and what is learnt of it, and
images that look alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def corrections(
    out: Annotated[Path, typer.Option(help="A folder of their own.")],
    consultations: Annotated[list[str] | None, typer.Argument(help="Default: all that hold a correction.")] = None,
    consent: Annotated[str | None, typer.Option(help="The ground on which the pictures may be used so.")] = None,
    licence: Annotated[str | None, typer.Option(help="The licence under which they are passed on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Export outlines that people corrected as training data: masks, and pictures where a ground is named. No names."""
    from agent import corrections_out
    from agent.cli import emit

    body = corrections_out.export(Settings.from_environment(), consultations or [], out, consent, licence)
    emit(body, as_json, corrections_out.text)


def learn(
    folder: Annotated[Path, typer.Argument(help="A folder of `osler image corrections`.")],
    earlier: Annotated[Path, typer.Option(help="Such a folder of earlier patients, to notice what would be lost.")],
    as_json: AsJson = False,
) -> None:
    """Learn a light head on the lung outlines from corrections, and put it through the gate. Not put to use."""
    from agent import heads
    from agent.cli import emit

    emit(heads.learn(Settings.from_environment(), folder, earlier), as_json, heads.learn_text)


def head(
    version: Annotated[str | None, typer.Argument(help="Use this one from now on; `off`: none.")] = None,
    by: Annotated[str | None, typer.Option(help="Who decides.")] = None,
    as_json: AsJson = False,
) -> None:
    """Which heads there are, and which is in use: none unless a named person says so, and back in one step."""
    from agent import heads
    from agent.cli import emit

    emit(heads.choose(Settings.from_environment(), version, by), as_json, heads.choose_text)


def index(
    folder: Annotated[Path, typer.Argument(help="A folder of image files of this site.")],
    labels: Annotated[Path | None, typer.Option(help="CSV: image (file name or SHA-256), label.")] = None,
    encoder: Annotated[Path | None, typer.Option(help="A vision encoder's folder; default: none is needed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Index images of this site to look for those that look alike: vectors, hashes and labels; no names, no pixels."""
    from agent import similar as alike
    from agent.cli import emit

    emit(alike.index(Settings.from_environment(), folder, labels, encoder), as_json, alike.index_text)


def similar(
    file: Annotated[Path, typer.Argument(help="An image.")],
    count: Annotated[int, typer.Option(help="How many at most.")] = 5,
    frame: Annotated[int, typer.Option(help="Which frame, from 0.")] = 0,
    encoder: Annotated[Path | None, typer.Option(help="The encoder that the index was made with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Images of this site that look like one, other patients' without a name. Similar is not the same diagnosis."""
    from agent import similar as alike
    from agent.cli import emit

    emit(alike.similar(Settings.from_environment(), file, count, frame, encoder), as_json, alike.similar_text)


def register(app: typer.Typer) -> None:
    """Add them to `osler image`."""
    for command in (corrections, learn, head, index, similar):
        app.command(command.__name__)(command)
