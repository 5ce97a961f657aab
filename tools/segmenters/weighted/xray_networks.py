"""The two networks of TorchXRayVision as functions of their tables of weights, so that torchvision is not needed.

DenseNet-121 (Huang 2017) as TorchXRayVision trained it: one channel of 224 x 224, values from -1024 to 1024. PSPNet
(Zhao 2017) over a ResNet-101 as its ChestX-Det model: 14 structures at 512 x 512. Names and sizes come from the
weights; a test compares both with networks made of layers. TorchXRayVision: Cohen 2022, arXiv:2111.00595 (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tools.errors import BadInput
from tools.segmenters.weighted.limits import Watch

POOLS = (6, 3, 2, 1)
# Parts that only training uses; they stand in the published weights.
AUXILIARY = ("convbnrelu4_aux.", "aux_cls.", "op_threshs")
Network = Callable[["Table", Any], Any]


class Table:
    """A table of weights, and the layers that are made of them."""

    def __init__(self, tensors: Mapping[str, Any], watch: Watch | None = None) -> None:
        self.tensors, self.watch = tensors, watch
        self.used: set[str] = set()

    def __call__(self, name: str) -> Any:
        self.used.add(name)
        return self.tensors[name]

    def count(self, pattern: str) -> int:
        """How many parts there are of a name with {} for 0, 1, 2, or 1, 2, 3."""
        here = set(self.tensors)
        first = 0 if any(name.startswith(pattern.format(0)) for name in here) else 1
        number = first
        while any(name.startswith(pattern.format(number)) for name in here):
            number += 1
        return number - first

    def conv(self, x: Any, name: str, stride: int = 1, padding: int = 0, spread: int = 1) -> Any:
        """A convolution, with a bias where there is one."""
        from torch.nn import functional

        if self.watch is not None:
            self.watch.check()
        bias = self(f"{name}.bias") if f"{name}.bias" in self.tensors else None
        return functional.conv2d(x, self(f"{name}.weight"), bias, stride, padding, spread)

    def norm(self, x: Any, name: str) -> Any:
        """Batch normalisation as it was at the end of training."""
        from torch.nn import functional

        self.used.add(f"{name}.num_batches_tracked")
        means, spreads = self(f"{name}.running_mean"), self(f"{name}.running_var")
        return functional.batch_norm(x, means, spreads, self(f"{name}.weight"), self(f"{name}.bias"))


def dense_net(table: Table, x: Any) -> Any:
    """Scores (images, findings), before the sigmoid, of (images, 1, rows, columns)."""
    import torch
    from torch.nn import functional

    x = torch.relu(table.norm(table.conv(x, "features.conv0", 2, 3), "features.norm0"))
    x = functional.max_pool2d(x, 3, 2, 1)
    blocks = table.count("features.denseblock{}.")
    for n in range(1, blocks + 1):
        block = f"features.denseblock{n}."
        for i in range(1, table.count(block + "denselayer{}.") + 1):
            layer = f"{block}denselayer{i}."
            new = table.conv(torch.relu(table.norm(x, layer + "norm1")), layer + "conv1")
            new = table.conv(torch.relu(table.norm(new, layer + "norm2")), layer + "conv2", 1, 1)
            x = torch.cat([x, new], 1)
        if n < blocks:
            change = f"features.transition{n}."
            x = functional.avg_pool2d(table.conv(torch.relu(table.norm(x, change + "norm")), change + "conv"), 2, 2)
    x = torch.relu(table.norm(x, "features.norm5")).mean((2, 3))
    return functional.linear(x, table("classifier.weight"), table("classifier.bias"))


def psp_net(table: Table, x: Any) -> Any:
    """Scores (images, structures, rows, columns), before the sigmoid, of (images, 3, rows, columns)."""
    import torch
    from torch.nn import functional

    size = x.shape[2:]
    for name, stride in (("convbnrelu1_1", 2), ("convbnrelu1_2", 1), ("convbnrelu1_3", 1)):
        x = _unit(table, x, name, stride, 1)
    x = functional.max_pool2d(x, 3, 2, 1)
    for number, stride, spread in ((2, 1, 1), (3, 2, 1), (4, 1, 2), (5, 1, 4)):
        name = f"res_block{number}"
        for i in range(table.count(name + ".layers.{}.")):
            x = _bottleneck(table, x, f"{name}.layers.{i}", stride if i == 0 else 1, spread)
    seen, inner = [x], x.shape[2:]
    for i, count in enumerate(POOLS):
        window = (inner[0] // count, inner[1] // count)
        pooled = _unit(table, functional.avg_pool2d(x, window, window), f"pyramid_pooling.path_module_list.{i}", 1, 0)
        seen.append(functional.interpolate(pooled, size=inner, mode="bilinear"))
    x = table.conv(_unit(table, torch.cat(seen, 1), "cbr_final", 1, 1), "classification")
    return functional.interpolate(x, size=size, mode="bilinear")


def _unit(table: Table, x: Any, name: str, stride: int, padding: int, spread: int = 1) -> Any:
    import torch

    x = table.norm(table.conv(x, f"{name}.cbr_unit.0", stride, padding, spread), f"{name}.cbr_unit.1")
    return torch.relu(x)


def _bottleneck(table: Table, x: Any, name: str, stride: int, spread: int) -> Any:
    import torch

    y = _unit(table, _unit(table, x, f"{name}.cbr1", 1, 0), f"{name}.cbr2", stride, spread, spread)
    y = table.norm(table.conv(y, f"{name}.cb3.cb_unit.0"), f"{name}.cb3.cb_unit.1")
    if f"{name}.cb4.cb_unit.0.weight" in table.tensors:
        x = table.norm(table.conv(x, f"{name}.cb4.cb_unit.0", stride), f"{name}.cb4.cb_unit.1")
    return torch.relu(x + y)


def check(network: Network, tensors: Mapping[str, Any], shape: Sequence[int], outputs: int, title: str) -> None:
    """Weights and network belong together: worked out on sizes alone, nothing is computed.

    Raises:
        BadInput: weights are missing, left over, of other sizes, or give another number of outputs.
    """
    import torch

    table = Table({name: part.to("meta") for name, part in tensors.items()})
    try:
        given = int(network(table, torch.empty(tuple(shape), device="meta")).shape[1])
        extra = [name for name in tensors if name not in table.used and not name.startswith(AUXILIARY)]
        found = f"{len(extra)} left over, the first {extra[0]}" if extra else f"{given} outputs"
        fits = not extra and given == outputs
    except (KeyError, RuntimeError) as error:
        found, fits = f"{type(error).__name__}: {str(error).splitlines()[0][:160]}", False
    if not fits:
        raise BadInput(
            f"the weights do not fit {title}",
            found=found,
            expected=f"its own weights, with {outputs} outputs",
            action="take the file that its card names",
        )
