"""load_backbone on SavedModels: those of kerasaug, of Keras, and with signatures alone."""

import warnings

import keras
import numpy as np
import pytest
from quick_networks import outputs, quick_initializers, same

import kerasaug
from kerasaug.transfer import build_classifier, freeze, freeze_to, layer_groups, load_backbone, unfreeze

layers = keras.layers
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3)).astype("uint8")
on_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TFSMLayer is TensorFlow's alone")


@pytest.fixture(scope="module")
def body():
    with quick_initializers():
        images = keras.Input((16, 16, 3))
        x = layers.Conv2D(4, 3, strides=2)(layers.Rescaling(1 / 255)(images))
        return keras.Model(images, layers.BatchNormalization()(x), name="body")


@pytest.fixture(scope="module")
def exported(body, tmp_path_factory):
    """A folder with two versions, of which the second is the body."""
    folder = tmp_path_factory.mktemp("served")
    other = keras.Sequential([keras.Input((16, 16, 3)), layers.Flatten()])
    for model in (other, body):
        kerasaug.export_savedmodel(model, folder, verify=False)
    return folder


def with_signature(body, path, dtype, names):
    """As TensorFlow writes it without Keras: functions under `signatures` alone."""
    import tensorflow as tf

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weights = [weight.value for weight in body.weights]

    def infer(images):
        return {name: body(tf.cast(images, "float32"), training=False) + i for i, name in enumerate(names)}

    function = tf.function(infer, input_signature=[tf.TensorSpec((None, None, 16, 3), dtype)])
    tf.saved_model.save(Module(), str(path), signatures={"serving_default": function, "other": function})


@on_tensorflow
def test_version_of_kerasaug(body, exported):
    loaded = load_backbone(exported)
    assert (loaded.input_shape, loaded.output_shape) == ((None, 16, 16, 3), (None, 7, 7, 4))
    same(outputs(loaded, IMAGES), outputs(body, IMAGES))
    assert load_backbone(exported / "1").output_shape == (None, 768)
    same(outputs(load_backbone(exported, pooling="max"), IMAGES), outputs(body, IMAGES).max((1, 2)))


@on_tensorflow
def test_plain_export_of_keras_and_other_preprocessing(body, tmp_path):
    body.export(str(tmp_path / "model"), verbose=False)
    same(outputs(load_backbone(tmp_path / "model"), IMAGES), outputs(body, IMAGES))
    halving = load_backbone(tmp_path / "model", preprocess=layers.Rescaling(0.5))
    same(outputs(halving, IMAGES), outputs(body, IMAGES / 2))


@on_tensorflow
def test_signatures_of_integers_with_several_outputs(body, tmp_path):
    with_signature(body, tmp_path, "uint8", ["low", "high"])
    with pytest.raises(ValueError, match=r"`output` to be one of \['(high|low)', '(high|low)'\]"):
        load_backbone(tmp_path, input_shape=(16, 16, 3))
    loaded = load_backbone(tmp_path, input_shape=(16, 16, 3), output="high")
    same(outputs(loaded, IMAGES), outputs(body, IMAGES) + 1)
    between = IMAGES.astype("float32") - np.float32(0.4)  # as augmentation leaves them
    same(outputs(loaded, between), outputs(body, IMAGES) + 1)
    assert load_backbone(tmp_path, output="low", call_endpoint="other").input_shape == (None, None, 16, 3)
    with pytest.raises(ValueError, match=r"`call_endpoint` to be one of \['other', 'serving_default'\]"):
        load_backbone(tmp_path, call_endpoint="predict")
    with pytest.raises(ValueError, match=r"`input_shape` to be \(None, 16, 3\).*Received: \(32, 32, 3\)"):
        load_backbone(tmp_path, input_shape=(32, 32, 3))


@on_tensorflow
def test_frozen_for_good(exported):
    backbone = load_backbone(exported)
    model = build_classifier(backbone, 2)
    groups = layer_groups(model)
    assert [(group.name, [layer.name for layer in group.layers]) for group in groups] == [
        ("head", ["saved_model", "head"])
    ]
    warning = r"'saved_model' is the SavedModel .* frozen and stays so.*\.keras file"
    with pytest.warns(UserWarning, match=warning):
        backbone.trainable = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert freeze(model) == ["head"]
    with pytest.warns(UserWarning, match=warning):
        unfreeze(model)
    apart = [
        groups[0]._replace(name="body", layers=groups[0].layers[:1]),
        groups[0]._replace(layers=groups[0].layers[1:]),
    ]
    assert freeze_to(model, -1, apart) == ["head"]
    with pytest.warns(UserWarning, match=warning):
        freeze_to(model, -2, apart)
    assert [weight.path.split("/")[-1] for weight in model.trainable_variables] == ["kernel", "bias"]
    assert model.count_params() == 112 + 16 + 10  # the SavedModel's weights are there
    before, head = backbone.get_weights(), model.get_layer("head").get_weights()[0]
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(IMAGES, np.array([0, 1]), verbose=0)
    for new, old in zip(backbone.get_weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)
    assert np.abs(model.get_layer("head").get_weights()[0] - head).max() > 0


@on_tensorflow
def test_half_precision_and_saving(exported, body, tmp_path):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        loaded = load_backbone(exported)
    finally:
        keras.config.set_dtype_policy(policy)
    same(outputs(loaded, IMAGES), outputs(body, IMAGES))
    loaded.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=False)
    same(outputs(again, IMAGES), outputs(body, IMAGES))
    assert again.trainable_variables == []


@on_tensorflow
def test_what_a_graph_cannot(exported, tmp_path):
    with pytest.raises(ValueError, match=r"graph without layers. Received: cut='conv'"):
        load_backbone(exported, cut="conv")
    (tmp_path / "saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(ValueError, match=r"saved_model\.pb TensorFlow can read"):
        load_backbone(tmp_path)
    two = {"a": keras.Input((4,), name="a"), "b": keras.Input((4,), name="b")}
    keras.Model(two, layers.Add()(list(two.values()))).export(str(tmp_path / "two"), verbose=False)
    with pytest.raises(ValueError, match="to take one batch of images"):
        load_backbone(tmp_path / "two")


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="there it works")
def test_other_backends_say_so(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(RuntimeError, match=r"TensorFlow backend alone.*KERAS_BACKEND=tensorflow"):
        load_backbone(tmp_path)
