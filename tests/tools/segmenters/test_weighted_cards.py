"""Weighted back ends without torch: cards, what is missing, what is refused before anything is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.local.tiny_segmenters import LABELS, bundle_files, film, plans, volume
from tools.errors import BadInput, NotAssessable, ToolError
from tools.segmenters.contract import Click, Prompts
from tools.segmenters.registry import offered
from tools.segmenters.structures import coding_of
from tools.segmenters.weighted import monai_config as config
from tools.segmenters.weighted.catalogue import classifiers, rows, segmenters
from tools.segmenters.weighted.crop import around
from tools.segmenters.weighted.gate import WrongTarget
from tools.segmenters.weighted.labels import label_map
from tools.segmenters.weighted.manifest import read_manifest
from tools.segmenters.weighted.monai_bundle import MonaiBundle
from tools.segmenters.weighted.nnunet import NnUnet
from tools.segmenters.weighted.nnunet_plan import read_plan
from tools.segmenters.weighted.sam2 import Sam2
from tools.segmenters.weighted.totalsegmentator import TotalSegmentator, tasks
from tools.segmenters.weighted.xray import ChestFindings, ChestStructures

NOWHERE = Path("/nowhere/models")


def written(folder: Path, *, old: bool = False, manifest: str | None = None) -> Path:
    """A folder of nnU-Net without its weights."""
    folder.mkdir()
    (folder / "plans.json").write_text(json.dumps(plans(old=old)))
    (folder / "dataset.json").write_text(json.dumps({"labels": LABELS, "channel_names": {"0": "CT"}}))
    if manifest is not None:
        (folder / "osler.yaml").write_text(manifest)
    return folder


@pytest.mark.parametrize("row", rows(NOWHERE), ids=lambda row: row["name"])
def test_every_back_end_says_what_it_lacks_and_under_which_licence(row: dict[str, object]) -> None:
    assert row["usable"] is False and row["lacks"] and row["title"] and row["source"]
    assert str(row["licence"]).startswith("code ")
    assert "weights" in str(row["licence"])
    assert str(row["measured"]).startswith("unmeasured")


def test_the_list_is_made_without_torch() -> None:
    code = (
        "import sys; from pathlib import Path; from tools.segmenters.weighted.catalogue import rows; "
        "rows(Path('/nowhere')); print([n for n in ('torch', 'transformers', 'monai') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_are_unique() -> None:
    names = [one.card.name for one in [*segmenters(NOWHERE), *classifiers(NOWHERE)]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("task", list(tasks()))
def test_structures_of_totalsegmentator_are_in_the_vocabulary(task: str) -> None:
    made = TotalSegmentator(task, NOWHERE)
    assert made.card.structures
    for name in made.card.structures:
        coding_of(name)


def test_totalsegmentator_says_which_folders_belong_where() -> None:
    lacks = TotalSegmentator("total_fast", NOWHERE).lacks_files()
    assert lacks is not None and "Dataset297_*" in lacks and str(NOWHERE / "totalsegmentator") in lacks
    assert "restricted" in TotalSegmentator("tissue_types", NOWHERE).card.licence
    assert "restricted" not in TotalSegmentator("total", NOWHERE).card.licence


# -- refused before loading -------------------------------------------------------------------------------------------


def test_another_modality_is_refused_before_weights_are_missed() -> None:
    with pytest.raises(WrongTarget, match="not for this image") as caught:
        TotalSegmentator("total_fast", NOWHERE).segment(volume("MR"), ["liver"])
    assert caught.value.found == "the file says modality MR"
    with pytest.raises(NotAssessable, match="cannot run here"):
        TotalSegmentator("total_fast", NOWHERE).segment(volume("CT"), ["liver"])


def test_another_region_is_refused() -> None:
    with pytest.raises(WrongTarget):
        ChestStructures(NOWHERE).segment(film("DX", "HAND"), ["heart"])
    with pytest.raises(WrongTarget):
        ChestFindings(NOWHERE).classify(film("DX", "HAND"))


def test_a_film_is_no_volume() -> None:
    with pytest.raises(WrongTarget) as caught:
        TotalSegmentator("total_fast", NOWHERE).segment(film(), ["liver"])
    assert (caught.value.found, caught.value.expected) == ("one image", "a volume")
    with pytest.raises(WrongTarget):
        ChestStructures(NOWHERE).segment(volume(), ["heart"])


def test_a_lateral_film_is_not_classified() -> None:
    with pytest.raises(WrongTarget, match="not for this image") as caught:
        ChestFindings(NOWHERE).classify(film(view="LATERAL"))
    assert "lateral" in str(caught.value.found)


@pytest.mark.parametrize(
    ("structures", "prompts"),
    [
        (["tail"], None),
        ([], None),
        (["liver"], Prompts(box=(1, 1, 5, 5))),
        (["liver"], Prompts(clicks=(Click((1, 1)),))),
    ],
)
def test_what_the_card_does_not_name_is_refused(structures: list[str], prompts: Prompts | None) -> None:
    with pytest.raises(BadInput, match="cannot be asked for that"):
        TotalSegmentator("total_fast", NOWHERE).segment(volume(), structures, prompts)


def test_a_name_is_no_prompt_for_a_model_that_is_pointed_at() -> None:
    with pytest.raises(BadInput, match="cannot be asked for that"):
        Sam2(NOWHERE / "sam2" / "one").segment(volume(), ["liver"])


def test_an_uneven_volume_is_refused() -> None:
    from dataclasses import replace

    with pytest.raises(NotAssessable, match="not evenly sampled"):
        TotalSegmentator("total_fast", NOWHERE).segment(replace(volume(), uniform=False), ["liver"])
    with pytest.raises(NotAssessable, match="leans"):
        TotalSegmentator("total_fast", NOWHERE).segment(replace(volume(), tilt_deg=12.0), ["liver"])


# -- files of others, read as data ------------------------------------------------------------------------------------


def test_both_forms_of_plans_are_the_same_plan(tmp_path: Path) -> None:
    new, old = read_plan(written(tmp_path / "new")), read_plan(written(tmp_path / "old", old=True))
    assert new == old
    assert (new.outputs, new.channels, new.tile, new.transpose) == (5, 1, (16, 16, 16), (1, 0, 2))


def test_a_plan_cannot_name_any_class(tmp_path: Path) -> None:
    folder = written(tmp_path / "bad", manifest="modalities: [CT]\norientation: RAS\n")
    plan = plans()
    plan["configurations"]["3d_fullres"]["architecture"]["network_class_name"] = "os.system"
    (folder / "plans.json").write_text(json.dumps(plan))
    with pytest.raises(BadInput, match="not a model of nnU-Net v2") as caught:
        read_plan(folder)
    assert "'system' is not one of" in str(caught.value.found)
    assert "system" in (NnUnet(folder).lacks_files() or "")


def test_a_cascade_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "cascade")
    plan = plans()
    plan["configurations"]["3d_fullres"]["previous_stage"] = "3d_lowres"
    (folder / "plans.json").write_text(json.dumps(plan))
    with pytest.raises(BadInput) as caught:
        read_plan(folder)
    assert "second stage of a cascade" in str(caught.value.found)


def test_nnunet_asks_for_what_its_files_do_not_say(tmp_path: Path) -> None:
    silent = NnUnet(written(tmp_path / "silent"))
    assert "fold_0/checkpoint_final.pth" in (silent.lacks_files() or "")
    (silent.folder / "fold_0").mkdir()
    (silent.folder / "fold_0" / "checkpoint_final.pth").write_bytes(b"")
    assert "left could become right" in (silent.lacks_files() or "")
    told = "modalities: [CT]\norientation: RAS\nweights_licence: CC0\n"
    (silent.folder / "osler.yaml").write_text(told)
    whole = NnUnet(silent.folder)
    assert whole.lacks_files() is None
    assert whole.card.licence == "code not stated; weights CC0"
    assert whole.labels.unnamed == ("tumour of ours",)


def test_labels_become_structures() -> None:
    found = label_map(LABELS, {"tumour of ours": "skin lesion"})
    assert found.names == ("left lower lobe of lung", "left lung", "left upper lobe of lung", "liver", "skin lesion")
    assert found.labels_of("left lung") == {"lung_upper_lobe_left", "lung_lower_lobe_left"}
    with pytest.raises(BadInput):
        label_map(LABELS, {"liver": "no such thing"})


def test_a_manifest_is_checked(tmp_path: Path) -> None:
    (tmp_path / "osler.yaml").write_text("licence: mine\n")
    with pytest.raises(BadInput, match=r"osler.yaml of the model"):
        read_manifest(tmp_path)
    (tmp_path / "osler.yaml").write_text("orientation: [")
    with pytest.raises(BadInput):
        read_manifest(tmp_path)


def test_a_broken_manifest_is_told_by_its_row_alone(tmp_path: Path) -> None:
    for name in ("torchxrayvision", "nnunet/one", "monai/one", "sam2/one", "text/one"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "osler.yaml").write_text("licence: mine\n")
    told = {row["name"]: row["lacks"] for row in rows(tmp_path) if "osler.yaml of the model" in str(row["lacks"])}
    folders = ["monai:one", "nnunet:one", "sam2:one:2d", "sam2:one:3d", "text:one"]
    assert sorted(told) == [*folders, "torchxrayvision:densenet121-all"]


def test_every_fold_asked_for_is_needed(tmp_path: Path) -> None:
    folder = written(tmp_path / "folds", manifest="modalities: [CT]\norientation: RAS\nfolds: [0, 1]\n")
    for name in ("fold_0", "fold_all"):
        (folder / name).mkdir()
        (folder / name / "checkpoint_final.pth").write_bytes(b"")
    assert "fold_1" in (NnUnet(folder).lacks_files() or "")
    (folder / "osler.yaml").write_text("modalities: [CT]\norientation: RAS\n")
    assert [path.parent.name for path in NnUnet(folder).files] == ["fold_0"]


def test_a_bundle_is_read_without_running_it(tmp_path: Path) -> None:
    made = MonaiBundle(bundle_files(tmp_path / "spleen"))
    assert made.parts is not None
    assert made.parts.network[1]["norm"] == "batch"
    assert made.parts.inferer == ("SlidingWindowInferer", {"roi_size": [16, 16, 16], "sw_batch_size": 2})
    assert [name for name, _ in made.parts.prepared][:2] == ["EnsureChannelFirstd", "Orientationd"]
    assert made.parts.dropped == ("KeepLargestConnectedComponentd",)
    assert (made.card.structures, made.card.modalities, made.card.version) == (("spleen",), {"CT"}, "0.5.3")
    assert "models/model.safetensors" in (made.lacks_files() or "")


@pytest.mark.parametrize(
    "network",
    [
        {"_target_": "os.system", "command": "true"},
        {"_target_": "my.UNet"},
        {"_target_": "UNet", "_mode_": "callable"},
        {"_target_": "UNet", "act": {"_target_": "subprocess.run"}},
        {"_target_": "UNet", "channels": "$__import__('os').system('true')"},
        {"_target_": "UNet", "channels": "$[4] * 10**9"},
        {"_target_": "UNet", "channels": "$(lambda: 1)()"},
        {"_target_": "UNet", "channels": "%other.json"},
    ],
)
def test_a_bundle_cannot_have_code_run(tmp_path: Path, network: dict[str, object]) -> None:
    made = MonaiBundle(bundle_files(tmp_path / "evil", network_def=network))
    assert made.lacks_files() and made.parts is None
    with pytest.raises(config.UntrustedBundle):
        config.target(config.Config({"n": network}, "evil").get("n"), config.NETWORKS, "evil")


def test_references_in_a_circle_end() -> None:
    with pytest.raises(BadInput) as caught:
        config.Config({"a": "@b", "b": "@a"}, "circle").get("a")
    assert caught.value.found == "references in a circle"
    with pytest.raises(BadInput, match="MONAI bundle"):
        config.Config({"a": "@nothing"}, "circle").get("a")
    body = {"size": [2, 3], "more": {"half": "$@size#0 / 4 + 1"}}
    assert config.Config(body, "fine").get("more::half") == 1.5


def test_a_bundle_without_orientation_is_not_usable(tmp_path: Path) -> None:
    made = MonaiBundle(bundle_files(tmp_path / "turned", preprocessing={"_target_": "Compose", "transforms": []}))
    (made.folder / "models" / "model.pt").write_bytes(b"")
    assert "left could become right" in (made.lacks_files() or "")


@pytest.mark.parametrize("one", segmenters(NOWHERE), ids=lambda one: one.card.name)
def test_what_is_missing_is_said_in_words(one: object) -> None:
    target = volume(sorted(one.card.modalities)[0] if one.card.modalities else None)
    if one.card.dimensions == 2:
        target = film()
    by_name = {"structure", "text"} & one.card.prompts
    asked = [] if not by_name else [one.card.structures[0] if one.card.structures else "liver"]
    prompts = None if by_name else Prompts(clicks=(Click((10, 10), slice_=2),))
    with pytest.raises(ToolError, match="cannot run here") as caught:
        one.segment(target, asked, prompts)
    assert str(caught.value.found).startswith("missing: ") and caught.value.action


def test_a_question_by_name_goes_to_models_whose_weights_lie_here(tmp_path: Path) -> None:
    listed = offered(None)
    assert offered(tmp_path / "none") == listed
    (tmp_path / "nnunet").mkdir()
    folder = written(tmp_path / "nnunet" / "ours", manifest="modalities: [CT]\norientation: RAS\n")
    assert offered(tmp_path) == listed
    (folder / "fold_0").mkdir()
    (folder / "fold_0" / "checkpoint_final.pth").write_bytes(b"")
    assert [one.card.name for one in offered(tmp_path)[len(listed) :]] == ["nnunet:ours"]


def test_a_part_of_a_volume_stays_where_it_was() -> None:
    drawn = volume()
    mask = np.zeros(drawn.values.shape, dtype=bool)
    mask[5:9, 20:30, 10:12] = True
    part, back = around(drawn, mask, 2.0)
    assert part.values.shape == (6, 14, 8)
    assert part.at(1, 2, 3) == pytest.approx(drawn.at(5, 20, 10))
    assert np.array_equal(part.values, drawn.values[4:10, 18:32, 7:15])
    assert np.array_equal(back(mask[4:10, 18:32, 7:15]), mask)


def test_volumes_go_to_the_network_and_back() -> None:
    from tools.segmenters.weighted.grid import oriented

    drawn = volume()
    for orientation in ("RAS", "LPS", "LAI"):
        values, spacing, home = oriented(drawn, orientation)
        assert spacing == pytest.approx((3.0, 1.0, 0.9))
        assert np.array_equal(home(values > 100), drawn.values > 100)
    # Columns of this volume grow to the patient's right and rows to the front: RAS as it is.
    assert np.array_equal(oriented(drawn, "RAS")[0], drawn.values)
    with pytest.raises(BadInput, match="no orientation"):
        oriented(drawn, "SAR")
