"""A protocol of four steps for tests: whose image, what is pointed at, its outline, its sizes; and drawn images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from series_made import slices, written

from agent import ClinicalAssistant, Consultation
from knowledge.protocol import Protocol
from tools.imaging.phantom_ct import grid, sampled, trunk

HERS: dict[str, Any] = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}


def protocol(structure: str, **more: Any) -> Protocol:
    """Steps `who`, `place`, `drawn`, `sizes`; a criterion that is never decided by what a program drew."""
    common, of = {"identity": "who"}, {"structure": structure}
    steps = [
        {"slot": "who", "tool": "image.film_fact", "with": {"fact": "identity", **more.get("on", {})}},
        {"slot": "place", "tool": "image.point", "with": of, "from": common},
        {"slot": "drawn", "tool": "image.segment", "with": of, "from": {**common, "pointed": "place"}},
        {"slot": "sizes", "tool": "image.sizes", "with": of, "from": {**common, "outline": "drawn"}},
        *more.get("steps", []),
    ]
    criterion = {
        "id": "shown",
        "section": "Image",
        "question": "Size",
        "cites": ["rcr_pa_criteria"],
        "when": {"known": "sizes"},
        "certainty": "possible",
        "claim": "Size as outlined here: {sizes}.",
    }
    body = {
        "id": f"test-{structure.replace(' ', '-') or 'anything'}",
        "version": "1",
        "title": "Size of a structure",
        "purpose": "A test.",
        "decides": ["diagnose"],
        "about": ["chest_radiograph"],
        "jurisdiction": "none",
        "entry": {"present": "chest_radiograph"},
        "steps": steps,
        "criteria": [criterion],
    }
    return Protocol.model_validate(body)


def asked(osler: ClinicalAssistant, structure: str, image: Path, patient: str = "demo-af", **more: Any) -> Consultation:
    """A consultation on one image with that protocol."""
    made = protocol(structure, **more)
    services = osler.portal.call(osler.core.services())
    # The router knows the protocols that are shipped; this one is asked for by its id.
    assert services.router is not None
    services.protocols = {**services.protocols, made.id: made}
    return osler.consult("How large is it?", patient, images=[image], protocol=made.id, model="none").run()


def held(consult: Consultation, slot: str) -> dict[str, Any]:
    """What fills a slot or item now."""
    body = consult.document()
    rows = [body["evidence"][one] for record in body["records"] for one in record["evidence"]]
    found = [row for row in rows if row["slot"] == slot]
    return dict(found[-1])


def record(consult: Consultation, slot: str) -> dict[str, Any]:
    """The last run of a slot."""
    return dict([row for row in consult.document()["records"] if row["slot"] == slot][-1])


def series(folder: Path, **elements: Any) -> Path:
    """A CT series of the demo patient: the drawn trunk on 35 slices of 96 x 65."""
    affine, shape = grid((8.0, 4.4, 4.4))
    volume = sampled(trunk(holes=0, nodules=False), affine, shape, per_axis=2)
    given = {**HERS, "StudyDate": "20260101", "BodyPartExamined": "CHEST", **elements}
    return written(slices(volume.values.astype(np.int16), affine, **given), folder)


def picture(rgb: Any, path: Path) -> Path:
    """A PNG."""
    Pillow.fromarray(rgb).save(path)
    return path
