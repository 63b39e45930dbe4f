"""Where pixels are read."""

from mutation import Mutation

_MATRIX = "kerasaug/ops/matrix.py"
_RESAMPLE = "kerasaug/ops/resample.py"
_WARP = "kerasaug/layers/image/warp/"
_OF_MATRIX = ("tests/ops/test_matrix.py",)
_OF_RESAMPLE = ("tests/ops/test_resample.py",)

WARPS = (
    Mutation(
        "rotations turn the other way",
        _MATRIX,
        "affine(c, -s, 0.0, s, c, 0.0)",
        "affine(c, s, 0.0, -s, c, 0.0)",
        _OF_MATRIX,
    ),
    Mutation(
        "x and y of a scaling are swapped",
        _MATRIX,
        "affine(x, 0.0, 0.0, 0.0, y, 0.0)",
        "affine(y, 0.0, 0.0, 0.0, x, 0.0)",
        _OF_MATRIX,
    ),
    Mutation(
        "translations are input to output",
        _MATRIX,
        "affine(1.0, 0.0, -x, 0.0, 1.0, -y)",
        "affine(1.0, 0.0, x, 0.0, 1.0, y)",
        _OF_MATRIX,
    ),
    Mutation(
        "shears mix up their axes",
        _MATRIX,
        "affine(1.0, x, 0.0, y, 1.0, 0.0)",
        "affine(1.0, y, 0.0, x, 1.0, 0.0)",
        _OF_MATRIX,
    ),
    Mutation(
        "fused matrices are multiplied in the other order",
        _MATRIX,
        "first[:, :, :, None] * second[:, None, :, :]",
        "second[:, :, :, None] * first[:, None, :, :]",
        _OF_MATRIX,
    ),
    Mutation(
        "a cofactor has no sign",
        _MATRIX,
        "(-1) ** (i + j) * (m[r][t]",
        "(m[r][t]",
        _OF_MATRIX,
    ),
    Mutation(
        "pixels are read at the inverse matrix",
        _WARP + "base.py",
        "values, self.matrix, self.size, interpolation",
        "values, matrices.invert(self.matrix), self.size, interpolation",
        ("tests/image/test_random_rotation.py",),
    ),
    Mutation(
        "channels first, each plane moves as another image does",
        _WARP + "base.py",
        "ops.repeat(value, count, axis=0) if",
        "ops.concatenate([value] * count, axis=0) if",
        ("tests/image/test_channels_first.py",),
    ),
    Mutation(
        "pixel centres are half a pixel off",
        _RESAMPLE,
        '(ops.cast(length, "float32") - 1.0) / 2.0',
        'ops.cast(length, "float32") / 2.0',
        _OF_RESAMPLE,
    ),
    Mutation(
        "op by op, a warp turns about the corner",
        _RESAMPLE,
        "matrix[:, i, 2] + middle - shift",
        "matrix[:, i, 2] + middle",
        _OF_RESAMPLE,
    ),
    Mutation(
        "a constant is rounded to the dtype of the images",
        _RESAMPLE,
        "pixels, ops.cast(self.fill_value, self.dtype)",
        "pixels, ops.cast(ops.cast(self.fill_value, self.rows.dtype), self.dtype)",
        _OF_RESAMPLE,
    ),
    Mutation(
        "the nearest pixel is the one before",
        _RESAMPLE,
        "(ops.floor(y + 0.5), ops.floor(x + 0.5))",
        "(ops.floor(y), ops.floor(x))",
        _OF_RESAMPLE,
    ),
    Mutation(
        "bilinear weights are swapped",
        _RESAMPLE,
        "low * (1.0 - weight) + high * weight",
        "low * weight + high * (1.0 - weight)",
        _OF_RESAMPLE,
    ),
    Mutation(
        "reflection is about the last pixel and not about its edge",
        _RESAMPLE,
        "edge = coordinate + 0.5",
        "edge = coordinate",
        _OF_RESAMPLE,
    ),
    Mutation(
        "wrapping is one pixel short",
        _RESAMPLE,
        "coordinate - n * ops.floor(",
        "coordinate - (n - 1.0) * ops.floor(",
        _OF_RESAMPLE,
    ),
    Mutation(
        "the last column is filled with the constant",
        _RESAMPLE,
        "(column < self.width)",
        "(column < self.width - 1)",
        _OF_RESAMPLE,
    ),
    Mutation(
        "the nearest fill mode is one pixel short",
        _RESAMPLE,
        "ops.clip(coordinate, 0.0, n - 1.0)",
        "ops.clip(coordinate, 0.0, n - 2.0)",
        _OF_RESAMPLE,
    ),
    Mutation(
        "height and width of a zoom are swapped",
        _WARP + "random_zoom.py",
        'scaling(1.0 + params["width"], 1.0 + params["height"])',
        'scaling(1.0 + params["height"], 1.0 + params["width"])',
        ("tests/image/test_random_zoom.py",),
    ),
    Mutation(
        "a crop never takes the last place",
        _WARP + "random_crop.py",
        "ops.floor(fraction * (room + 1.0))",
        "ops.floor(fraction * room)",
        ("tests/image/test_random_crop.py",),
    ),
    Mutation(
        "a vertical flip is tossed by the horizontal coin's mode",
        _WARP + "random_flip.py",
        '0.5 if "vertical" in self.mode',
        '0.5 if "horizontal" in self.mode',
        ("tests/image/test_random_flip.py",),
    ),
    Mutation(
        "undoing a warp does it once more",
        _WARP + "base.py",
        "_Move(self.lead, matrices.invert(self.matrix),",
        "_Move(self.lead, self.matrix,",
        ("tests/image/test_invert.py",),
    ),
    Mutation(
        "warps of different fill modes share a resample",
        _WARP + "base.py",
        "fill = (self.beyond, self.interpolation,",
        "fill = (self.interpolation,",
        ("tests/image/test_fused_warps.py::test_different_fill_modes_are_two_passes",),
    ),
    Mutation(
        "a region is fused into a warp, which is slow",
        "kerasaug/stages.py",
        "groups[-1][-1].layers[-1].in_place and",
        "",
        ("tests/test_pipeline.py::test_a_region_shares_the_pass_of_the_colours_before_it",),
    ),
    Mutation(
        "of stages compiled as one, the first alone runs",
        "kerasaug/stages.py",
        "for stage, group in zip(stages, groups, strict=True):",
        "for stage, group in zip(stages[:1], groups, strict=False):",
        ("tests/test_pipeline.py::test_sharing_a_pass_changes_nothing",),
    ),
)
