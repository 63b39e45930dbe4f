"""Pixel values: ranges, means, regions, rounding."""

from mutation import Mutation

_COLOR = "kerasaug/layers/image/color/"
_REGION = "kerasaug/layers/image/region/"
_OF_COLORS = ("tests/image/test_color_layers.py",)
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
        "        images = ops.clip(colors(images), *limits)\n        touched",
        "        images = ops.clip(colors(images), 0.0, 255.0)\n        touched",
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
        _COLOR + "base.py",
        "ops.mean(images, axis=(1, 2))",
        "ops.mean(images, axis=(0, 1, 2))[None]",
        ("tests/image/test_color_layers.py::test_contrast_is_about_each_channel_s_own_mean",),
    ),
    Mutation(
        "contrast in a jitter comes before brightness",
        "kerasaug/ops/color.py",
        "mean = factor[:, None], self(mean)",
        "mean = factor[:, None], mean",
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
        '0.5 * ops.convert_to_tensor(params["hue"])',
        'ops.convert_to_tensor(params["hue"])',
        _OF_COLORS,
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
