"""Where a network runs and in which precision: the GPU in half precision where there is one, else the CPU in single."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A device of torch and the type of numbers on it."""

    device: Any
    dtype: Any

    @property
    def name(self) -> str:
        """For the record of how an answer came about."""
        return f"{self.device} {str(self.dtype).removeprefix('torch.')}"

    def put(self, network: Any) -> Any:
        """A network ready to answer there."""
        return network.to(device=self.device, dtype=self.dtype).eval()

    def tensor(self, array: Any) -> Any:
        """An array of numbers there."""
        import numpy as np
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(device=self.device, dtype=self.dtype)


def place(*, half: bool = True) -> Place:
    """The best place here. `half=False` for networks that overflow in half precision."""
    import torch

    if torch.cuda.is_available():
        return Place(torch.device("cuda", 0), torch.float16 if half else torch.float32)
    return Place(torch.device("cpu"), torch.float32)
