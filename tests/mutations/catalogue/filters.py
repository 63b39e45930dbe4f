"""Neighbours and displacements."""

from mutation import Mutation

_FILTERS = "kerasaug/ops/filters.py"
_DISPLACEMENT = "kerasaug/ops/displacement.py"
_FILTER = "kerasaug/layers/image/filter/"
_DISPLACE = "kerasaug/layers/image/displace/"
_OF_FILTERS = ("tests/ops/test_filters.py",)
_OF_BLUR = ("tests/image/test_random_gaussian_blur.py",)
_OF_FIELDS = ("tests/ops/test_displacement.py",)
_OF_ELASTIC = ("tests/image/test_random_elastic_transform.py",)

FILTERS = (
    Mutation(
        "a blur's border repeats the outermost pixel",
        _FILTERS,
        "index = ops.mod(ops.abs(index), period)",
        "index = ops.mod(ops.clip(index, 0, length - 1), period)",
        _OF_FILTERS,
    ),
    Mutation(
        "a neighbour in a row is the next channel",
        _FILTERS,
        "ops.reshape(index[:, None] * step + ops.arange(step",
        "ops.reshape(index[:, None] + ops.arange(step",
        _OF_FILTERS,
    ),
    Mutation(
        "a kernel is not normalised",
        _FILTERS,
        "return weights / ops.sum(weights, axis=1, keepdims=True)",
        "return weights",
        _OF_FILTERS,
    ),
    Mutation(
        "the smoothing kernel is a box",
        _FILTERS,
        "_BOX, _TOTAL = 9.0, 13.0",
        "_BOX, _TOTAL = 9.0, 9.0",
        _OF_FILTERS,
    ),
    Mutation(
        "sharpening spoils the first column",
        _FILTERS,
        "left, right = values[..., 1:-1, :step]",
        "left, right = sharpened[..., :step]",
        _OF_FILTERS,
    ),
    Mutation(
        "a kernel's height and width are swapped",
        _FILTER + "random_gaussian_blur.py",
        "return blur(rows, vertical, horizontal)",
        "return blur(rows, horizontal, vertical)",
        _OF_BLUR,
    ),
    Mutation(
        "an amount is Keras's factor and not Pillow's",
        _FILTER + "random_sharpness.py",
        "rng.uniform(2.0 * low, 2.0 * high, neutral=1.0)",
        "rng.uniform(low, high, neutral=0.5)",
        ("tests/image/test_random_sharpness.py",),
    ),
    Mutation(
        "filters clip to 0 … 255 whatever the value range",
        _FILTER + "base.py",
        "clip(filtered, *self.value_range)",
        "clip(filtered, 0.0, 255.0)",
        ("tests/image/test_random_sharpness.py",),
    ),
    Mutation(
        "uncompiled, an image is smoothed where it should be sharpened",
        _FILTERS,
        "rows.align(1.0 - amount) * change",
        "rows.align(amount - 1.0) * change",
        _OF_FILTERS,
    ),
    Mutation(
        "uncompiled, rows are blurred as columns are",
        _FILTERS,
        "weights[0][:, None] if axis == -2",
        "weights[0][:, None] if axis != -2",
        _OF_FILTERS,
    ),
    Mutation(
        "where sizes are unknown everyone is filtered",
        _FILTER + "base.py",
        'ops.cast(params["chosen"], "int32")',
        'ops.cast(params["chosen"] | True, "int32")',
        _OF_BLUR,
    ),
    Mutation(
        "right and down are one field",
        _DISPLACEMENT,
        'product("bchm,wm->bchw", product("bcnm,hn->bchm", sites, rows), columns)',
        'product("bchm,wm->bchw", product("bcnm,hn->bchm", sites[:, :1] + 0.0 * sites, rows), columns)',
        _OF_FIELDS,
    ),
    Mutation(
        "what smoothing leaves of a field is not made up for",
        _DISPLACEMENT,
        "return weights / ops.sqrt(ops.sum(ops.square(weights), axis=1, keepdims=True))",
        "return weights / ops.sum(weights, axis=1, keepdims=True)",
        _OF_FIELDS,
    ),
    Mutation(
        "points are moved as the field reads, and not back",
        _DISPLACEMENT,
        "return places + _DAMPING * (points - reads)",
        "return points + reads - places",
        _OF_FIELDS,
    ),
    Mutation(
        "a field's x and y are swapped",
        _DISPLACEMENT,
        "return xs + field[:, 0], ys[:, None] + field[:, 1]",
        "return xs + field[:, 1], ys[:, None] + field[:, 0]",
        _OF_FIELDS,
    ),
    Mutation(
        "the edges of boxes are taken for pixels",
        "kerasaug/layers/image/targets.py",
        "move(_outline(corners, count) - 0.5) + 0.5",
        "move(_outline(corners, count) + 0.5) - 0.5",
        _OF_ELASTIC,
    ),
    Mutation(
        "masks move where their images do not",
        _DISPLACE + "base.py",
        'field = computed(layer.field(one, tuple(size)) * ops.cast(touched, "float32")[:, None, None, None])',
        "field = computed(layer.field(one, tuple(size)))",
        _OF_ELASTIC,
    ),
    Mutation(
        "an elastic transform reaches as far as the shorter side says",
        _DISPLACE + "random_elastic_transform.py",
        "ops.maximum(*size)",
        "ops.minimum(*size)",
        _OF_ELASTIC,
    ),
)
