"""What a person writes beside a model that does not say it itself: `osler.yaml` in the model's folder.

title: Liver lesions, our own nnU-Net
modalities: [CT]                 # DICOM codes, or photograph
anatomy: [abdomen]               # regions; left out: any
orientation: RAS                 # what columns, rows and slices of the training images grow to
labels: {liver_tumor: liver}     # labels that are called otherwise than the structure they stand for
code_licence: Apache-2.0
weights_licence: CC BY 4.0
citation: "..."
trained_on: "..."
sha256: {fold_0/checkpoint_final.pth: "..."}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.errors import BadInput
from tools.segmenters.weighted.calibration import Fit

FILE = "osler.yaml"
NOT_STATED = "not stated"


class Manifest(BaseModel):
    """What is known of a model's folder. What nobody wrote down is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str | None = None
    version: str = NOT_STATED
    modalities: frozenset[str] = frozenset()
    anatomy: frozenset[str] = frozenset()
    orientation: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    code_licence: str = NOT_STATED
    weights_licence: str = NOT_STATED
    citation: str = NOT_STATED
    trained_on: str = NOT_STATED
    sha256: dict[str, str] = Field(default_factory=dict)
    folds: tuple[int | str, ...] | None = None
    mirror: bool = False
    threshold: float = Field(default=0.5, gt=0, lt=1)
    calibration: dict[str, Fit] = Field(default_factory=dict)

    @property
    def licence(self) -> str:
        """Of the code and of the weights, apart."""
        return f"code {self.code_licence}; weights {self.weights_licence}"

    @property
    def source(self) -> str:
        """Whose work it is and what it learned from."""
        return f"{self.citation}; trained on: {self.trained_on}"


def read_manifest(folder: Path) -> Manifest:
    """What stands in `osler.yaml` of a folder; nothing where there is none.

    Raises:
        BadInput: it cannot be read.
    """
    path = folder / FILE
    if not path.is_file():
        return Manifest()
    try:
        body: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Manifest.model_validate(body or {})
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise BadInput(
            f"{FILE} of the model {folder.name} cannot be used",
            found=str(error).splitlines()[0],
            expected=f"the fields that are written down in the documentation: {', '.join(Manifest.model_fields)}",
            action="correct the file",
        ) from error
