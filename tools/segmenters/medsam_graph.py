"""The network of LiteMedSAM as two ONNX graphs, built from its weights: no torch, at no time.

After the descriptions and published code (all Apache-2.0) of MedSAM (bowang-lab/MedSAM, branch LiteMedSAM), Segment
Anything (facebookresearch/segment-anything) and TinyViT as MobileSAM uses it. The encoder turns a picture of 256 x 256
into an embedding; the decoder turns an embedding and a box into one mask (logits, 256 x 256) and the network's own
guess of the mask's quality. Sizes are read from the weights, so that tests can build one with tiny random weights.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.segmenters.checkpoint import Weights

SIDE = 256
HEADS = 8
_OPSET = 20
_IR = 10
Values = NDArray[Any]


class Graph:
    """Nodes and constants of an ONNX graph; every method adds a node and gives the name of what comes out of it."""

    def __init__(self, weights: Weights, prefix: str = "") -> None:
        self.weights, self.prefix = weights, prefix
        self.nodes: list[Any] = []
        self.constants: dict[str, Values] = {}

    def at(self, *parts: object) -> Values:
        """A weight by the parts of its name."""
        return self.weights[self.prefix + ".".join(str(part) for part in parts)]

    def constant(self, values: Values | list[int] | float, dtype: Any = np.float32) -> str:
        """A constant's name."""
        name = f"c{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(np.asarray(values, dtype=dtype))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output."""
        from onnx import helper

        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def split(self, value: str, sizes: list[int], axis: int) -> list[str]:
        """A value in parts."""
        from onnx import helper

        names = [f"t{len(self.nodes)}_{part}" for part in range(len(sizes))]
        inputs = [value, self.constant(sizes, np.int64)]
        self.nodes.append(helper.make_node("Split", inputs, names, axis=axis))
        return names

    def reshape(self, value: str, *shape: int) -> str:
        """Another shape."""
        return self.add("Reshape", value, self.constant(list(shape), np.int64))

    def transpose(self, value: str, *order: int) -> str:
        """Another order of axes."""
        return self.add("Transpose", value, perm=list(order))

    def linear(self, value: str, *name: object) -> str:
        """Weight and bias of a fully connected layer."""
        product = self.add("MatMul", value, self.constant(self.at(*name, "weight").T))
        return self.add("Add", product, self.constant(self.at(*name, "bias")))

    def norm(self, value: str, *name: object) -> str:
        """Layer norm over the last axis."""
        scale, bias = (self.constant(self.at(*name, part)) for part in ("weight", "bias"))
        return self.add("LayerNormalization", value, scale, bias, axis=-1, epsilon=1e-5)

    def norm_channels(self, value: str, *name: object) -> str:
        """Layer norm over the channels of an image."""
        scale, bias = (self.constant(self.at(*name, part)) for part in ("weight", "bias"))
        last = self.transpose(value, 0, 2, 3, 1)
        return self.transpose(self.add("LayerNormalization", last, scale, bias, axis=-1, epsilon=1e-6), 0, 3, 1, 2)

    def convolution(self, value: str, weight: Values, bias: Values | None = None, stride: int = 1) -> str:
        """A convolution that keeps the size (but for the stride); depthwise where the weight is so."""
        depthwise = weight.shape[1] == 1 and weight.shape[0] > 1
        pad = weight.shape[2] // 2
        inputs = [value, self.constant(weight), *([] if bias is None else [self.constant(bias)])]
        groups = weight.shape[0] if depthwise else 1
        return self.add("Conv", *inputs, pads=[pad] * 4, strides=[stride] * 2, group=groups)

    def convolution_bn(self, value: str, *name: object, stride: int = 1) -> str:
        """A convolution with its batch norm folded in."""
        gain = self.at(*name, "bn.weight") / np.sqrt(self.at(*name, "bn.running_var") + 1e-5)
        bias = self.at(*name, "bn.bias") - self.at(*name, "bn.running_mean") * gain
        return self.convolution(value, self.at(*name, "c.weight") * gain[:, None, None, None], bias, stride)

    def mlp(self, value: str, names: list[str], between: str) -> str:
        """Fully connected layers with an activation between them."""
        for number, name in enumerate(names):
            value = self.linear(value, name)
            value = self.add(between, value) if number < len(names) - 1 else value
        return value

    def save(self, path: Path, inputs: dict[str, list[int]], outputs: dict[str, tuple[str, list[int]]]) -> None:
        """Write the graph."""
        import onnx
        from onnx import helper, numpy_helper

        ends = [helper.make_node("Identity", [value], [name]) for name, (value, _) in outputs.items()]
        kind = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            [*self.nodes, *ends],
            "medsam",
            [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, kind, shape) for name, (_, shape) in outputs.items()],
            [numpy_helper.from_array(values, name) for name, values in self.constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
        part = path.with_suffix(".part")
        onnx.save(model, str(part))
        part.replace(path)


def write_encoder(weights: Weights, path: Path, side: int = SIDE) -> None:
    """The image encoder: `image` (1, 3, side, side) in 0..1 to `embedding` (1, channels, side / 4, side / 4)."""
    needs_onnx()
    graph = Graph(weights, "image_encoder.")
    value = graph.add("Gelu", graph.convolution_bn("image", "patch_embed.seq.0"))
    value = graph.convolution_bn(value, "patch_embed.seq.2")
    number = 0
    while f"image_encoder.layers.0.blocks.{number}.conv1.c.weight" in weights:
        value = _bottleneck(graph, value, f"layers.0.blocks.{number}")
        number += 1
    stages = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("image_encoder.layers."))
    size = side
    for stage in range(1, stages):
        # The last stage keeps the size of the one before it.
        stride = 1 if stage == stages - 1 else 2
        value, size = _merge(graph, value, f"layers.{stage - 1}.downsample", stride), size // stride
        number = 0
        while f"image_encoder.layers.{stage}.blocks.{number}.attn.qkv.weight" in weights:
            value = _windowed(graph, value, f"layers.{stage}.blocks.{number}", size)
            number += 1
    value = graph.norm_channels(graph.convolution(value, graph.at("neck.0.weight")), "neck.1")
    value = graph.norm_channels(graph.convolution(value, graph.at("neck.2.weight")), "neck.3")
    channels = graph.at("neck.2.weight").shape[0]
    graph.save(path, {"image": [1, 3, side, side]}, {"embedding": (value, [1, channels, size, size])})


def _bottleneck(graph: Graph, value: str, name: str) -> str:
    inner = graph.add("Gelu", graph.convolution_bn(value, name, "conv1"))
    inner = graph.add("Gelu", graph.convolution_bn(inner, name, "conv2"))
    return graph.add("Gelu", graph.add("Add", value, graph.convolution_bn(inner, name, "conv3")))


def _merge(graph: Graph, value: str, name: str, stride: int) -> str:
    value = graph.add("Gelu", graph.convolution_bn(value, name, "conv1"))
    value = graph.add("Gelu", graph.convolution_bn(value, name, "conv2", stride=stride))
    return graph.convolution_bn(value, name, "conv3")


def _windowed(graph: Graph, value: str, name: str, size: int) -> str:
    """Attention within windows, a depthwise convolution, a perceptron; the value stays an image."""
    heads, offsets = graph.at(name, "attn.attention_biases").shape
    window = round(offsets**0.5)
    channels = graph.at(name, "attn.norm.weight").shape[0]
    count = -(-size // window)
    more = count * window - size
    tokens = graph.transpose(value, 0, 2, 3, 1)
    if more:
        tokens = graph.add("Pad", tokens, graph.constant([0, 0, 0, 0, 0, more, more, 0], np.int64))
    tokens = graph.reshape(tokens, count, window, count, window, channels)
    tokens = graph.reshape(graph.transpose(tokens, 0, 2, 1, 3, 4), count * count, window * window, channels)
    tokens = _attention(graph, tokens, name, heads, window)
    tokens = graph.reshape(tokens, count, count, window, window, channels)
    tokens = graph.reshape(graph.transpose(tokens, 0, 2, 1, 3, 4), 1, count * window, count * window, channels)
    if more:
        ends = [graph.constant(part, np.int64) for part in ([0, 0], [size, size], [1, 2])]
        tokens = graph.add("Slice", tokens, *ends)
    value = graph.add("Add", value, graph.transpose(tokens, 0, 3, 1, 2))
    value = graph.convolution_bn(value, name, "local_conv")
    tokens = graph.norm(graph.transpose(value, 0, 2, 3, 1), name, "mlp.norm")
    tokens = graph.mlp(tokens, [f"{name}.mlp.fc1", f"{name}.mlp.fc2"], "Gelu")
    return graph.add("Add", value, graph.transpose(tokens, 0, 3, 1, 2))


def _attention(graph: Graph, tokens: str, name: str, heads: int, window: int) -> str:
    channels = graph.at(name, "attn.norm.weight").shape[0]
    each, area = channels // heads, window * window
    packed = graph.linear(graph.norm(tokens, name, "attn.norm"), name, "attn.qkv")
    packed = graph.transpose(graph.reshape(packed, -1, area, heads, 3 * each), 0, 2, 1, 3)
    query, key, content = graph.split(packed, [each] * 3, axis=3)
    scores = graph.add("MatMul", query, graph.transpose(key, 0, 1, 3, 2))
    scores = graph.add("Mul", scores, graph.constant(each**-0.5))
    biases = graph.at(name, "attn.attention_biases")[:, _offsets(window)]
    scores = graph.add("Softmax", graph.add("Add", scores, graph.constant(biases)), axis=-1)
    mixed = graph.transpose(graph.add("MatMul", scores, content), 0, 2, 1, 3)
    return graph.linear(graph.reshape(mixed, -1, area, channels), name, "attn.proj")


def _offsets(window: int) -> NDArray[np.intp]:
    """Which bias belongs to a pair of places in a window: one for each (rows apart, columns apart)."""
    place = np.arange(window * window)
    rows = np.abs(place[:, None] // window - place[None] // window)
    columns = np.abs(place[:, None] % window - place[None] % window)
    return np.asarray(rows * window + columns)


def write_decoder(weights: Weights, path: Path, side: int = SIDE, heads: int = HEADS) -> None:
    """Prompt encoder and mask decoder: `embedding` and `box` (1, 4) to `logits` (1, 1, side, side), `quality` (1, 1).

    The box is (left, top, right, bottom) in pixels of the encoder's picture.
    """
    needs_onnx()
    graph = Graph(weights)
    size = side // 4
    channels = graph.at("prompt_encoder.no_mask_embed.weight").shape[1]
    waves = graph.at("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix")
    corners = graph.add("Add", graph.reshape("box", 1, 2, 2), graph.constant(0.5))
    corners = graph.add("Sub", graph.add("Mul", corners, graph.constant(2 / side)), graph.constant(1.0))
    angles = graph.add("MatMul", corners, graph.constant(waves * 2 * np.pi))
    corners = graph.add("Concat", graph.add("Sin", angles), graph.add("Cos", angles), axis=-1)
    named = [graph.at(f"prompt_encoder.point_embeddings.{number}.weight") for number in (2, 3)]
    corners = graph.add("Add", corners, graph.constant(np.concatenate(named)[None]))
    own = np.concatenate([graph.at("mask_decoder.iou_token.weight"), graph.at("mask_decoder.mask_tokens.weight")])
    tokens = graph.add("Concat", graph.constant(own[None]), corners, axis=1)
    place = 2 * (np.arange(size) + 0.5) / size - 1
    grid = np.stack(np.meshgrid(place, place), axis=-1).reshape(-1, 2) @ waves * 2 * np.pi
    where = graph.constant(np.concatenate([np.sin(grid), np.cos(grid)], axis=-1)[None])
    flat = graph.transpose(graph.reshape("embedding", 1, channels, size * size), 0, 2, 1)
    image = graph.add("Add", flat, graph.constant(graph.at("prompt_encoder.no_mask_embed.weight")[None]))
    said, image = _two_way(graph, tokens, image, where, heads)
    quality_token, mask_token, _ = graph.split(said, [1, 1, own.shape[0]], axis=1)
    image = graph.reshape(graph.transpose(image, 0, 2, 1), 1, channels, size, size)
    image = graph.add("Gelu", graph.norm_channels(_doubled(graph, image, 0), "mask_decoder.output_upscaling.1"))
    image = graph.add("Gelu", _doubled(graph, image, 3))
    layers = [f"mask_decoder.output_hypernetworks_mlps.0.layers.{number}" for number in range(3)]
    kernel = graph.reshape(graph.mlp(mask_token, layers, "Relu"), 1, 1, -1)
    logits = graph.add("MatMul", kernel, graph.reshape(image, 1, channels // 8, side * side))
    layers = [f"mask_decoder.iou_prediction_head.layers.{number}" for number in range(3)]
    quality, _ = graph.split(
        graph.reshape(graph.mlp(quality_token, layers, "Relu"), 1, -1), [1, own.shape[0] - 2], axis=1
    )
    graph.save(
        path,
        {"embedding": [1, channels, size, size], "box": [1, 4]},
        {"logits": (graph.reshape(logits, 1, 1, side, side), [1, 1, side, side]), "quality": (quality, [1, 1])},
    )


def _doubled(graph: Graph, image: str, number: int) -> str:
    name = f"mask_decoder.output_upscaling.{number}"
    weight, bias = graph.constant(graph.at(name, "weight")), graph.constant(graph.at(name, "bias"))
    return graph.add("ConvTranspose", image, weight, bias, kernel_shape=[2, 2], strides=[2, 2])


def _two_way(graph: Graph, tokens: str, image: str, where: str, heads: int) -> tuple[str, str]:
    """Tokens look at the image and the image at the tokens, layer by layer."""
    names = "mask_decoder.transformer"
    said = tokens
    layer = 0
    while f"{names}.layers.{layer}.norm1.weight" in graph.weights:
        name = f"{names}.layers.{layer}"
        asking = said if layer == 0 else graph.add("Add", said, tokens)
        found = _cross(graph, f"{name}.self_attn", asking, asking, said, heads)
        said = graph.norm(found if layer == 0 else graph.add("Add", said, found), name, "norm1")
        placed = graph.add("Add", image, where)
        found = _cross(graph, f"{name}.cross_attn_token_to_image", graph.add("Add", said, tokens), placed, image, heads)
        said = graph.norm(graph.add("Add", said, found), name, "norm2")
        found = graph.mlp(said, [f"{name}.mlp.lin1", f"{name}.mlp.lin2"], "Relu")
        said = graph.norm(graph.add("Add", said, found), name, "norm3")
        found = _cross(graph, f"{name}.cross_attn_image_to_token", placed, graph.add("Add", said, tokens), said, heads)
        image = graph.norm(graph.add("Add", image, found), name, "norm4")
        layer += 1
    placed = graph.add("Add", image, where)
    found = _cross(graph, f"{names}.final_attn_token_to_image", graph.add("Add", said, tokens), placed, image, heads)
    return graph.norm(graph.add("Add", said, found), names, "norm_final_attn"), image


def _cross(graph: Graph, name: str, asking: str, asked: str, content: str, heads: int) -> str:
    inner = graph.at(name, "q_proj.weight").shape[0]
    each = inner // heads
    parts = []
    for projection, value in (("q_proj", asking), ("k_proj", asked), ("v_proj", content)):
        split = graph.reshape(graph.linear(value, name, projection), 1, -1, heads, each)
        parts.append(graph.transpose(split, 0, 2, 1, 3))
    query, key, value = parts
    scores = graph.add("MatMul", query, graph.transpose(key, 0, 1, 3, 2))
    scores = graph.add("Softmax", graph.add("Mul", scores, graph.constant(each**-0.5)), axis=-1)
    mixed = graph.transpose(graph.add("MatMul", scores, value), 0, 2, 1, 3)
    return graph.linear(graph.reshape(mixed, 1, -1, inner), name, "out_proj")


def needs_onnx() -> None:
    """Whether graphs can be written here.

    Raises:
        NotAssessable: the package `onnx` is missing; says how to get it.
    """
    import importlib.util

    if importlib.util.find_spec("onnx") is None:
        raise NotAssessable(
            "LiteMedSAM has not been prepared here",
            found="no package onnx",
            expected="onnx, once, to write the network's graph",
            action="pip install 'osler[medsam]'",
        )
