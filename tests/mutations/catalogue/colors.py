"""Pixel values: ranges, means, regions, rounding."""

from mutation import Mutation

_COLOR = "kerasaug/layers/image/color/"
_REGION = "kerasaug/layers/image/region/"
_OF_COLORS = ("tests/image/test_color_layers.py",)
_OF_CONVERSIONS = ("tests/image/test_color_conversions.py",)
_OF_REGIONS = ("tests/image/test_region_layers.py",)

COLORS = (
    Mutation(
        "floats are cut off and not rounded",
        "kerasaug/ops/dtypes.py",
        "ops.clip(ops.round(images),",
        "ops.clip(images,",
        ("tests/ops/test_dtypes.py",),
    ),
    Mutation(
        "uint8 wraps",
        "kerasaug/ops/dtypes.py",
        "ops.clip(ops.round(images), float(limits.min), float(limits.max))",
        "ops.round(images) % (float(limits.max) + 1.0)",
        ("tests/ops/test_dtypes.py",),
    ),
    Mutation(
        "colours are clipped to 0 … 255 whatever the value range",
        _COLOR + "base.py",
        "clip(images, *limits)",
        "clip(images, 0.0, 255.0)",
        _OF_COLORS,
    ),
    Mutation(
        "brightness takes every value range for 0 … 255",
        _COLOR + "random_brightness.py",
        '(params["brightness"] * (high - low))',
        '(params["brightness"] * (255.0 + 0.0 * (high - low)))',
        ("tests/image/test_color_layers.py::test_brightness_adds_part_of_the_range",),
    ),
    Mutation(
        "contrast is about the mean of the batch",
        "kerasaug/ops/color.py",
        "ops.mean(ops.reshape(ops.mean(runs, axis=1), (-1, run, channels)), axis=1)",
        "ops.mean(ops.reshape(ops.mean(runs, axis=1), (-1, run, channels)), axis=(0, 1))[None]",
        ("tests/image/test_color_layers.py::test_contrast_is_about_each_channel_s_own_mean",),
    ),
    Mutation(
        "contrast in a jitter comes before brightness",
        "kerasaug/ops/color.py",
        "(1.0 - factor) * self(mean)",
        "(1.0 - factor) * mean",
        ("tests/ops/test_color.py",),
    ),
    Mutation(
        "the luma is that of BGR",
        "kerasaug/ops/color.py",
        "LUMA = (0.299, 0.587, 0.114)",
        "LUMA = (0.114, 0.587, 0.299)",
        ("tests/ops/test_color.py",),
    ),
    Mutation(
        "hue turns twice as far",
        _COLOR + "random_color_jitter.py",
        '0.5 * params["hue"]',
        'params["hue"]',
        _OF_COLORS,
    ),
    Mutation(
        "a hue that turns by nothing is computed all the same",
        "kerasaug/ops/color.py",
        "some = ops.not_equal(turns, 0.0)",
        "some = ops.equal(turns, turns)",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "a sample that is not chosen is clipped",
        _COLOR + "base.py",
        "select_rows(touched, images, before)",
        "images",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "a part of gray is what is left of colour",
        _COLOR + "random_color_degeneration.py",
        '1.0 - params["degeneration"]',
        'params["degeneration"]',
        _OF_CONVERSIONS,
    ),
    Mutation(
        "gray is clipped to 0 … 255",
        _COLOR + "random_grayscale.py",
        "    bounded = True",
        "    bounded = False",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "gray keeps to the value range of its pass",
        _COLOR + "random_grayscale.py",
        "return ANY",
        "return super().fusion_key()",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "inversion subtracts from the highest value",
        _COLOR + "random_invert.py",
        "sum(self.value_range)",
        "self.value_range[1]",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "inversion leaves an offset before it alone",
        "kerasaug/ops/color.py",
        "factor * self.offset + offset",
        "self.offset + offset",
        _OF_CONVERSIONS,
    ),
    Mutation(
        "what random words a pixel gets depends on the layout",
        "kerasaug/layers/image/region/base.py",
        "filling = restore(filling, data_format)",
        "filling = ops.reshape(filling, ops.shape(restore(filling, data_format)))",
        _OF_REGIONS,
    ),
    Mutation(
        "the whole batch is erased where its first image is",
        _REGION + "random_erasing.py",
        "ops.concatenate([low, low + extent], axis=1)",
        "ops.concatenate([low, low + extent], axis=1)[:1]",
        ("tests/image/test_region_layers.py::test_exactly_the_rectangle_is_filled",),
    ),
    Mutation(
        "erasing never reaches the last row and column",
        _REGION + "random_erasing.py",
        "(frame - extent + 1.0)",
        "(frame - extent)",
        ("tests/image/test_region_layers.py::test_erasing_reaches_every_place_equally",),
    ),
    Mutation(
        "a region is one pixel too large",
        "kerasaug/ops/regions.py",
        "(xs < right)",
        "(xs <= right)",
        ("tests/ops/test_regions.py",),
    ),
    Mutation(
        "noise is about 0 and not about the middle of the range",
        _REGION + "noise.py",
        "(low + high) / 2.0 + (high - low) / 4.0 * noise",
        "(high - low) / 4.0 * noise",
        ("tests/image/test_region_layers.py::test_noise_is_normal_about_the_middle_of_the_range",),
    ),
)
