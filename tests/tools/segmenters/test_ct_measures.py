"""LAA-950 and the Agatston score: right on drawn scans, refused on scans that were not taken for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Acquisition, Header
from tools.imaging.volume import Volume
from tools.segmenters.ct_calcium import agatston, factor
from tools.segmenters.ct_emphysema import low_attenuation
from tools.segmenters.ct_technique import Stated, contrast_free, inspired

PLAIN = Stated(inspiration=True, contrast=False)
THIN = Acquisition(slice_thickness_mm=1.0, kvp=120.0, kernel="B35f")
GATED = Acquisition(slice_thickness_mm=3.0, kvp=120.0, gating="75")


def volume(values: np.ndarray, step: float, acquisition: Acquisition, *descriptions: str) -> Volume:
    header = Header(modality="CT", acquisition=acquisition, descriptions=descriptions)
    affine = np.diag([0.5, 0.5, step, 1.0])
    return Volume(values.astype(np.float32), affine, "scan", "", "drawn", "drawn", header=header)


def lung() -> tuple[Volume, np.ndarray]:
    values = np.full((10, 20, 20), -850.0)
    values[2:4] = -970.0
    values[4, 0] = -950.0
    return volume(values, 1.0, THIN), np.ones(values.shape, dtype=bool)


def test_the_share_below_950_counts_what_is_below_and_not_what_is_at() -> None:
    scan, mask = lung()
    found = low_attenuation(scan, mask, PLAIN, whole=True, keep=True)
    assert found.percent == 20.0
    assert found.lung_ml == 1.0
    assert found.percentile_15 == -970.0
    assert found.mask is not None and int(found.mask.sum()) == found.voxels == 800
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("acquisition", "stated", "why"),
    [
        (replace(THIN, contrast="APPLIED"), Stated(inspiration=True), "ContrastBolusAgent"),
        (THIN, Stated(inspiration=False, contrast=False), "inspiration"),
        (replace(THIN, slice_thickness_mm=5.0), PLAIN, "5 mm thick"),
        (replace(THIN, slice_thickness_mm=0.6), PLAIN, "1.00 mm apart"),
        (replace(THIN, slice_thickness_mm=None), PLAIN, "no SliceThickness"),
        (THIN, Stated(contrast=False), "how deep the breath"),
        (THIN, Stated(inspiration=True), "names no contrast agent"),
    ],
)
def test_a_scan_not_taken_for_it_has_no_laa(acquisition: Acquisition, stated: Stated, why: str) -> None:
    scan, mask = lung()
    scan = replace(scan, header=replace(scan.header, acquisition=acquisition))
    with pytest.raises(NotAssessable) as refused:
        low_attenuation(scan, mask, stated, whole=True)
    assert why in str(refused.value.found)


def test_what_nobody_knows_is_asked() -> None:
    scan, mask = lung()
    with pytest.raises(NotAssessable) as refused:
        low_attenuation(scan, mask)
    assert "full inspiration?" in refused.value.action and "contrast?" in refused.value.action


def test_a_part_of_the_lungs_has_no_laa_and_an_unknown_or_sharp_kernel_is_doubted() -> None:
    scan, mask = lung()
    with pytest.raises(NotAssessable, match="part of the lungs"):
        low_attenuation(scan, mask, PLAIN, whole=False)
    sharp = replace(scan, header=replace(scan.header, acquisition=replace(THIN, kernel="B70f")))
    assert any("sharp" in doubt for doubt in low_attenuation(sharp, mask, PLAIN, whole=True).doubts)
    with pytest.raises(BadInput):
        low_attenuation(scan, mask[:5], PLAIN, whole=True)


def test_descriptions_are_read_for_breath_and_contrast() -> None:
    scan, _ = lung()

    def said(text: str) -> Volume:
        return replace(scan, header=replace(scan.header, descriptions=(text,)))

    assert inspired(said("THORAX INSP 1.0"), Stated()).holds == "yes"
    assert inspired(said("CHEST EXP 1.0"), Stated()).holds == "no"
    assert inspired(said("INSP / EXP"), Stated()).holds == "unknown"
    assert contrast_free(said("CHEST W/O"), Stated()).holds == "yes"
    assert contrast_free(said("CTA CHEST"), Stated()).holds == "no"
    assert contrast_free(said("CHEST"), Stated()).holds == "unknown"


def heart() -> tuple[Volume, np.ndarray]:
    """Pixels of 0.25 mm2: three patches on one section, one on the next, one too small, one outside the region."""
    values = np.full((6, 40, 40), 40.0)
    values[1, 5:9, 5:9] = 150.0  # 4 mm2 x 1
    values[1, 15:17, 5:9] = 130.0
    values[1, 15, 5] = 399.0  # 2 mm2 x 3
    values[2, 5:9, 5:9] = 400.0  # 4 mm2 x 4
    values[3, 5, 5:8] = 900.0  # 0.75 mm2: too small
    values[4, 30:36, 30:36] = 900.0  # outside
    region = np.zeros(values.shape, dtype=bool)
    region[:, :25, :25] = True
    return volume(values, 3.0, GATED), region


def test_the_agatston_score_of_drawn_calcium() -> None:
    scan, region = heart()
    found = agatston(scan, region, Stated(contrast=False))
    assert found.agatston == 4 * 1 + 2 * 3 + 4 * 4
    assert [(one.slice_, one.factor) for one in found.lesions] == [(1, 1), (1, 3), (2, 4)]
    assert found.volume_mm3 == pytest.approx((16 + 8 + 16) * 0.75)
    assert found.doubts == ()


def test_density_factors_change_at_200_300_and_400() -> None:
    assert [factor(hu) for hu in (130, 199.9, 200, 299.9, 300, 399.9, 400)] == [1, 1, 2, 2, 3, 3, 4]


def test_overlapping_sections_are_scaled_and_said() -> None:
    scan, region = heart()
    close = replace(scan, affine=np.diag([0.5, 0.5, 1.5, 1.0]))
    found = agatston(close, region, Stated(contrast=False))
    assert found.agatston == 13.0
    assert any("overlap" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    ("acquisition", "why"),
    [
        (replace(GATED, gating=None), "no cardiac phase"),
        (replace(GATED, kvp=100.0), "100 kVp"),
        (replace(GATED, slice_thickness_mm=1.0), "1 mm thick"),
        (replace(GATED, contrast="Iohexol"), "Iohexol"),
    ],
)
def test_a_scan_not_taken_for_it_has_no_score(acquisition: Acquisition, why: str) -> None:
    scan, region = heart()
    said = Stated() if acquisition.contrast else Stated(contrast=False)
    with pytest.raises(NotAssessable) as refused:
        agatston(replace(scan, header=replace(scan.header, acquisition=acquisition)), region, said)
    assert why in str(refused.value.found)


def test_an_empty_region_is_bad_input() -> None:
    scan, region = heart()
    with pytest.raises(BadInput):
        agatston(scan, np.zeros_like(region), Stated(contrast=False))
