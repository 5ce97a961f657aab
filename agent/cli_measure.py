"""`osler image measure` on a chest film alone: areas of the lung fields, the cardiothoracic ratio; no patient needed.

Whose film it is is for whoever gives the file to know: nothing here is put into a consultation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.imaging.chest import Film


def measure(path: Path, frame: int = 0) -> dict[str, Any]:
    """The document of `osler image measure --json`: the area of each lung field and the cardiothoracic ratio.

    Raises:
        NotAssessable: no frontal chest film, or one of unusable quality.
    """
    from tools.imaging.chest import shortcomings
    from tools.imaging.masks import ALGORITHMS, heart_of, lungs_of
    from tools.imaging.measure import UNVALIDATED, area, scale
    from tools.segmenters.cardiothoracic import METHOD, cardiothoracic

    film = _film(path, frame)
    lungs = lungs_of(film.image, None, None)
    ratio = cardiothoracic([*lungs.segments, heart_of(film.image, None, lungs, None)])
    rows: list[dict[str, Any]] = []
    for one in lungs.segments:
        pixels, share, cm2 = area(film.image, one)
        where = {"method": ALGORITHMS["lung"], "evidence": {"box": list(one.box)}, "validated": False}
        rows.append(
            {"name": f"{one.structure} area", "value": pixels, "unit": "{pixels}", "scale_source": None, **where}
        )
        rows.append({"name": f"{one.structure} share", "value": share, "unit": "%", "scale_source": None, **where})
        if cm2 is not None:
            row = {"name": f"{one.structure} area", "value": round(cm2, 1), "unit": "cm2"}
            rows.append({**row, "scale_source": scale(film.image), **where})
    rows.append(
        {
            "name": "cardiothoracic ratio",
            "value": round(ratio.value, 2),
            "unit": "1",
            "range": [ratio.low, ratio.high],
            "method": METHOD,
            "scale_source": None,
            "evidence": {"calipers": {name: list(point) for name, point in ratio.ends.items()}},
            "validated": False,
            "verdict": None,
        }
    )
    what, quality = film.what, film.quality
    against = shortcomings(what.view.value, what.position.value, quality.verdict if quality else None)
    told = [UNVALIDATED, *(f"heart size is not judged on this film: {reason}" for reason in against)]
    return {"measurements": rows, **_about(path, film), "warnings": [*told, *film.image.warnings]}


def measure_text(body: dict[str, Any]) -> str:
    """Measurements for people."""
    rows = []
    for row in body["measurements"]:
        span = f" ({row['range'][0]:.2f} to {row['range'][1]:.2f})" if row.get("range") else ""
        unit = {"1": "", "{pixels}": " pixels", "cm2": " cm²"}.get(row["unit"], f" {row['unit']}")
        source = f" ({row['scale_source']})" if row["scale_source"] else ""
        rows.append(f"{row['name']}: {row['value']:g}{unit}{span}{source}")
    return "\n".join([*rows, *(f"warning: {text}" for text in body["warnings"])])


def _film(path: Path, frame: int) -> Film:
    from tools.imaging.chest import measurable
    from tools.imaging.reading import read_image
    from tools.imaging.what import what_is

    image = read_image(path, frame)
    return measurable(image, what_is(image))


def _about(path: Path, film: Film) -> dict[str, Any]:
    return {
        "path": str(path),
        "sha256": film.image.sha256,
        "frame": film.image.frame,
        "geometry": film.image.geometry(),
        "quality": film.quality.verdict if film.quality else None,
    }
