"""Files of weights: what is read, what is refused, and TorchXRayVision's two networks as functions of their weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.local import tiny_segmenters as tiny
from tools.errors import BadInput
from tools.segmenters.weighted.calibration import Fit
from tools.segmenters.weighted.files import TRUSTED, UntrustedWeights, fill, read_tensors, read_torchscript
from tools.segmenters.weighted.operating import Point
from tools.segmenters.weighted.pickled import Shell, tensors_of_model
from tools.segmenters.weighted.warm import Warm
from tools.segmenters.weighted.xray import FINDINGS, FINDINGS_FILE, FOLDER, ChestFindings
from tools.segmenters.weighted.xray_networks import Table, check, dense_net, psp_net

pytestmark = pytest.mark.local


class Evil:
    """Runs something when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    import torch

    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_tables_are_read_in_every_form(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    table = {"a.weight": torch.ones(2, 3), "a.bias": torch.zeros(2)}
    save_file(table, tmp_path / "one.safetensors")
    torch.save(table, tmp_path / "two.pt")
    torch.save(
        {"state_dict": {f"module.{name}": part for name, part in table.items()}, "epoch": 3}, tmp_path / "three.pth"
    )
    for path in sorted(tmp_path.iterdir()):
        assert same(read_tensors(path), table)
    network = fill(torch.nn.ModuleDict({"a": torch.nn.Linear(3, 2)}), table, "line")
    assert same(network.state_dict(), table)
    with pytest.raises(BadInput, match="do not fit") as caught:
        fill(torch.nn.ModuleDict({"a": torch.nn.Linear(4, 2)}), table, "line")
    assert "1 of another size" in str(caught.value.found)


def test_code_in_weights_is_not_run(tmp_path: Path) -> None:
    import torch

    torch.save({"a": torch.ones(1), "b": Evil(tmp_path / "run")}, tmp_path / "evil.pt")
    for read in (read_tensors, tensors_of_model):
        with pytest.raises(UntrustedWeights, match="more than weights"):
            read(tmp_path / "evil.pt")
    torch.save([tiny.findings_network(), Evil(tmp_path / "run")], tmp_path / "evil2.pt")
    with pytest.raises(UntrustedWeights):
        tensors_of_model(tmp_path / "evil2.pt")
    assert not (tmp_path / "run").exists()


def test_broken_weights_are_said_to_be(tmp_path: Path) -> None:
    import torch

    (tmp_path / "text.pt").write_text("no weights")
    torch.save({"note": "none"}, tmp_path / "words.pt")
    (tmp_path / "short.safetensors").write_bytes(b"12")
    (tmp_path / "model.h5").write_bytes(b"12")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(BadInput):
            read_tensors(path)


def test_a_program_runs_only_when_a_person_trusts_it(tmp_path: Path) -> None:
    import torch

    from knowledge.weights import file_hash

    path = tmp_path / "model.ts"
    torch.jit.trace(torch.nn.Linear(2, 1), torch.ones(1, 2)).save(path)
    with pytest.raises(UntrustedWeights, match="programs are not run"):
        read_torchscript(path, tmp_path)
    (path.parent / "model.pt").write_bytes(path.read_bytes())
    with pytest.raises(UntrustedWeights, match="programs are not run"):
        read_tensors(tmp_path / "model.pt")
    (tmp_path / TRUSTED).write_text(f"{file_hash(path)}  model.ts\n")
    assert read_torchscript(path, tmp_path)(torch.ones(1, 2)).shape == (1, 1)


# -- TorchXRayVision --------------------------------------------------------------------------------------------------


def test_functions_compute_what_the_networks_compute() -> None:
    import torch

    dense, psp = tiny.findings_network(), tiny.structures_network()
    film, colour = torch.randn(2, 1, 96, 96) * 300, torch.randn(1, 3, 128, 96)
    with torch.inference_mode():
        assert torch.equal(dense_net(Table(dense.state_dict()), film), dense(film))
        assert torch.equal(psp_net(Table(psp.state_dict()), colour), psp(colour))
    check(dense_net, dense.state_dict(), (1, 1, 64, 64), 18, "dense")
    check(psp_net, psp.state_dict(), (1, 3, 64, 64), 14, "psp")


def test_weights_of_another_network_are_refused() -> None:
    tensors = dict(tiny.findings_network().state_dict())
    with pytest.raises(BadInput, match="do not fit") as caught:
        check(dense_net, tensors, (1, 1, 64, 64), 14, "dense")
    assert caught.value.found == "18 outputs"
    with pytest.raises(BadInput):
        check(psp_net, tensors, (1, 3, 64, 64), 14, "psp")
    with pytest.raises(BadInput) as caught:
        check(dense_net, tensors | {"more": tensors["classifier.bias"]}, (1, 1, 64, 64), 18, "dense")
    assert "1 left over" in str(caught.value.found)
    tensors.pop("features.norm0.weight")
    with pytest.raises(BadInput, match="do not fit"):
        check(dense_net, tensors, (1, 1, 64, 64), 18, "dense")


@pytest.mark.parametrize("whole", [True, False])
def test_findings_from_a_pickled_model_or_a_table(tmp_path: Path, whole: bool) -> None:
    import torch

    from tests.local import xray_networks

    (tmp_path / FOLDER).mkdir()
    network, path = tiny.findings_network(), tmp_path / FOLDER / FINDINGS_FILE
    expected = {name: part.clone() for name, part in network.state_dict().items()}
    kinds = [kind for kind in vars(xray_networks).values() if getattr(kind, "__module__", "") == xray_networks.__name__]
    if whole:
        _save_as(network, path, kinds, "torchxrayvision.models")
    else:
        torch.save(network.state_dict(), path)
    assert same(tensors_of_model(path), expected)

    warm = Warm(free=lambda: 10**12)
    model = ChestFindings(tmp_path, warm=warm)
    assert model.lacks() is None
    scores = model.classify(tiny.film(), {"Mass": Point("Mass", 0.0, 0.9, 0.1, 50, 50, "drawn")})
    assert [score.finding for score in scores] == list(FINDINGS)
    assert all(0 <= score.score <= 1 and score.probability is None for score in scores)
    assert [score.flagged for score in scores].count(True) == 1
    assert warm.keys and model.unload() and not warm.keys

    fit = Fit(method="temperature", slope=0.5, data="drawn", positives=20, negatives=20)
    model.manifest = model.manifest.model_copy(update={"calibration": {"Mass": fit}})
    mass = next(score for score in model.classify(tiny.film()) if score.finding == "Mass")
    assert mass.probability == pytest.approx(fit.probability(mass.score)) and "drawn" in (mass.fitted_on or "")


def _save_as(network: Any, path: Path, kinds: list[Any], home: str) -> None:
    """Save a whole model under the module name that its authors' files have."""
    import sys
    import types

    import torch

    parent, module = types.ModuleType(home.partition(".")[0]), types.ModuleType(home)
    before = {kind: kind.__module__ for kind in kinds}
    sys.modules[parent.__name__], sys.modules[home] = parent, module
    try:
        for kind in kinds:
            kind.__module__ = home
            setattr(module, kind.__name__, kind)
        torch.save(network, path)
    finally:
        for kind, name in before.items():
            kind.__module__ = name
        del sys.modules[home], sys.modules[parent.__name__]


def test_a_shell_does_nothing() -> None:
    made = Shell()
    made.__setstate__({"a": 1})
    made.__setstate__(None)
    assert vars(made) == {"a": 1}
