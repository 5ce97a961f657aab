"""Every weighted back end on tiny random weights: masks, labels, codes, kept warm, unloaded, stopped."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.local import tiny_segmenters as tiny
from tools.errors import BadInput, NotAssessable
from tools.segmenters.contract import Click, Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT, coding_of
from tools.segmenters.weighted.base import Weighted
from tools.segmenters.weighted.limits import Limits, Stopped
from tools.segmenters.weighted.text_boxes import TextBoxes
from tools.segmenters.weighted.warm import Warm

pytestmark = pytest.mark.local
Make = Callable[[Path, Warm], Weighted]
BOX = Prompts(box=(8, 10, 28, 30), slice_=10)


def _nnunet(root: Path, warm: Warm) -> Weighted:
    pytest.importorskip("dynamic_network_architectures", reason="pip install 'osler[nnunet]'")
    from tools.segmenters.weighted.nnunet import NnUnet

    return NnUnet(tiny.nnunet(root / "drawn"), warm=warm)


def _totalsegmentator(root: Path, warm: Warm) -> Weighted:
    pytest.importorskip("dynamic_network_architectures", reason="pip install 'osler[nnunet]'")
    from tools.segmenters.weighted.totalsegmentator import TotalSegmentator

    labels = {"background": 0, "liver": 1, "lung_upper_lobe_left": 2, "lung_lower_lobe_left": 3, "spleen": 4}
    below = root / "totalsegmentator" / "Dataset297_TotalSegmentator_total_3mm_1559subj"
    tiny.nnunet(below / "nnUNetTrainer_4000epochs_NoMirroring__nnUNetPlans__3d_fullres", labels=labels, manifest=False)
    return TotalSegmentator("total_fast", root, warm=warm)


def _monai(root: Path, warm: Warm) -> Weighted:
    pytest.importorskip("monai", reason="pip install 'osler[monai]'")
    from tools.segmenters.weighted.monai_bundle import MonaiBundle

    return MonaiBundle(tiny.bundle(root / "spleen"), warm=warm)


def _sam2(root: Path, warm: Warm) -> Weighted:
    from tools.segmenters.weighted.sam2 import Sam2

    return Sam2(tiny.sam2(root / "sam"), warm=warm)


def _sam2_image(root: Path, warm: Warm) -> Weighted:
    from tools.segmenters.weighted.sam2 import Sam2

    return Sam2(tiny.sam2(root / "sam"), 2, warm=warm)


def _text(root: Path, warm: Warm) -> Weighted:
    from tools.segmenters.weighted.text import TextPrompted

    folder = tiny.clipseg(root / "words")
    (folder / "osler.yaml").write_text("threshold: 0.4\nmodalities: [DX]\nweights_licence: CC0\n")
    return TextPrompted(folder, warm=warm)


def _text_boxes(root: Path, warm: Warm) -> Weighted:
    from tools.segmenters.weighted.catalogue import here

    tiny.sam2(root / "sam2" / "one")
    folder = tiny.grounding_dino(root / "text" / "words")
    (folder / "osler.yaml").write_text("threshold: 0.001\nmodalities: [DX]\n")
    found = {one.card.name: one for one in here(root)}
    assert sorted(found) == ["sam2:one:2d", "sam2:one:3d", "text:words"]
    made = found["text:words"]
    assert isinstance(made, TextBoxes) and made.outline is not None
    made.warm = made.outline.warm = warm
    return made


def _xray(root: Path, warm: Warm) -> Weighted:
    import torch

    from tools.segmenters.weighted.xray import FOLDER, STRUCTURES_FILE, ChestStructures

    (root / FOLDER).mkdir()
    held = {f"module.{name}": part for name, part in tiny.structures_network().state_dict().items()}
    torch.save(held, root / FOLDER / STRUCTURES_FILE)
    return ChestStructures(root, warm=warm)


CASES: dict[str, tuple[Make, Target, tuple[str, ...], Prompts | None]] = {
    "nnunet": (_nnunet, tiny.volume(), ("liver", "left lung", "left upper lobe of lung"), None),
    "totalsegmentator": (_totalsegmentator, tiny.volume(), ("liver", "left lung", "left upper lobe of lung"), None),
    "monai": (_monai, tiny.volume(), ("spleen",), None),
    "sam2": (_sam2, tiny.volume(), (), BOX),
    "sam2 on an image": (_sam2_image, tiny.film(), ("heart",), Prompts(clicks=(Click((30, 40)), Click((2, 2), False)))),
    "text": (_text, tiny.film(), ("heart", "left lung"), None),
    "text by boxes": (_text_boxes, tiny.film(), ("heart",), None),
    "xray": (_xray, tiny.film(), ("heart", "left lung"), None),
}


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Weighted, Target, tuple[str, ...], Prompts | None]:
    make, target, structures, prompts = CASES[request.param]
    warm = Warm(free=lambda: 10**12)
    return make(tmp_path_factory.mktemp("models"), warm), target, structures, prompts


def loaded(model: Weighted) -> list[Any]:
    """Every tensor that the cache holds."""
    import torch

    found: list[Any] = []
    for entry in model.warm._entries.values():
        for part in vars(entry.model).values() if hasattr(entry.model, "__dict__") else []:
            parts = part if isinstance(part, tuple) else [part]
            found += [tensor for one in parts if isinstance(one, torch.nn.Module) for tensor in one.parameters()]
            found += list(part.values()) if isinstance(part, dict) else []
    return found


def test_a_back_end_segments_stays_warm_and_is_unloaded(
    case: tuple[Weighted, Target, tuple[str, ...], Prompts | None],
) -> None:
    model, target, structures, prompts = case
    assert model.lacks() is None
    assert model.warm.keys == [], "making one loads nothing"
    first = model.segment(target, structures, prompts)
    _check(first, model, target, structures)

    tensors = loaded(model)
    assert tensors
    again = model.segment(target, structures, prompts)
    assert [part.mask.tolist() for part in again] == [part.mask.tolist() for part in first]
    assert {id(part) for part in loaded(model)} == {id(part) for part in tensors}, "the second call found it warm"

    gone = [weakref.ref(part) for part in tensors]
    del tensors
    assert model.unload()
    # What outlines for another is let go of by itself.
    model.warm.unload()
    gc.collect()
    assert not any(part() is not None for part in gone)
    assert model.warm.keys == [] and not model.unload()


def _check(found: list[Segment], model: Weighted, target: Target, structures: tuple[str, ...]) -> None:
    shape = target.pixels.shape if model.card.dimensions == 2 else target.values.shape  # type: ignore[union-attr]
    assert found
    for part in found:
        assert part.mask.shape == shape and part.mask.dtype == np.bool_ and part.mask.any()
        assert part.structure in (structures or (OBJECT,))
        assert part.coding == coding_of(part.structure)
        assert 0 <= part.confidence <= 1 and part.algorithm == model.card.name and part.version == model.card.version


def test_a_back_end_can_be_stopped(case: tuple[Weighted, Target, tuple[str, ...], Prompts | None]) -> None:
    model, target, structures, prompts = case
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 3

    held, model.limits = model.limits, Limits(seconds=100, cancelled=cancelled)
    try:
        with pytest.raises(Stopped, match="not wanted"):
            model.segment(target, structures, prompts)
        model.limits = Limits(seconds=0)
        with pytest.raises(Stopped, match="longer than"):
            model.segment(target, structures, prompts)
    finally:
        model.limits = held
        model.unload()


def test_an_image_that_does_not_say_what_it_is_leaves_a_doubt(tmp_path: Path) -> None:
    model = _sam2(tmp_path, Warm(free=lambda: 10**12))
    (found,) = model.segment(tiny.volume(None), [], BOX)
    assert any("the file does not say its modality" in doubt for doubt in found.doubts)
    assert any(doubt.startswith("pointed at on slice 10; propagated to slices") for doubt in found.doubts)
    with pytest.raises(BadInput, match="which slice"):
        model.segment(tiny.volume(), [], Prompts(box=(8, 10, 28, 30)))
    with pytest.raises(BadInput, match="outside the image"):
        model.segment(tiny.volume(), [], Prompts(box=(8, 10, 500, 30), slice_=10))


def test_single_precision_without_a_gpu() -> None:
    import torch

    from tools.segmenters.weighted.device import place

    at, careful = place(), place(half=False)
    assert careful.dtype == torch.float32
    assert (at.device.type, at.dtype) in ((("cpu", torch.float32)), ("cuda", torch.float16))
    assert at.put(torch.nn.Linear(1, 1)).weight.dtype == at.dtype


def test_lobes_add_up_to_the_lung(tmp_path: Path) -> None:
    model = _nnunet(tmp_path, Warm(free=lambda: 10**12))
    names = ["left lung", "left upper lobe of lung", "left lower lobe of lung"]
    found = {part.structure: part.mask for part in model.segment(tiny.volume(), names)}
    parts = [mask for name, mask in found.items() if name != "left lung"]
    assert np.array_equal(found["left lung"], np.logical_or.reduce(parts))


def test_a_task_that_looks_only_around_the_lungs(tmp_path: Path) -> None:
    pytest.importorskip("dynamic_network_architectures", reason="pip install 'osler[nnunet]'")
    from tools.segmenters.weighted.totalsegmentator import TotalSegmentator

    warm, root = Warm(free=lambda: 10**12), tmp_path / "totalsegmentator"
    below, named = "nnUNetTrainer__nnUNetPlans__3d_fullres", ["lung_airways", "lung_arteries", "lung_veins"]
    labels = {"background": 0} | {name: n for n, name in enumerate(named, 1)}
    tiny.nnunet(root / "Dataset117_vessels" / below, labels=labels, manifest=False)
    model = TotalSegmentator("lung_vessels", tmp_path, warm=warm)
    assert "the task total_fast, which finds right lung and left lung first" in (model.lacks_files() or "")

    sides = {"right": ("upper", "middle", "lower"), "left": ("upper", "lower")}
    lobes = [f"lung_{part}_lobe_{side}" for side, parts in sides.items() for part in parts]
    labels = {"background": 0} | {name: n for n, name in enumerate(lobes, 1)}
    rough = tiny.nnunet(root / "Dataset297_total_fast" / below, labels=labels, manifest=False)
    model = TotalSegmentator("lung_vessels", tmp_path, warm=warm)
    assert model.lacks_files() is None and model.card.structures == ("airway", "pulmonary artery", "pulmonary vein")
    found = model.segment(tiny.volume(), ["pulmonary artery", "pulmonary vein"])
    assert {part.algorithm for part in found} == {"totalsegmentator:lung_vessels"}
    assert ("nnunet", rough) in warm.keys


def test_the_orientation_of_the_file_does_not_matter(tmp_path: Path) -> None:
    from dataclasses import replace

    model, upright = _nnunet(tmp_path, Warm(free=lambda: 10**12)), tiny.volume()
    affine = upright.affine.copy()
    affine[:3, 3] += affine[:3, 0] * (upright.values.shape[2] - 1)
    affine[:3, 0] *= -1
    turned = replace(upright, values=np.ascontiguousarray(upright.values[:, :, ::-1]), affine=affine)
    first, other = (model.segment(one, ["liver"])[0].mask for one in (upright, turned))
    assert np.array_equal(first, other[:, :, ::-1])


@pytest.mark.parametrize(
    ("name", "labels"),
    [("one", tiny.LABELS), ("regions", tiny.REGIONS), ("nnUNetTrainer__nnUNetPlans__2d", tiny.LABELS)],
)
def test_the_same_labels_as_nnunets_own_predictor(tmp_path: Path, name: str, labels: dict[str, Any]) -> None:
    predictors = pytest.importorskip("nnunetv2.inference.predict_from_raw_data", reason="pip install nnunetv2")
    import torch

    from tools.segmenters.weighted.nnunet import NnUnet, predict

    folder = tiny.nnunet(tmp_path / name, labels=labels, kind="2d" if name.endswith("2d") else "")
    model = NnUnet(folder, warm=Warm(free=lambda: 10**12))
    assert model.plan is not None and len(model.plan.tile) == (2 if name.endswith("2d") else 3)
    own = predictors.nnUNetPredictor(
        use_mirroring=False, device=torch.device("cpu"), perform_everything_on_device=False, allow_tqdm=False
    )
    own.initialize_from_trained_model_folder(str(model.folder), (0,))
    drawn = tiny.volume()
    expected = own.predict_single_npy_array(drawn.values[None], {"spacing": drawn.spacing_mm})
    found, _ = predict(model.plan, model.load(), drawn.values, drawn.spacing_mm, model.limits.start())
    assert len(np.unique(expected)) > 2
    # It adds in half precision, this in single: near ties may fall either way.
    assert (found == expected).mean() > 0.99


# MONAI warns of a decoder of another company that is not installed.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_same_mask_as_monais_own_steps(tmp_path: Path) -> None:
    pytest.importorskip("monai", reason="pip install 'osler[monai]'")
    nib = pytest.importorskip("nibabel")
    import torch
    from monai import inferers, transforms
    from monai.networks.nets import UNet

    from tools.segmenters.weighted.monai_bundle import TO_RAS

    model, drawn = _monai(tmp_path, Warm(free=lambda: 10**12)), tiny.volume()
    nib.save(nib.Nifti1Image(drawn.values.T, TO_RAS @ drawn.affine), tmp_path / "drawn.nii")
    labels = (("L", "R"), ("P", "A"), ("I", "S"))
    steps = transforms.Compose(
        [
            transforms.LoadImaged("image", reader="NibabelReader"),
            transforms.EnsureChannelFirstd("image"),
            transforms.Orientationd("image", axcodes="RAS", labels=labels),
            transforms.Spacingd("image", pixdim=[2.0, 2.0, 3.0], mode="bilinear"),
            transforms.ScaleIntensityRanged("image", -57, 164, 0, 1, True),
        ]
    )
    held = steps({"image": str(tmp_path / "drawn.nii")})
    network = UNet(**tiny.UNET, norm="batch").eval()
    network.load_state_dict(torch.load(tmp_path / "spleen" / "models" / "model.pt", weights_only=True))
    with torch.inference_mode():
        held["pred"] = inferers.SlidingWindowInferer([16, 16, 16], 2)(held["image"][None], network)[0]
    back = transforms.Compose(
        [
            transforms.Activationsd("pred", softmax=True),
            transforms.Invertd("pred", transform=steps, orig_keys="image", nearest_interp=False, to_tensor=True),
            transforms.AsDiscreted("pred", argmax=True),
        ]
    )
    expected = back(held)["pred"].numpy()[0].T.astype(bool)
    assert np.array_equal(model.segment(drawn, ["spleen"])[0].mask, expected)


def test_a_missing_tensor_is_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model = _sam2(tmp_path, Warm(free=lambda: 10**12))
    (path,) = model.files
    tensors = load_file(path)
    tensors.pop(next(name for name in tensors if name.startswith("mask_decoder")))
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(BadInput, match="cannot be loaded") as caught:
        model.segment(tiny.volume(), [], BOX)
    assert "1 tensors are not in the files" in str(caught.value.found)


def test_nothing_found_is_said(tmp_path: Path) -> None:
    model = _text(tmp_path, Warm(free=lambda: 10**12))
    model.manifest = model.manifest.model_copy(update={"threshold": 0.99999})  # type: ignore[attr-defined]
    with pytest.raises(NotAssessable, match="found nothing"):
        model.segment(tiny.film(), ["heart"])
