"""Every network of keras.applications: it loads, is divided, frozen and unfrozen, and sees what its family feeds it.

The networks are built in a `keras.StatelessScope`, without a value in any weight: all forty take 15 s and no memory.
"""

import types
from contextlib import contextmanager

import keras
import numpy as np
import pytest

from kerasaug.transfer import build_classifier, freeze, layer_groups, load_backbone, unfreeze
from kerasaug.transfer.backbones import application_names, find_application

layers = keras.layers
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 80, 80, 3)).astype("uint8")
SMALLEST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
# Preprocessing that stands in the network, as its authors give it. EfficientNet V1 holds mean and deviation as weights.
HELD = {
    "ConvNeXt": lambda x: (x - 255 * MEAN) / (255 * STD),
    "EfficientNetB": lambda x: x / 255,
    "EfficientNetV2B": lambda x: (x / 255 - MEAN) / STD,
    "EfficientNetV2": lambda x: x / 128 - 1,
    "MobileNetV3": lambda x: x / 127.5 - 1,
}
FAMILIES = {find_application(name)[2]: name for name in reversed(application_names())}
# Other backends differ from TensorFlow in no line of this: there, one network of each kind of preprocessing is enough.
FEW = ["ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "MobileNet", "VGG16"]
NAMES = application_names() if keras.backend.backend() == "tensorflow" else FEW


@contextmanager
def without_values():
    """Keras keeps a list of weights that wait for values: the next model that is built would give them to all forty.

    That took 20 to 50 s and 14 GB of whatever test came next in the process.
    """
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        keras.utils.clear_session(free_memory=False)


@pytest.fixture(scope="module", params=NAMES)
def loaded(request):
    size = SMALLEST.get(request.param, 32)
    with without_values():
        backbone = load_backbone(request.param, None, (size, size, 3))
        return request.param, backbone, build_classifier(backbone, 3)


def test_there_are_forty():
    assert len(application_names()) >= 38
    modules = vars(keras.applications).items()
    assert set(FAMILIES) == {
        name for name, member in modules if isinstance(member, types.ModuleType) and hasattr(member, "preprocess_input")
    } - {"imagenet_utils", "resnet50"}


def test_smallest_size(loaded):
    name, backbone, _ = loaded
    size = backbone.input_shape[1]
    with pytest.raises(ValueError, match=f"{name} refused"), without_values():
        load_backbone(name, None, (size - 1, size - 1, 3))


def test_groups_freezing_and_unfreezing(loaded):
    _, _, model = loaded
    groups = layer_groups(model)
    assert 4 <= len(groups) <= 6
    assert groups[-1].name == "head"
    assert {layer.name for layer in groups[-1].layers} == {"head"}
    sizes = [sum(int(np.prod(weight.shape)) for weight in group.weights) for group in groups]
    assert sum(sizes) == model.count_params()
    assert sum(sizes[1:-1]) > sizes[0]  # the lowest group is a stem, not the network
    assert freeze(model) == ["head"]
    assert [weight.path.split("/")[-2:] for weight in model.trainable_variables] == [
        ["head", "kernel"],
        ["head", "bias"],
    ]
    assert unfreeze(model) == [group.name for group in groups]
    found = [layer for group in groups for layer in group.layers]
    normalisations = [layer for layer in found if isinstance(layer, layers.BatchNormalization)]
    trainable = {id(weight) for weight in model.trainable_variables}
    assert not trainable & {id(weight) for layer in normalisations for weight in layer.weights}
    statistics = [weight for layer in found if isinstance(layer, layers.Normalization) for weight in layer.weights]
    rest = len(model.weights) - sum(len(layer.weights) for layer in normalisations) - len(statistics)
    assert len(trainable) == rest


def test_preprocessing_is_the_family_own(loaded):
    name, backbone, _ = loaded
    size = backbone.input_shape[1]
    images = IMAGES[:, :size, :size]
    oracle = getattr(keras.applications, find_application(name)[2]).preprocess_input
    expected = oracle(images.astype("float32"))
    network, fed = backbone, images
    if isinstance(backbone.layers[-1], keras.Model):
        network = backbone.layers[-1]
        fed = keras.Model(backbone.input, backbone.layers[-2].output)(images)
        np.testing.assert_allclose(fed, expected, rtol=1e-5, atol=1e-4)
    else:
        np.testing.assert_array_equal(expected, images)  # so it must stand in the network
    held = next((HELD[prefix] for prefix in sorted(HELD, reverse=True) if name.startswith(prefix)), None)
    inside = [layer for layer in network.layers if isinstance(layer, layers.Rescaling | layers.Normalization)]
    assert bool(inside) == (held is not None)
    if held is not None:
        assert network is backbone
        seen = keras.Model(network.input, inside[-1].output)
        values = [(weight, np.full(weight.shape, "var" in weight.path)) for weight in seen.weights]
        with keras.StatelessScope(
            state_mapping=[(w, keras.ops.cast(v, w.dtype)) for w, v in values], initialize_variables=False
        ):
            np.testing.assert_allclose(seen(images), held(images.astype("float64")), rtol=1e-5, atol=1e-5)
