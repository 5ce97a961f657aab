"""The two networks of TorchXRayVision, written again so that its weights can be used without torchvision.

DenseNet-121 (Huang 2017) as TorchXRayVision trained it: one channel of 224 x 224, values from -1024 to 1024. PSPNet
(Zhao 2017) with a ResNet-101 as its ChestX-Det model: 14 structures at 512 x 512. Names of parts are those of the
published weights. TorchXRayVision is Apache-2.0 (Cohen 2022, arXiv:2111.00595).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

BLOCKS_121 = (6, 12, 24, 16)
BLOCKS_101 = (3, 4, 23, 3)


class _DenseLayer(nn.Sequential):
    def __init__(self, width: int, growth: int, neck: int) -> None:
        super().__init__(
            OrderedDict(
                norm1=nn.BatchNorm2d(width),
                relu1=nn.ReLU(inplace=True),
                conv1=nn.Conv2d(width, neck * growth, 1, bias=False),
                norm2=nn.BatchNorm2d(neck * growth),
                relu2=nn.ReLU(inplace=True),
                conv2=nn.Conv2d(neck * growth, growth, 3, padding=1, bias=False),
            )
        )

    def forward(self, x: Any) -> Any:
        # The first layers work in place: what is joined must be what came in.
        return torch.cat([x, super().forward(x.clone())], 1)


class DenseNet(nn.Module):
    """One score (before the sigmoid) for each finding."""

    def __init__(
        self, findings: int, blocks: Sequence[int] = BLOCKS_121, growth: int = 32, first: int = 64, neck: int = 4
    ) -> None:
        super().__init__()
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(1, first, 7, stride=2, padding=3, bias=False),
            norm0=nn.BatchNorm2d(first),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(3, stride=2, padding=1),
        )
        width = first
        for n, layers in enumerate(blocks, 1):
            rows = [(f"denselayer{i + 1}", _DenseLayer(width + i * growth, growth, neck)) for i in range(layers)]
            parts[f"denseblock{n}"] = nn.Sequential(OrderedDict(rows))
            width += layers * growth
            if n < len(blocks):
                parts[f"transition{n}"] = nn.Sequential(
                    OrderedDict(
                        norm=nn.BatchNorm2d(width),
                        relu=nn.ReLU(inplace=True),
                        conv=nn.Conv2d(width, width // 2, 1, bias=False),
                        pool=nn.AvgPool2d(2, 2),
                    )
                )
                width //= 2
        parts["norm5"] = nn.BatchNorm2d(width)
        self.features = nn.Sequential(parts)
        self.classifier = nn.Linear(width, findings)

    def forward(self, x: Any) -> Any:
        """Scores (images, findings) of (images, 1, 224, 224)."""
        pooled = F.adaptive_avg_pool2d(F.relu(self.features(x)), (1, 1))
        return self.classifier(pooled.flatten(1))


class _Unit(nn.Module):
    """A convolution with its normalisation, and a ReLU where `relu`."""

    def __init__(self, took: int, gives: int, size: int, stride: int = 1, spread: int = 1, relu: bool = True) -> None:
        super().__init__()
        convolution = nn.Conv2d(took, gives, size, stride, spread * (size // 2), spread, bias=False)
        steps = [convolution, nn.BatchNorm2d(gives), *([nn.ReLU(inplace=True)] if relu else [])]
        setattr(self, "cbr_unit" if relu else "cb_unit", nn.Sequential(*steps))

    def forward(self, x: Any) -> Any:
        unit: Any = getattr(self, "cbr_unit", None) or self.cb_unit
        return unit(x)


class _Bottleneck(nn.Module):
    def __init__(self, took: int, middle: int, gives: int, stride: int, spread: int, shortcut: bool) -> None:
        super().__init__()
        self.cbr1 = _Unit(took, middle, 1)
        self.cbr2 = _Unit(middle, middle, 3, stride, spread)
        self.cb3 = _Unit(middle, gives, 1, relu=False)
        if shortcut:
            self.cb4 = _Unit(took, gives, 1, stride, relu=False)
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        return F.relu(self.cb3(self.cbr2(self.cbr1(x))) + (self.cb4(x) if self.shortcut else x))


class _Stage(nn.Module):
    def __init__(self, blocks: int, took: int, middle: int, gives: int, stride: int, spread: int) -> None:
        super().__init__()
        # A stage that is spread out does not shrink.
        first = _Bottleneck(took, middle, gives, 1 if spread > 1 else stride, spread, True)
        rest = [_Bottleneck(gives, middle, gives, 1, spread, False) for _ in range(blocks - 1)]
        self.layers = nn.Sequential(first, *rest)

    def forward(self, x: Any) -> Any:
        return self.layers(x)


class _Pyramid(nn.Module):
    """What the picture looks like in 6 x 6, 3 x 3, 2 x 2 parts and as a whole, beside each place of it."""

    sizes = (6, 3, 2, 1)

    def __init__(self, width: int) -> None:
        super().__init__()
        # TorchXRayVision keeps a bias here only where it does not normalise, which it always does.
        self.path_module_list = nn.ModuleList([_Unit(width, width // len(self.sizes), 1) for _ in self.sizes])

    def forward(self, x: Any) -> Any:
        size = x.shape[2:]
        seen = [x]
        for part, count in zip(self.path_module_list, self.sizes, strict=True):
            window = (size[0] // count, size[1] // count)
            pooled = F.avg_pool2d(x, window, stride=window)
            seen.append(F.interpolate(part(pooled), size=size, mode="bilinear"))
        return torch.cat(seen, 1)


class PspNet(nn.Module):
    """One score (before the sigmoid) for each structure at each pixel. `width` 64 is the published one."""

    def __init__(self, structures: int, blocks: Sequence[int] = BLOCKS_101, width: int = 64) -> None:
        super().__init__()
        self.convbnrelu1_1 = _Unit(3, width, 3, stride=2)
        self.convbnrelu1_2 = _Unit(width, width, 3)
        self.convbnrelu1_3 = _Unit(width, width * 2, 3)
        self.res_block2 = _Stage(blocks[0], width * 2, width, width * 4, 1, 1)
        self.res_block3 = _Stage(blocks[1], width * 4, width * 2, width * 8, 2, 1)
        self.res_block4 = _Stage(blocks[2], width * 8, width * 4, width * 16, 1, 2)
        self.res_block5 = _Stage(blocks[3], width * 16, width * 8, width * 32, 1, 4)
        self.pyramid_pooling = _Pyramid(width * 32)
        self.cbr_final = _Unit(width * 64, width * 8, 3)
        self.classification = nn.Conv2d(width * 8, structures, 1)
        # Only used in training; they stand in the published weights.
        self.convbnrelu4_aux = _Unit(width * 16, width * 4, 3)
        self.aux_cls = nn.Conv2d(width * 4, structures, 1)

    def forward(self, x: Any) -> Any:
        """Scores (images, structures, rows, columns) of (images, 3, rows, columns)."""
        size = x.shape[2:]
        x = self.convbnrelu1_3(self.convbnrelu1_2(self.convbnrelu1_1(x)))
        x = self.res_block3(self.res_block2(F.max_pool2d(x, 3, 2, 1)))
        x = self.pyramid_pooling(self.res_block5(self.res_block4(x)))
        return F.interpolate(self.classification(self.cbr_final(x)), size=size, mode="bilinear")
