import keras
import numpy as np
import pytest
from keras import ops
from tunable import L, images, network, outputs, shake

import kerasaug
from kerasaug.transfer import enable_lora, merge_lora, unfreeze


def test_merged_model_is_one_that_never_had_lora(tmp_path):
    model, x = network(), images(2)
    enable_lora(model, rank=2, lora_alpha=3)
    shake(model)
    before = outputs(model, x)
    assert len(merge_lora(model)) == 5
    np.testing.assert_allclose(outputs(model, x), before, rtol=1e-4, atol=1e-5)
    assert not np.allclose(before, outputs(network(), x), atol=0.1)  # the updates did something

    twin = network(seed=4)
    assert [w.path for w in model.weights] == [w.path for w in twin.weights]
    assert [type(layer) for layer in model.layers] == [type(layer) for layer in twin.layers]
    assert type(model.get_layer("attention").query_dense) is L.EinsumDense
    model.save_weights(tmp_path / "merged.weights.h5")
    twin.load_weights(tmp_path / "merged.weights.h5")
    np.testing.assert_allclose(outputs(twin, x), before, rtol=1e-4, atol=1e-5)
    assert [w.path for w in model.trainable_weights] == ["top/kernel", "top/bias"]
    unfreeze(model, freeze_bn=False)
    assert len(model.trainable_weights) == len(twin.trainable_weights)
    with pytest.raises(ValueError, match="none of whose layers"):
        merge_lora(model)


def test_weights_file_of_an_unmerged_model_fits_one_without_lora(tmp_path):
    model, x = network(), images(2)
    enable_lora(model, rank=2)
    shake(model)
    model.save_weights(tmp_path / "model.weights.h5")
    twin = network(seed=4)
    twin.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_allclose(outputs(twin, x), outputs(model, x), rtol=1e-4, atol=1e-5)


LAYERS = {
    "dense": (L.Dense(5), (6,)),
    "einsum": (L.EinsumDense("abc,cde->abde", (None, 3, 4), bias_axes="e"), (2, 6)),
    "conv": (L.Conv2D(4, 3, groups=2), (5, 5, 4)),
    "embedding": (L.Embedding(7, 5), (4,)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_that_keras_has_it_for(name, rng):
    layer, shape = LAYERS[name]
    model = keras.Sequential([keras.Input(shape), type(layer).from_config(layer.get_config())])
    x = rng.integers(0, 7, (2, *shape)) if name == "embedding" else rng.normal(size=(2, *shape)).astype("float32")
    plain = outputs(model, x)
    enable_lora(model, rank=2, lora_alpha=5, train=())
    shake(model)
    before = outputs(model, x)
    assert not np.allclose(before, plain, atol=0.1)
    merge_lora(model)
    np.testing.assert_allclose(outputs(model, x), before, rtol=1e-4, atol=1e-4)
    assert model.layers[0].get_config() == {**layer.get_config(), "name": model.layers[0].name, "trainable": False}


def half(**arguments):
    return keras.Sequential([keras.Input((6,)), L.Dense(4, name="body", dtype="mixed_bfloat16", **arguments)])


def test_half_precision_does_not_round_the_kernel(tmp_path):
    model = half()
    kernel = ops.convert_to_numpy(model.layers[0].kernel).copy()
    enable_lora(model, rank=2, train=())
    shake(model)
    a, b = (ops.convert_to_numpy(w) for w in (model.layers[0].lora_kernel_a, model.layers[0].lora_kernel_b))
    model.save_weights(tmp_path / "half.weights.h5")
    merge_lora(model)
    np.testing.assert_allclose(model.layers[0].kernel, kernel + a @ b, rtol=1e-6, atol=1e-6)
    other = half()
    other.load_weights(tmp_path / "half.weights.h5")
    np.testing.assert_array_equal(other.layers[0].kernel, model.layers[0].kernel)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_int8(rng):
    model = keras.Sequential([keras.Input((16,)), L.Dense(8, name="body")])
    model.quantize("int8")
    x = rng.normal(size=(4, 16)).astype("float32")
    enable_lora(model, rank=2, train=())
    assert [w.name for w in model.trainable_weights] == ["lora_kernel_a", "lora_kernel_b"]
    shake(model)
    before = outputs(model, x)
    merge_lora(model)
    assert [w.name for w in model.weights] == ["bias", "kernel", "kernel_scale"]
    scale = np.abs(before).max()
    assert np.abs(outputs(model, x) - before).max() < 0.03 * scale  # 1/127 each for inputs and kernel
    assert str(model.layers[0].kernel.dtype) in ("int8", "<dtype: 'int8'>", "torch.int8")


@pytest.mark.xfail(
    keras.backend.backend() == "torch",
    raises=RuntimeError,
    strict=True,
    reason="a SavedModel comes from TensorFlow or JAX",
)
def test_an_unmerged_model_exports_as_it_is(tmp_path):
    tf = pytest.importorskip("tensorflow")
    model = keras.Sequential([keras.Input((6,)), L.Dense(4, name="body"), L.Dense(2, name="top")])
    enable_lora(model, "body", rank=2)
    shake(model)
    x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    folder = kerasaug.export_savedmodel(model, tmp_path)
    served = tf.saved_model.load(str(folder)).signatures["serving_default"](tf.constant(x))
    np.testing.assert_allclose(next(iter(served.values())), outputs(model, x), rtol=1e-5, atol=1e-5)
