"""fine_tune with the name of a network: a head, preprocessing, images of any size, half precision."""

import keras
import numpy as np
import pytest
from fine_tuning import pictures, same_weights, tune

from kerasaug.transfer import network as networks
from kerasaug.transfer.network import best_precision, reseed

pytestmark = pytest.mark.skipif(keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX")


@pytest.fixture
def tiny(monkeypatch):
    """Stands in for MobileNet."""

    def MobileNet(weights, include_top, input_shape, pooling, width=4):
        inputs = keras.Input(input_shape)
        x = keras.layers.Conv2D(width, 3, strides=2, name="conv")(inputs)
        return keras.Model(inputs, keras.layers.BatchNormalization(name="bn")(x), name="tiny")

    monkeypatch.setattr(keras.applications, "MobileNet", MobileNet)


@pytest.fixture
def quick_initializers(monkeypatch):
    """NumPy draws the weights: JAX would compile one random function for every shape in a network."""
    draw = np.random.default_rng(0)

    def call(self, shape, dtype=None):
        return keras.ops.convert_to_tensor(draw.normal(0, 0.1, shape).astype(dtype or "float32"))

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", call)


@pytest.mark.usefixtures("quick_initializers")
def test_a_real_network():
    images, labels = pictures(8)
    images = np.repeat(np.repeat(images, 4, axis=1), 4, axis=2)
    tuned = tune("mobile_net", (images, labels), weights=None, backbone_args={"alpha": 0.25}, epochs=0)
    recipe = tuned.recipe
    assert (recipe.backbone, recipe.image_size, recipe.num_classes) == ("MobileNet", (32, 32), 2)
    assert recipe.backbone_args == {"alpha": 0.25}
    assert tuned.model.input_shape == (None, 32, 32, 3)
    assert tuned.model.output_shape == (None, 2)
    assert [group.name for group in tuned.groups][-1] == "head"
    assert len(tuned.groups) > 3
    assert tuned.history["unfrozen_groups"] == [1]


@pytest.mark.usefixtures("tiny")
def test_small_and_grey_images_are_made_to_fit():
    images, labels = pictures(16, classes=3)
    tuned = tune("MobileNet", (images[..., :1], labels), weights=None, epochs=1, classes=["a", "b", "c"])
    model, recipe = tuned.model, tuned.recipe
    assert (recipe.input_shape, recipe.image_size) == ((8, 8, 1), (32, 32)), "networks want 32 pixels at least"
    assert recipe.class_names == ("a", "b", "c")
    assert model.input_shape == (None, 8, 8, 1)
    assert "kerasaug" not in model.to_json()
    # The inner classifier, fed with what a resize and three equal channels make of the images, agrees.
    resized = keras.ops.image.resize(images[..., :1], (32, 32), antialias=True)
    inner = model.layers[-1](keras.ops.repeat(resized, 3, axis=-1))
    np.testing.assert_allclose(
        model.predict(images[..., :1], verbose=0), keras.ops.convert_to_numpy(inner), rtol=1e-4, atol=1e-5
    )
    again = recipe.run((images[..., :1], labels), verbose=0)
    assert same_weights(again.model, model)


@pytest.mark.usefixtures("tiny")
def test_half_precision():
    before = keras.config.dtype_policy().name
    tuned = tune("MobileNet", pictures(16), weights=None, mixed_precision="mixed_bfloat16", epochs=0)
    assert keras.config.dtype_policy().name == before
    backbone = tuned.model.layers[-1].layers[1]
    assert backbone.get_layer("tiny").get_layer("conv").compute_dtype == "bfloat16"
    assert tuned.recipe.mixed_precision == "mixed_bfloat16"
    assert np.isfinite(tuned.history["loss"]).all()


@pytest.mark.parametrize(
    ("devices", "precision"),
    [
        (["cpu:0"], "float32"),
        (["gpu:0", "gpu:1"], "mixed_float16"),
        (["tpu:0"], "mixed_bfloat16"),
        (["cuda:0"], "mixed_float16"),
    ],
)
def test_the_precision_of_a_device(monkeypatch, devices, precision):
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: devices)
    assert best_precision() == precision


@pytest.mark.usefixtures("tiny")
def test_true_means_the_device_s(monkeypatch):
    from kerasaug.transfer import resolve

    monkeypatch.setattr(resolve, "best_precision", lambda: "mixed_bfloat16")
    assert resolve.resolve_network("mobilenet", None, 32, None, True, (32, 32, 3))["mixed_precision"] == (
        "mixed_bfloat16"
    )


def test_random_layers_are_seeded_by_their_place():
    def model():
        layers = [keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(2), keras.layers.GaussianNoise(0.1)]
        return keras.Sequential([keras.Input((2,)), *layers])

    def states(one):
        return [np.array(layer.seed_generator.state) for layer in (one.layers[0], one.layers[2])]

    one, other = model(), model()
    one(np.ones((1, 2), "float32"), training=True)
    reseed(one, 5), reseed(other, 5)
    np.testing.assert_array_equal(states(one), states(other))
    assert not np.array_equal(*states(one)), "no two layers draw the same"
    reseed(other, 6)
    assert not np.array_equal(states(one)[0], states(other)[0])


def test_channels_first_sizes(monkeypatch):
    monkeypatch.setattr(keras.config, "image_data_format", lambda: "channels_first")
    assert networks.spatial((3, 20, 30)) == (20, 30)
