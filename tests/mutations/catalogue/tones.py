"""Tones: histograms, tables, bits."""

from mutation import Mutation

_TONE = "kerasaug/layers/image/tone/"
_HISTOGRAM = "kerasaug/ops/histogram.py"
_CLAHE = "kerasaug/ops/clahe.py"
_OF_TONES = "tests/image/test_tone_layers.py"
_OF_EQUALIZATION = (f"{_OF_TONES}::test_equalization_is_pil_s_to_the_bit",)
_OF_CLAHE = (f"{_OF_TONES}::test_clahe_is_opencv_s",)

TONES = (
    Mutation(
        "a pixel at the threshold is not inverted",
        _TONE + "solarization.py",
        'images < low + params["threshold"]',
        'images <= low + params["threshold"]',
        ("tests/image/test_solarization.py",),
    ),
    Mutation(
        "the last of the bits is never drawn",
        _TONE + "random_posterization.py",
        "self.factor[1] + 1)",
        "max(self.factor[1], self.factor[0] + 1))",
        (f"{_OF_TONES}::test_bits_are_drawn_evenly_with_both_ends",),
    ),
    Mutation(
        "eight bits lose their fractions",
        _TONE + "random_posterization.py",
        'params["bits"] < _BITS',
        'params["bits"] <= _BITS',
        (f"{_OF_TONES}::test_eight_bits_keep_fractions",),
    ),
    Mutation(
        "strength does not reach ops without parameters",
        _TONE + "base.py",
        '{"chosen": rng.bernoulli(1.0)}',
        '{"chosen": rng.chosen}',
        (f"{_OF_TONES}::test_strength_is_the_probability_of_a_change",),
    ),
    Mutation(
        "contrast is stretched over the range of the whole batch",
        "kerasaug/ops/levels.py",
        "return over_rows(ops.min), over_rows(ops.max)",
        "return ops.min(images, axis=(0, 1, 2))[None], ops.max(images, axis=(0, 1, 2))[None]",
        (f"{_OF_TONES}::test_auto_contrast_stretches_each_channel_of_each_image",),
    ),
    Mutation(
        "a constant channel becomes black",
        _TONE + "auto_contrast.py",
        "ops.clip(share * (high - low) + low, low, high), images)",
        "ops.clip(share * (high - low) + low, low, high), low)",
        (f"{_OF_TONES}::test_constant_channels_stay",),
    ),
    Mutation(
        "the samples of a batch share a histogram's bins",
        _HISTOGRAM,
        'first = bins * ops.arange(batch, dtype="int32")',
        'first = 0 * ops.arange(batch, dtype="int32")',
        _OF_EQUALIZATION,
    ),
    Mutation(
        "the channels of a sample share a histogram",
        _HISTOGRAM,
        "bins))) + planes.channel * bins",
        "bins))) + planes.channel * 0",
        _OF_EQUALIZATION,
    ),
    Mutation(
        "tables are made of the counts up to a level, its own among them",
        _HISTOGRAM,
        "ops.cumsum(counts, axis=1) - counts",
        "ops.cumsum(counts, axis=1) - 0 * counts",
        _OF_EQUALIZATION,
    ),
    Mutation(
        "tables are not cut off at the highest level",
        _HISTOGRAM,
        "tables = ops.minimum(tables, bins - 1)",
        "tables = tables * 1",
        (f"{_OF_TONES}::test_the_tables_that_leave_the_levels_are_cut_off",),
    ),
    Mutation(
        "fractions are cut off",
        _HISTOGRAM,
        "value + slope * (levels - whole)",
        "value + 0.0 * slope",
        (f"{_OF_TONES}::test_fractions_lie_between_the_levels_about_them",),
    ),
    Mutation(
        "NaN counts in another sample's bins",
        "kerasaug/ops/levels.py",
        'ops.maximum(ops.cast(levels, "int32"), 0)',
        'ops.where(levels == levels, ops.cast(levels, "int32"), 1 << 20)',
        (f"{_OF_TONES}::test_an_image_does_not_depend_on_the_others",),
    ),
    Mutation(
        "what is cut off a tile's histogram is lost",
        _CLAHE,
        'ops.minimum(counts, limit) + cut // _BINS + ops.cast(one_more, "int32")',
        "ops.minimum(counts, limit)",
        _OF_CLAHE,
    ),
    Mutation(
        "tiles begin half a tile early",
        _CLAHE,
        'ops.cast(length, "float32")) - 0.5',
        'ops.cast(length, "float32"))',
        _OF_CLAHE,
    ),
    Mutation(
        "images that the tiles do not divide are extended by their last pixel twice",
        _CLAHE,
        "2 * (length - 1), 1)",
        "2 * length, 1)",
        _OF_CLAHE,
    ),
)
