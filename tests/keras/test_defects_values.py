"""Wrong values of Keras 3.15: each check fails on Keras's layer and passes on ours."""

import numpy as np
import pytest
from defects import defect, flat, ramp, run


def _contrast(images):
    return images.std(axis=(1, 2, 3)) / ramp(1).std()


@defect()
def test_contrast_of_one_number_goes_both_ways(layers):
    ratios = _contrast(run(layers.RandomContrast(0.3, seed=1), ramp(64)))
    assert 0.65 < ratios.min() < 0.8
    assert 1.2 < ratios.max() < 1.35


@pytest.mark.parametrize("bits", [2, 4, 6])
@defect()
def test_posterization_keeps_that_many_bits(layers, bits):
    values = np.arange(256, dtype="float32").reshape(1, 16, 16, 1)
    layer = layers.RandomPosterization(bits, seed=1)
    for _ in range(3):
        assert len(np.unique(run(layer, values))) == 2**bits


@defect()
def test_solarization_thresholds_are_of_the_value_range(layers):
    result = run(layers.Solarization(threshold_factor=(0.5, 0.5), seed=1), flat(100.0, 32))
    np.testing.assert_allclose(result, 100.0, atol=1e-3)


@defect()
def test_solarization_additions_are_of_the_value_range(layers):
    result = run(layers.Solarization((0.2, 0.2), 0.0, seed=1), flat(0.0, 32))
    np.testing.assert_allclose(result, 255.0 - 51.0, atol=1e-3)


@pytest.mark.parametrize(("factor", "before", "after"), [(-0.2, 30, 0), (0.2, 230, 255)])
@defect(on=("tensorflow", "jax"))
def test_brightness_of_bytes(layers, factor, before, after):
    result = run(layers.RandomBrightness((factor, factor)), np.full((2, 4, 4, 3), before, "uint8"))
    np.testing.assert_allclose(result, after)


@defect(on=("torch",))
def test_brightness_leaves_the_callers_tensor(layers):
    import torch

    images = torch.full((2, 4, 4, 3), 100.0)
    layers.RandomBrightness((0.2, 0.2))(images, training=True)
    assert (images == 100.0).all()


@defect()
def test_saturation_stays_in_the_value_range(layers):
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 10, 3)).astype("float32")
    result = run(layers.RandomSaturation((0.9, 0.9)), images)
    assert result.min() >= -1e-2
    assert result.max() <= 255.01


@defect()
def test_a_saturation_of_one_number_is_from_zero(layers):
    """Keras draws from (-f, f), and what is below 0 makes half of the images grey."""
    images = flat(100.0, 64, 2, 2)
    images[..., 0] = 200.0
    grey = np.ptp(run(layers.RandomSaturation(0.4, seed=1), images)[:, 0, 0], axis=1) < 0.01
    assert grey.mean() < 0.1


@defect()
def test_a_colour_degeneration_of_one_number_is_from_zero(layers):
    """Keras draws from (-f, f), and what is below 0 makes colours stronger."""
    images = flat(100.0, 64, 2, 2)
    images[..., 0] = 150.0
    strength = np.ptp(run(layers.RandomColorDegeneration(0.5, seed=1), images)[:, 0, 0], axis=1)
    assert strength.max() < 50.01


@defect()
def test_inversion_about_zero(layers):
    images = np.linspace(-1, 1, 48, dtype="float32").reshape(1, 4, 4, 3)
    np.testing.assert_allclose(run(layers.RandomInvert((1.0, 1.0), (-1, 1)), images), -images, atol=1e-6)


@defect()
def test_equalization_is_of_one_image(layers):
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 10, 3)).astype("float32")
    images[1] /= 4.0
    layer = layers.Equalization()
    np.testing.assert_allclose(run(layer, images)[:1], run(layer, images[:1]), atol=1e-3)


@defect()
def test_auto_contrast_of_channels_first(layers):
    images = ramp()
    last = run(layers.AutoContrast(data_format="channels_last"), images)
    first = run(layers.AutoContrast(data_format="channels_first"), images.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(first, last.transpose(0, 3, 1, 2), atol=1e-2)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RandomSharpness", {"factor": (0.1, 0.1)}),
        ("RandomGaussianBlur", {"factor": (1.0, 1.0), "sigma": (1.0, 1.0)}),
    ],
)
@defect()
def test_filters_leave_one_colour_as_it_is(layers, name, arguments):
    np.testing.assert_allclose(run(getattr(layers, name)(**arguments), flat(100.0)), 100.0, atol=1e-2)


@defect()
def test_a_blur_of_two_sizes_is_one_kernel_across_and_one_down(layers):
    images = np.zeros((1, 15, 15, 3), "float32")
    images[:, 7, 7] = 200.0
    layer = layers.RandomGaussianBlur((1.0, 1.0), (3, 7), (1.0, 1.0))
    spot = run(layer, images)[0, :, :, 0]
    values = np.linalg.svd(spot, compute_uv=False)
    assert values[1] < 1e-3 * values[0], "not the product of two profiles"
    np.testing.assert_allclose(spot, spot[::-1, ::-1], atol=1e-3)


@defect()
def test_sigma_is_each_images_own(layers):
    images = np.zeros((8, 9, 9, 3), "float32")
    images[:, 4, 4] = 200.0
    blurred = run(layers.RandomGaussianBlur((1.0, 1.0), 5, (0.3, 1.0), seed=1), images)
    assert np.ptp(blurred[:, 4, 4, 0]) > 1.0


def _diagonal(size=32):
    """Constant along the diagonal: shifts by the same way in x and in y do not show."""
    ys, xs = np.mgrid[:size, :size]
    return (127.5 + 100.0 * np.sin((xs - ys) / 3.0)).astype("float32")[None, ..., None].repeat(3, axis=-1)


@defect()
def test_elastic_moves_rows_and_columns_by_fields_of_their_own(layers):
    images = _diagonal()
    moved = run(layers.RandomElasticTransform((1.0, 1.0), (1.0, 1.0), seed=1), images)
    middle = (slice(None), slice(8, 24), slice(8, 24))
    assert np.abs(moved - images)[middle].max() > 5.0


@defect()
def test_elastic_moves_masks_with_their_images(layers):
    masks = np.random.default_rng(0).integers(0, 2, (2, 24, 24, 1)).astype("float32")
    layer = layers.RandomElasticTransform((1.0, 1.0), (1.0, 1.0), interpolation="nearest", seed=1)
    moved = run(layer, {"images": masks.copy(), "segmentation_masks": masks.copy()})
    assert np.abs(moved["images"] - masks).max() > 0
    np.testing.assert_array_equal(moved["images"], moved["segmentation_masks"])


@defect()
def test_elastic_scale_is_each_images_own(layers):
    """Keras draws one for the batch: its samples move about as far as each other."""
    images = np.tile(_diagonal().transpose(0, 2, 1, 3)[:, ::-1], (12, 1, 1, 1))
    layer = layers.RandomElasticTransform((1.0, 1.0), (0.0, 1.0), seed=3)
    for _ in range(3):
        change = np.abs(run(layer, images) - images).mean(axis=(1, 2, 3))
        assert change.max() > 4 * change.min()


@defect()
def test_perspective_moves_every_corner(layers):
    images = 50.0 + ramp(16, 12, 12)
    moved = run(layers.RandomPerspective((1.0, 1.0), 0.5, seed=1), images)
    unmoved = np.isclose(moved, images, atol=0.01).all(axis=-1)
    corners = unmoved[:, [0, 0, -1, -1], [0, -1, 0, -1]].mean(axis=0)
    assert (corners < 0.5).all(), f"of the corners, these shares stay: {corners}"


@defect()
def test_flips_across_and_down_are_drawn_apart(layers):
    image = ramp(1)[0]
    flipped = run(layers.RandomFlip(seed=1), np.tile(image, (64, 1, 1, 1)))
    ways = [image, image[:, ::-1], image[::-1], image[::-1, ::-1]]
    counts = [int((flipped == way).all(axis=(1, 2, 3)).sum()) for way in ways]
    assert min(counts) > 0, f"unchanged, across, down, both: {counts}"


@defect()
def test_erasing_noise_is_not_black(layers):
    erased = run(layers.RandomErasing((1.0, 1.0), (1.0, 1.0), seed=1), flat(100.0))
    assert (erased == 0.0).mean() < 0.1


@defect()
def test_crops_are_each_images_own(layers):
    cropped = run(layers.RandomCrop(3, 4, seed=1), ramp(16))
    assert len(np.unique(cropped[:, 0, 0, 0])) > 4


@defect()
def test_a_crop_is_of_the_declared_size_at_inference(layers):
    layer = layers.RandomCrop(6, 8)
    result = layer(ramp(), training=False)
    assert tuple(result.shape) == tuple(layer.compute_output_shape((2, 8, 10, 3)))


@defect()
def test_a_crop_of_the_full_height_is_still_random(layers):
    layer = layers.RandomCrop(8, 4, seed=1)
    first = [run(layer, ramp(1))[0, 0, 0, 0] for _ in range(12)]
    assert len(set(first)) > 2


@defect()
def test_a_sigma_of_one_number_is_the_deviation(layers):
    images = np.zeros((1, 9, 9, 3), "float32")
    images[:, 4, 4] = 255.0
    layer = layers.RandomGaussianBlur((1.0, 1.0), kernel_size=5, sigma=1.0, seed=1)
    weights = np.exp(-np.square(np.arange(-2, 3)) / 2.0)
    expected = 255.0 * np.outer(weights, weights) / weights.sum() ** 2
    np.testing.assert_allclose(run(layer, images)[0, 2:7, 2:7, 0], expected, atol=0.1)
