"""Tiny segmenters with random weights, saved as their makers save them. What they find means nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.local.tiny_models import tokenizer
from tools.imaging.frame import Header, Image
from tools.imaging.volume import Volume

SHA = "0" * 64
LABELS = {"background": 0, "liver": 1, "lung_upper_lobe_left": 2, "lung_lower_lobe_left": 3, "tumour of ours": 4}


def volume(modality: str | None = "CT", body_part: str | None = None, seed: int = 0) -> Volume:
    """Noise with a bright ball; columns grow to the right of the patient, rows to the front, slices to the head."""
    z, y, x = np.mgrid[0:21, 0:44, 0:38]
    ball = ((z - 10) / 6) ** 2 + ((y - 20) / 10) ** 2 + ((x - 18) / 9) ** 2 < 1
    values = np.random.default_rng(seed).normal(-50, 60, ball.shape) + 200 * ball
    affine = np.diag([-0.9, -1.0, 3.0, 1.0])
    header = Header(modality=modality, body_part=body_part)
    return Volume(values.astype(np.float32), affine, "drawn", SHA, "NIfTI", "NIfTI sform", header=header)


def film(modality: str | None = "DX", body_part: str | None = "CHEST", view: str | None = None) -> Image:
    """Noise with a bright ball, as a film."""
    y, x = np.mgrid[0:90, 0:70]
    pixels = np.random.default_rng(1).uniform(0, 0.4, (90, 70)) + 0.5 * (np.hypot(y - 40, x - 30) < 20)
    header = Header(modality=modality, body_part=body_part, view_position=view)
    return Image(pixels.astype(np.float32), None, "film", SHA, "DICOM", "MONOCHROME2", 8, header=header)


# -- nnU-Net -----------------------------------------------------------------------------------------------------------

KERNEL, NO_STRIDE, STRIDE = [3, 3, 3], [1, 1, 1], [2, 2, 2]
NEW = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
    "arch_kwargs": {
        "n_stages": 3,
        "features_per_stage": [4, 8, 8],
        "conv_op": "torch.nn.modules.conv.Conv3d",
        "kernel_sizes": [KERNEL] * 3,
        "strides": [NO_STRIDE, STRIDE, STRIDE],
        "n_conv_per_stage": [1, 1, 1],
        "n_conv_per_stage_decoder": [1, 1],
        "conv_bias": True,
        "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "dropout_op": None,
        "dropout_op_kwargs": None,
        "nonlin": "torch.nn.LeakyReLU",
        "nonlin_kwargs": {"inplace": True},
    },
    "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
}
# The same network in the form of nnU-Net 2.0 to 2.2.
OLD = {
    "UNet_class_name": "PlainConvUNet",
    "UNet_base_num_features": 4,
    "unet_max_num_features": 8,
    "n_conv_per_stage_encoder": [1, 1, 1],
    "n_conv_per_stage_decoder": [1, 1],
    "pool_op_kernel_sizes": [NO_STRIDE, STRIDE, STRIDE],
    "conv_kernel_sizes": [KERNEL] * 3,
}
PERCENTILES = {"mean": 20.0, "std": 30.0, "percentile_00_5": -90.0, "percentile_99_5": 90.0}


def flat(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a network that looks at slices."""
    made = copy.deepcopy(settings)
    arguments = made["architecture"]["arch_kwargs"]
    arguments |= {"kernel_sizes": [[3, 3]] * 3, "strides": [[1, 1], [2, 2], [2, 2]]}
    arguments |= {"conv_op": "torch.nn.modules.conv.Conv2d", "norm_op": "torch.nn.modules.instancenorm.InstanceNorm2d"}
    return made | {"patch_size": [16, 16], "spacing": [1.5, 1.2], "normalization_schemes": ["ZScoreNormalization"]}


def plans(*, old: bool = False) -> dict[str, Any]:
    """A plan whose axes are turned round and whose spacing is not that of the volume."""
    settings = {
        "patch_size": [16, 16, 16],
        "spacing": [2.0, 1.5, 1.2],
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        "data_identifier": "x",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "batch_dice": False,
        "median_image_size_in_voxels": [20.0, 40.0, 40.0],
    }
    for name, order in (("data", 3), ("seg", 1), ("probabilities", 1)):
        settings[f"resampling_fn_{name}"] = "resample_data_or_seg_to_shape"
        settings[f"resampling_fn_{name}_kwargs"] = {
            "is_seg": name == "seg",
            "order": order,
            "order_z": 0,
            "force_separate_z": None,
        }
    settings |= copy.deepcopy(OLD if old else {"architecture": NEW})
    return {
        "dataset_name": "Dataset999_Drawn",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "SimpleITKIO",
        "label_manager": "LabelManager",
        "experiment_planner_used": "ExperimentPlanner",
        "transpose_forward": [1, 0, 2],
        "transpose_backward": [1, 0, 2],
        "foreground_intensity_properties_per_channel": {"0": PERCENTILES},
        "configurations": {"3d_fullres": settings} | ({} if old else {"2d": flat(settings)}),
    }


REGIONS = {"background": 0, "liver": [1, 2], "spleen": [2]}


def nnunet(
    folder: Path, *, old: bool = False, labels: dict[str, Any] | None = None, manifest: bool = True, kind: str = ""
) -> Path:
    """A trained model's folder, its checkpoint with all that nnU-Net's trainer puts in."""
    import torch

    from tools.segmenters.weighted.nnunet import build
    from tools.segmenters.weighted.nnunet_plan import read_plan

    (folder / "fold_0").mkdir(parents=True)
    dataset = {"channel_names": {"0": "CT"}, "labels": labels or LABELS, "numTraining": 1, "file_ending": ".nii.gz"}
    if labels is REGIONS:
        dataset["regions_class_order"] = [1, 2]
    (folder / "plans.json").write_text(json.dumps(plans(old=old)))
    (folder / "dataset.json").write_text(json.dumps(dataset))
    if manifest:
        (folder / "osler.yaml").write_text("modalities: [CT]\norientation: RAS\nweights_licence: CC0\ntitle: Drawn\n")
    torch.manual_seed(0)
    network = build(read_plan(folder, kind or None))
    # Every label is to win somewhere.
    torch.nn.init.normal_(network.decoder.seg_layers[-1].weight)
    torch.nn.init.zeros_(network.decoder.seg_layers[-1].bias)
    held = {
        "network_weights": network.state_dict(),
        "optimizer_state": torch.optim.SGD(network.parameters(), 0.01, momentum=0.9).state_dict(),
        "grad_scaler_state": None,
        "logging": {"mean_fg_dice": [np.float32(0.5), np.float64(0.6)]},
        "_best_ema": np.float64(0.3),
        "current_epoch": np.int64(3),
        "init_args": {"configuration": kind or "3d_fullres", "fold": 0, "device": torch.device("cpu")},
        "trainer_name": "nnUNetTrainer",
        "inference_allowed_mirroring_axes": (0, 1, 2),
    }
    torch.save(held, folder / "fold_0" / "checkpoint_final.pth")
    return folder


# -- MONAI -------------------------------------------------------------------------------------------------------------

UNET = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, "channels": [4, 8, 8], "strides": [2, 2]}


def bundle_files(folder: Path, **changed: Any) -> Path:
    """Configuration and metadata as in MONAI's model zoo, downloads and all; no weights."""
    image = {"keys": "@image_key"}
    steps = [
        {"_target_": "LoadImaged", **image},
        {"_target_": "EnsureChannelFirstd", **image},
        {"_target_": "Orientationd", **image, "axcodes": "RAS"},
        {"_target_": "Spacingd", **image, "pixdim": "@pixdim", "mode": "bilinear"},
        {"_target_": "ScaleIntensityRanged", **image, "a_min": -57, "a_max": 164, "b_min": 0, "b_max": 1, "clip": True},
        {"_target_": "EnsureTyped", **image, "dtype": "$torch.float32"},
    ]
    inference = {
        "imports": ["$import os"],
        "image_key": "image",
        "pixdim": [2.0, 2.0, 3.0],
        "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
        "fetched": "$monai.apps.utils.download_url('https://example.org/model.pt', 'model.pt')",
        "network_def": {"_target_": "UNet", **UNET, "norm": "$monai.networks.layers.Norm.BATCH"},
        "preprocessing": {"_target_": "Compose", "transforms": steps},
        "inferer": {"_target_": "SlidingWindowInferer", "roi_size": "$[16, 16, 2 * 8]", "sw_batch_size": 2},
        "postprocessing": {
            "_target_": "Compose",
            "transforms": [
                {"_target_": "Activationsd", "keys": "pred", "softmax": True},
                {"_target_": "KeepLargestConnectedComponentd", "keys": "pred"},
                {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
            ],
        },
    } | changed
    outputs = {"pred": {"channel_def": {"0": "background", "1": "spleen"}}}
    metadata = {
        "version": "0.5.3",
        "name": "Drawn spleen",
        "data_source": "drawn",
        "network_data_format": {"inputs": {"image": {"modality": "CT", "num_channels": 1}}, "outputs": outputs},
    }
    (folder / "configs").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "configs" / "inference.json").write_text(json.dumps(inference))
    (folder / "configs" / "metadata.json").write_text(json.dumps(metadata))
    return folder


def bundle(folder: Path) -> Path:
    """A whole bundle."""
    import torch
    from monai.networks.nets import UNet

    bundle_files(folder)
    torch.manual_seed(0)
    torch.save(UNet(**UNET, norm="batch").state_dict(), folder / "models" / "model.pt")
    return folder


# -- TorchXRayVision ---------------------------------------------------------------------------------------------------


def findings_network() -> Any:
    """A DenseNet of four layers, 18 findings."""
    import torch

    from tests.local.xray_networks import DenseNet

    torch.manual_seed(0)
    return DenseNet(18, blocks=(1, 2, 1), growth=4, first=4, neck=2).eval()


def structures_network() -> Any:
    """A PSPNet an eighth as wide, with one block less in each stage."""
    import torch

    from tests.local.xray_networks import PspNet

    torch.manual_seed(0)
    return PspNet(14, blocks=(2, 2, 2, 2), width=4).eval()


# -- transformers ------------------------------------------------------------------------------------------------------


def sam2(folder: Path) -> Path:
    """SAM 2 for videos of 128 pixels. Its memory has 64 channels whatever the configuration says, its pointers two."""
    import torch
    from transformers import Sam2VideoConfig, Sam2VideoModel

    torch.manual_seed(5)
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "image_size": [128, 128],
        "hidden_size": 12,
        "num_attention_heads": 1,
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [12, 24, 48, 96],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "window_size_per_stage": [8, 4, 4, 2],
        "global_attention_blocks": [3],
        "window_positional_embedding_background_size": [2, 2],
    }
    vision = {
        "backbone_config": backbone,
        "backbone_channel_list": [96, 48, 24, 12],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 128,
    }
    config = Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 128, "image_size": 128, "patch_size": 16, "mask_input_channels": 8},
        mask_decoder_config={
            "hidden_size": 128,
            "mlp_dim": 48,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 32,
        },
        image_size=128,
        num_maskmem=3,
        memory_attention_hidden_size=128,
        memory_attention_num_layers=1,
        memory_attention_feed_forward_hidden_size=48,
        memory_attention_rope_feat_sizes=[8, 8],
        memory_encoder_hidden_size=128,
        memory_encoder_output_channels=64,
        mask_downsampler_embed_dim=128,
        memory_fuser_embed_dim=128,
        memory_fuser_intermediate_dim=48,
    )
    model = Sam2VideoModel(config)
    # An object that is there: the score of random weights says so or not as chance has it.
    torch.nn.init.constant_(model.mask_decoder.pred_obj_score_head.proj_out.bias, 3.0)
    model.save_pretrained(folder)
    return folder


def clipseg(folder: Path) -> Path:
    """CLIPSeg for pictures of 32 pixels; its words are bytes."""
    import torch
    from transformers import CLIPSegConfig, CLIPSegForImageSegmentation

    torch.manual_seed(6)
    words = tokenizer()
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = CLIPSegConfig(
        text_config={
            **small,
            "vocab_size": len(words),
            "max_position_embeddings": 64,
            "bos_token_id": words.bos_token_id,
            "eos_token_id": words.eos_token_id,
            "pad_token_id": words.pad_token_id,
        },
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=16,
        reduce_dim=8,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=24,
        extract_layers=[0, 1, 2],
    )
    CLIPSegForImageSegmentation(config).save_pretrained(folder)
    words.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 32, "width": 32}}))
    return folder


def grounding_dino(folder: Path) -> Path:
    """Grounding DINO with a Swin of three stages and a BERT of one layer; its words are bytes."""
    import torch
    from transformers import BertConfig, GroundingDinoConfig, GroundingDinoForObjectDetection, SwinConfig

    torch.manual_seed(7)
    words = tokenizer()
    text = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=64,
        pad_token_id=words.pad_token_id,
    )
    swin = SwinConfig(
        embed_dim=8,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 2, 2],
        window_size=4,
        image_size=64,
        out_features=["stage2", "stage3", "stage4"],
    )
    config = GroundingDinoConfig(
        backbone_config=swin,
        text_config=text,
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=24,
        encoder_attention_heads=2,
        decoder_layers=2,
        decoder_ffn_dim=24,
        decoder_attention_heads=2,
        num_queries=5,
        max_text_len=32,
        disable_custom_kernels=True,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
