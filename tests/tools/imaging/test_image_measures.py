"""Measures of shapes whose true size is known: discs, ellipses, boxes, balls; anisotropic, oblique, tilted."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Header, Image, Spacing
from tools.imaging.measures.axes import axes
from tools.imaging.measures.change import NOT_EF, Dated, change, fractional_area_change
from tools.imaging.measures.density import density
from tools.imaging.measures.lines import angle, distance
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.scale import Plane, plane_of, plane_of_slices
from tools.imaging.measures.shape import CUT_OFF, area, count, diameters, ellipsoid, volume
from tools.imaging.volume import Volume

ANISOTROPIC = ((1.0, 1.0), (0.5, 1.25), (0.2, 0.2))


def plane(rows: float, columns: float) -> Plane:
    return Plane(np.diag([columns, rows]).astype(float), "PixelSpacing")


def ellipse(
    a: float, b: float, turn: float, spacing: tuple[float, float], shift: float = 0.3, frame: float | None = None
) -> np.ndarray:
    """Pixels whose centre lies in an ellipse with half axes `a`, `b` (mm), turned by `turn` degrees."""
    half = [math.ceil((frame or max(a, b)) / step) + 4 for step in spacing]
    y, x = np.mgrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
    x, y = (x - shift) * spacing[1], (y + shift) * spacing[0]
    t = math.radians(turn)
    u, v = x * math.cos(t) + y * math.sin(t), -x * math.sin(t) + y * math.cos(t)
    return np.asarray((u / a) ** 2 + (v / b) ** 2 <= 1)


def grid(affine: np.ndarray, values: np.ndarray, **more: Any) -> Volume:
    return Volume(values.astype(np.float32), affine, "ct", "0", "DICOM", "ImagePositionPatient", **more)


def oblique(*spacing: float) -> np.ndarray:
    """An affine turned about two axes, with steps of (column, row, slice)."""
    a, b = math.radians(25), math.radians(-40)
    about_z = np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = about_z @ about_x @ np.diag(spacing)
    return affine


def image(pixels: np.ndarray, spacing: Spacing, **header: Any) -> Image:
    shade = pixels.astype(np.float32)
    return Image(shade, shade, "a", "0", "DICOM", "MONOCHROME2", 12, spacing=spacing, header=Header(**header))


@pytest.mark.parametrize("spacing", ANISOTROPIC)
@pytest.mark.parametrize("turn", [0, 20, 45, 77])
def test_the_axes_of_an_ellipse_within_one_pixel(turn: float, spacing: tuple[float, float]) -> None:
    mask = ellipse(12, 7, turn, spacing)
    found = axes(mask, plane(*spacing))
    pixel = max(spacing)
    assert abs(found.long.length - 24) < pixel and abs(found.short.length - 14) < pixel
    assert abs(found.mean - 19) < pixel
    # At right angles in the patient, whatever the shape of the pixels.
    one, other = (
        np.subtract(*[(x * spacing[1], y * spacing[0]) for x, y in line.ends]) for line in (found.long, found.short)
    )
    assert abs(float(one @ other)) < 0.02 * found.long.length * found.short.length


def test_rows_and_boxes_count_whole_pixels() -> None:
    mask = np.zeros((9, 30), bool)
    mask[4, 3:23] = True
    found = axes(mask, plane(2.0, 0.5))
    assert found.long.length == pytest.approx(10.0) and found.short.length == pytest.approx(2.0)
    single = np.zeros((5, 5), bool)
    single[2, 2] = True
    assert axes(single, plane(1, 1)).long.length == pytest.approx(1.0)
    with pytest.raises(BadInput):
        axes(np.zeros((4, 4), bool), plane(1, 1))


def test_the_long_axis_of_a_stack_is_that_of_its_longest_slice_on_an_oblique_grid() -> None:
    stack = np.stack([ellipse(r, r * 0.6, 30, (1.0, 0.7), frame=12) for r in (6, 11, 9)])
    measured = diameters(stack, plane_of_slices(grid(oblique(0.7, 1.0, 5.0), stack)))
    long, short, mean = measured
    assert long.where["slice"] == 1 and [one.unit for one in measured] == ["mm"] * 3
    assert abs(long.value - 22) < 1.0 and abs(short.value - 13.2) < 1.0
    assert mean.value == pytest.approx((long.value + short.value) / 2)
    assert long.scale_source == "grid of the slices (ImagePositionPatient)"
    assert long.interval is not None and long.interval.low < 22 < long.interval.high + 0.5


def test_tilted_slices_measure_in_their_plane() -> None:
    affine = np.diag([0.7, 1.0, 5.0, 1.0])
    affine[1, 2] = 2.0
    mask = ellipse(10, 6, 0, (1.0, 0.7))[None]
    volume_ = grid(affine, mask, tilt_deg=21.8)
    assert abs(diameters(mask, plane_of_slices(volume_))[0].value - 20) < 1.0
    assert volume(mask, volume_).value == pytest.approx(mask.sum() * 0.7 * 5 / 1000)


@pytest.mark.parametrize("spacing", ANISOTROPIC)
def test_areas_of_discs_within_two_percent(spacing: tuple[float, float]) -> None:
    measured = area(ellipse(15, 15, 0, spacing), plane(*spacing))
    true = math.pi * 2.25
    assert measured.unit == "cm2" and abs(measured.value / true - 1) < 0.02
    assert measured.interval is not None and measured.interval.low < true < measured.interval.high


@pytest.mark.parametrize(
    "affine", [np.diag([1.0, 1.0, 1.0, 1.0]), np.diag([-0.8, 0.8, 2.5, 1.0]), oblique(0.8, 0.8, 2.5)]
)
def test_volumes_of_balls_within_two_percent(affine: np.ndarray) -> None:
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    z, y, x = (np.arange(-math.ceil(20 / step), math.ceil(20 / step) + 1) * step for step in steps[::-1])
    ball = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None] ** 2 <= 18**2
    measured = volume(ball, grid(affine, ball))
    true = 4 / 3 * math.pi * 5.832
    assert measured.unit == "mL" and abs(measured.value / true - 1) < 0.02
    assert measured.interval is not None and measured.interval.low < true < measured.interval.high
    assert "half a voxel" in measured.interval.method


def test_an_uneven_series_has_no_volume_but_its_slices_have_lengths() -> None:
    mask = np.zeros((4, 20, 20), bool)
    mask[1, 5:15, 5:15] = True
    gappy = grid(np.diag([1.0, 1.0, 3.0, 1.0]), mask, uniform=False, warnings=("a slice is missing after 2",))
    with pytest.raises(NotAssessable, match="not evenly sampled"):
        volume(mask, gappy)
    assert diameters(mask, plane_of_slices(gappy))[0].unit == "mm"


def test_no_millimetre_without_a_source() -> None:
    """Safety rule 15."""
    mask = ellipse(10, 6, 0, (1, 1))
    bare = plane_of(image(mask, Spacing()))
    assert {one.unit for one in [*diameters(mask, bare), area(mask, bare)]} == {"{pixels}"}
    assert all(one.scale_source is None for one in diameters(mask, bare))
    with pytest.raises(BadInput):
        ellipsoid(*diameters(mask, bare))
    film = plane_of(image(mask, Spacing((0.2, 0.2), "ImagerPixelSpacing at the detector")))
    assert film.said == "ImagerPixelSpacing at the detector, not in the patient"
    assert diameters(mask, film)[0].notes == ("lengths are at the detector, not in the patient",)
    scan = plane_of(image(mask, Spacing((0.3, 0.3), "ultrasound region 0,0,50,50 only", calibrated=True)))
    assert diameters(mask, scan)[0].scale_source == "ultrasound region 0,0,50,50 only"


def test_a_structure_at_the_edge_is_said_to_be_cut_off() -> None:
    mask = np.zeros((20, 20), bool)
    mask[0:9, 4:9] = True
    assert CUT_OFF in area(mask, plane(1, 1)).notes and CUT_OFF in diameters(mask, plane(1, 1))[0].notes
    measured = area(mask, plane(1, 1))
    assert measured.interval is not None and measured.interval.high < 0.6


def test_the_interval_is_seeded_named_and_shrinks_with_size() -> None:
    small, large = (diameters(ellipse(r, r, 0, (1, 1)), plane(1, 1))[0] for r in (4, 24))
    again = diameters(ellipse(4, 4, 0, (1, 1)), plane(1, 1))[0]
    assert small.interval == again.interval and small.interval is not None and large.interval is not None
    assert "seed 0" in small.interval.method
    spread = [(one.interval.high - one.interval.low) / one.value for one in (small, large) if one.interval]
    assert spread[0] > 2 * spread[1] > 0


def test_parts_are_counted_with_the_connectivity_said() -> None:
    mask = np.zeros((8, 8), bool)
    mask[1, 1] = mask[2, 2] = mask[5:7, 5:7] = True
    assert (count(mask).value, count(mask, "face").value) == (2, 3)
    assert "8 neighbours" in count(mask).method and "4 neighbours" in count(mask, "face").method
    assert count(np.zeros((3, 3, 3), bool)).value == 0


def test_an_ellipsoid_of_three_diameters() -> None:
    two = diameters(ellipse(20, 15, 0, (0.5, 0.5)), plane(0.5, 0.5))
    across = diameters(ellipse(10, 5, 0, (0.5, 0.5)), plane(0.5, 0.5))[0]
    made = ellipsoid(two[0], two[1], across)
    assert abs(made.value / (math.pi / 6 * 40 * 30 * 20 / 1000) - 1) < 0.06 and made.unit == "mL"
    assert made.method.startswith("ellipsoid") and made.interval is not None and made.interval.low < made.value


def test_distances_and_angles_in_the_patient_not_in_pixels() -> None:
    flat = plane(2.0, 1.0)
    assert distance((0, 0), (3, 2), flat).value == pytest.approx(5.0)
    assert angle(((0, 0), (10, 0)), ((0, 0), (10, 5)), flat).value == pytest.approx(45.0)
    assert angle(((0, 0), (10, 0)), ((0, 9), (4, 9)), flat).value == pytest.approx(0.0, abs=1e-6)
    assert angle(((0, 0), (10, 0)), ((5, 5), (-0.4, 5)), flat).value == pytest.approx(0.0, abs=1e-6)
    assert angle(((0, 0), (10, 0)), ((3, 0), (3, 9)), flat).value == pytest.approx(90.0)
    short, long = (angle(((0, 0), (n, 0)), ((0, 9), (n, 9 + n / 2)), flat).interval for n in (6, 60))
    assert short is not None and long is not None and short.high - short.low > 4 * (long.high - long.low)
    solid = grid(oblique(0.8, 0.8, 2.5), np.zeros((9, 9, 9)))
    assert distance((1, 1, 1), (1, 1, 5), solid).value == pytest.approx(10.0)
    for bad in [((1.0, 1.0), (1.0, 1.0)), ((1.0, 1.0), (math.nan, 2.0)), ((1.0, 1.0), (1.0, 2.0, 3.0))]:
        with pytest.raises(BadInput):
            distance(*bad, flat)
    with pytest.raises(BadInput):
        distance((1, 1, 1), (1, 1, 9), solid)


def test_density_of_ct_in_hounsfield_units_only() -> None:
    source = np.random.default_rng(0)
    values = np.full((40, 40), -1000.0)
    values[10:30, 10:30] = source.normal(60, 10, (20, 20))
    mask = np.zeros((40, 40), bool)
    mask[12:28, 12:28] = True
    mean, spread, *percentiles = density(mask, image(values, Spacing(), modality="CT"))
    assert abs(mean.value - 60) < 2 and abs(spread.value - 10) < 2 and mean.unit == "[hnsf'U]"
    assert percentiles[0].value < percentiles[1].value < percentiles[2].value
    assert mean.interval is not None and mean.interval.low <= mean.value <= mean.interval.high
    for refused in (
        image(values, Spacing(), modality="MR"),
        image(values, Spacing()),
        image(values + 1100, Spacing(), modality="CT"),
    ):
        with pytest.raises(NotAssessable):
            density(mask, refused)
    padded = values.copy()
    padded[13, 13] = -3024
    with pytest.raises(NotAssessable, match="no tissue"):
        density(mask, image(padded, Spacing(), modality="CT"))
    # One voxel: nothing is left of it half a voxel further in, and that has no density.
    alone = np.zeros((40, 40), bool)
    alone[20, 20] = True
    assert density(alone, image(values, Spacing(), modality="CT"))[0].interval.low > 0  # type: ignore[union-attr]


def lesion(radius: float, structure: str = "liver lesion") -> Measurement:
    return diameters(ellipse(radius, radius, 0, (0.5, 0.5)), plane(0.5, 0.5))[0].of(structure)


def test_a_change_is_told_only_beyond_both_uncertainties() -> None:
    grown = change(Dated(lesion(14), "2026-06-01", "CT"), Dated(lesion(10), "2026-03-01", "CT"))
    assert grown.beyond and abs(grown.difference - 8) < 0.6 and abs(grown.percent - 40) < 3  # type: ignore[operator]
    assert grown.days == 92 and "2026-03-01" in grown.text and "2026-06-01" in grown.text
    same = change(Dated(lesion(10.2), "2026-06-01", "CT"), Dated(lesion(10), "2026-03-01", "CT"))
    assert not same.beyond and "no change can be told" in same.text
    document = same.document()
    assert document["prior"]["taken_on"] == "2026-03-01" and document["beyond_uncertainty"] is False


@pytest.mark.parametrize(
    ("now", "prior", "error"),
    [
        (Dated(lesion(9), "2026-06-01", "CT"), Dated(lesion(9), None, "CT"), NotAssessable),
        (Dated(lesion(9), "2026-06-01", "CT"), Dated(lesion(9), "2026-03-01", None), NotAssessable),
        (Dated(lesion(9), "2026-06-01", "CT"), Dated(lesion(9), "2026-03-01", "MR"), BadInput),
        (Dated(lesion(9), "2026-06-01", "CT"), Dated(lesion(9), "2026-06-01", "CT"), BadInput),
        (Dated(lesion(9), "2026-06-01", "CT"), Dated(lesion(9, "spleen"), "2026-03-01", "CT"), BadInput),
    ],
)
def test_what_cannot_be_compared(now: Dated, prior: Dated, error: type[Exception]) -> None:
    with pytest.raises(error):
        change(now, prior)
    bare = Measurement("long axis", 9.0, "{pixels}", "drawn")
    with pytest.raises(NotAssessable):
        change(Dated(bare, "2026-06-01", "CT"), Dated(bare, "2026-03-01", "CT"))


def test_fractional_area_change_is_no_ejection_fraction() -> None:
    """Safety rule 16."""
    diastole, systole = ellipse(20, 12, 0, (1, 1)), ellipse(16, 9, 0, (1, 1), frame=20)
    assert diastole.shape == systole.shape
    measured = fractional_area_change(diastole, systole, Plane(np.eye(2)))
    assert abs(measured.value - 40) < 2 and measured.unit == "%" and measured.notes == (NOT_EF,)
    assert measured.interval is not None and measured.interval.low < 40 < measured.interval.high
    said = " ".join([measured.name, measured.method, *map(str, measured.document().values())]).lower()
    assert "ejection" not in said.replace(NOT_EF, "")
    for wrong in ((systole, diastole), (diastole, systole[1:]), (diastole, np.zeros_like(diastole))):
        with pytest.raises(BadInput):
            fractional_area_change(*wrong, Plane(np.eye(2)))


def test_no_measure_depends_on_the_way_round() -> None:
    """Turned or mirrored arrays of the same lesion measure the same."""
    mask = ellipse(11, 6, 33, (1.0, 1.0))
    wanted = axes(mask, plane(1, 1))
    for turns, mirrored in itertools.product(range(4), (False, True)):
        other = np.rot90(mask[:, ::-1] if mirrored else mask, turns)
        found = axes(np.ascontiguousarray(other), plane(1, 1))
        assert found.long.length == pytest.approx(wanted.long.length)
