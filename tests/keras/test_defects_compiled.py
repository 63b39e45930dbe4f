"""What Keras 3.15 does not compile, or only with memory to spare: each check fails there and passes here."""

import warnings

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, compile_whole
from defects import defect, ramp

_GEOMETRIC = {
    "RandomCrop": {"height": 8, "width": 10},
    "RandomPerspective": {},
    "RandomRotation": {"factor": 0.1},
    "RandomShear": {"x_factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
}
geometric = pytest.mark.parametrize("name", _GEOMETRIC)


@geometric
@defect(on=("tensorflow", "jax"), compiles=True)
def test_a_model_stays_compiled(layers, name):
    layer = getattr(layers, name)(**_GEOMETRIC[name])
    head = [keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 10, 3)), layer, *head])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, that it proceeds without
        model.compile("sgd", "mse", jit_compile=True if BACKEND == "tensorflow" else "auto")
    assert model.jit_compile


_NOT_XLA = {"CutMix": {}, "MixUp": {}, "RandomElasticTransform": {}, "RandomRotation": {"factor": 0.1}}


@pytest.mark.parametrize("name", _NOT_XLA)
@defect("InvalidArgumentError", compiles=True)
def test_xla_has_every_op(layers, name):
    import tensorflow as tf

    layer = getattr(layers, name)(**_NOT_XLA[name])
    compiled = compile_whole(lambda images: layer(images, training=True))
    assert compiled(tf.constant(ramp())).shape == (2, 8, 10, 3)


@defect("InvalidArgumentError", compiles=True)
def test_fit_compiled_with_elastic(layers):
    body = [keras.Input((8, 10, 3)), layers.RandomElasticTransform(), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(body)
    model.compile("sgd", "mse", jit_compile=True)
    model.fit(ramp() / 255, np.zeros((2, 1)), verbose=0)


def _computed(jaxpr, branches=True):
    """How many elements each value that is computed has; without those of conditionals' `branches`, or with them."""
    sizes = []
    for equation in jaxpr.eqns:
        sizes += [np.prod(one.aval.shape) for one in equation.outvars]
        if branches or equation.primitive.name != "cond":
            for value in equation.params.values():
                for inner in value if isinstance(value, tuple | list) else [value]:
                    inner = getattr(inner, "jaxpr", inner)
                    sizes += _computed(inner, branches) if hasattr(inner, "eqns") else []
    return sizes


def _jaxpr(layer, images):
    import jax

    return jax.make_jaxpr(lambda batch: layer(batch, training=True))(images).jaxpr


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("RandomRotation", {"factor": 0.1}), ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2)})],
)
@defect(on=("jax",), compiles=True)
def test_no_value_is_much_larger_than_the_images(layers, name, arguments):
    images = ramp(4, 32, 32)
    assert max(_computed(_jaxpr(getattr(layers, name)(**arguments), images))) <= 2 * images.size


@defect(on=("jax",), compiles=True)
def test_rand_augment_evaluates_no_op_that_it_did_not_draw(layers):
    """What has the images' size and is computed whatever is drawn."""
    images = ramp(4, 16, 16)
    sizes = _computed(_jaxpr(layers.RandAugment(), images), branches=False)
    assert sum(size >= images.size for size in sizes) < 60
