"""layer_groups where there are several inputs, several outputs, or a decoder: what is body and what is head."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import (
    Classification,
    Regression,
    Segmentation,
    TokenClassification,
    build_model,
    finetune_optimizer,
    freeze_to,
    layer_groups,
)

layers = keras.layers


def conv(x, stride, name, **arguments):
    return layers.Conv2D(4, 3, strides=stride, padding="same", name=name, **arguments)(x)


def encoder(images, prefix=""):
    """Maps of stride 2, 4 and 8."""
    maps, x = [], images
    for index in range(3):
        x = layers.ReLU()(conv(x, 2, f"{prefix}e{index}"))
        maps.append(x)
    return maps


def names(model):
    return {group.name: {layer.name for layer in group.layers} for group in layer_groups(model)}


BODY = {"stride2": {"e0"}, "stride4": {"e1"}, "stride8": {"e2"}}


def unet():
    images = keras.Input((16, 16, 3))
    maps = encoder(images)
    x = maps[2]
    for index, skip in enumerate(reversed(maps[:2])):
        x = layers.UpSampling2D(2)(x)
        x = conv(layers.Concatenate()([x, skip]), 1, f"d{index}")
    return keras.Model(images, layers.Conv2DTranspose(2, 3, strides=2, padding="same", name="top")(x))


def unet_and_classes():
    model = unet()
    vectors = layers.GlobalAveragePooling2D()(model.get_layer("e2").output)
    return keras.Model(model.input, [model.output, layers.Dense(3, name="classes")(vectors)])


def deeplab():
    """Classes of pixels, upsampled at the end."""
    images = keras.Input((16, 16, 3))
    x = layers.Conv2D(2, 1, name="top", activation="softmax")(encoder(images)[2])
    return keras.Model(images, layers.UpSampling2D(8, interpolation="bilinear")(x))


def lateral():
    """A pyramid of somebody else's."""
    images = keras.Input((16, 16, 3))
    maps = encoder(images)
    x, outputs = maps[2], []
    for index in (1, 0):
        side = layers.Conv2D(4, 1, name=f"side{index}")(maps[index])
        x = layers.Add()([side, layers.UpSampling2D(2)(x)])
        outputs.append(conv(x, 1, f"smooth{index}"))
    return keras.Model(images, outputs)


def two_tasks():
    images = keras.Input((16, 16, 3))
    vectors = layers.GlobalAveragePooling2D()(encoder(images)[2])
    hidden = layers.Dense(4, name="hidden")(vectors)
    return keras.Model(images, {"a": layers.Dense(2, name="a")(hidden), "b": layers.Dense(1, name="b")(vectors)})


def auxiliary():
    """A second classifier in the middle, as Inception's."""
    images = keras.Input((16, 16, 3))
    maps = encoder(images)
    tops = [layers.Dense(2, name=f"top{i}")(layers.GlobalAveragePooling2D()(maps[i])) for i in (1, 2)]
    return keras.Model(images, tops)


def anchors():
    """Two convolutional heads side by side."""
    images = keras.Input((16, 16, 3))
    x = encoder(images)[2]
    return keras.Model(images, [conv(conv(x, 1, "boxes0"), 1, "boxes1"), conv(x, 1, "scores")])


def token_classes():
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 4, name="words")(words)
    x = layers.LSTM(4, return_sequences=True, name="lstm")(x)
    return keras.Model(words, layers.Dense(3, activation="softmax", name="top")(x))


def recurrent():
    words = keras.Input((6,), dtype="int32")
    x = layers.LSTM(4, name="lstm")(layers.Embedding(9, 4, name="words")(words))
    return keras.Model(words, layers.Dense(3, name="top")(x))


def patches():
    """A vision transformer's: patches, a token more, attention."""
    images = keras.Input((16, 16, 3))
    x = layers.Reshape((16, 8))(layers.Conv2D(8, 4, strides=4, name="patches")(images))
    x = layers.ZeroPadding1D((1, 0))(x)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4, name="attention")(x, x)])
    x = layers.LayerNormalization(name="norm")(x)
    return keras.Model(images, layers.Dense(2, name="top")(x[:, 0]))


def resized():
    """Small images, enlarged before the first layer with weights."""
    images = keras.Input((4, 4, 3))
    maps = encoder(layers.Resizing(16, 16)(images))
    return keras.Model(images, layers.Dense(2, name="top")(layers.Flatten()(maps[2])))


ONE_OUTPUT = {
    "unet": (unet, BODY | {"head": {"d0", "d1", "top"}}),
    "deeplab": (deeplab, BODY | {"head": {"top"}}),
    "recurrent": (recurrent, {"stride1": {"words", "lstm_cell"}, "head": {"top"}}),
    "token classes": (token_classes, {"stride1": {"words", "lstm_cell"}, "head": {"top"}}),
    "patches": (patches, {"stride4": {"patches", "norm"}, "head": {"top"}}),
    "resized": (resized, BODY | {"head": {"top"}}),
}
SEVERAL_OUTPUTS = {
    "unet and classes": (unet_and_classes, BODY | {"head": {"d0", "d1", "top", "classes"}}),
    "lateral": (lateral, BODY | {"head": {"side0", "side1", "smooth0", "smooth1"}}),
    "two tasks": (two_tasks, BODY | {"head": {"hidden", "a", "b"}}),
    "auxiliary": (auxiliary, BODY | {"head": {"top1", "top2"}}),
    "anchors": (anchors, BODY | {"head": {"boxes0", "boxes1", "scores"}}),
}


@pytest.mark.parametrize("kind", ONE_OUTPUT | SEVERAL_OUTPUTS)
def test_body_and_head(kind):
    make, expected = (ONE_OUTPUT | SEVERAL_OUTPUTS)[kind]
    found = names(make())
    found = {group: listed - {"query", "key", "value", "attention_output"} for group, listed in found.items()}
    assert found == expected
    assert list(found) == list(expected), "bottom first"


def test_dense_layers_with_several_outputs():
    numbers = keras.Input((4,))
    x = layers.Dense(3, name="b1")(layers.Dense(3, name="b0")(numbers))
    a = layers.Dense(2, name="a1")(layers.Dense(2, name="a0")(x))
    model = keras.Model(numbers, [a, layers.Dense(1, name="c")(x)])
    assert names(model) == {"block1": {"b0"}, "block2": {"b1"}, "head": {"a0", "a1", "c"}}


def test_two_towers_of_different_depth():
    """Groups are by stride in each tower, and the numbers that join above train with the head."""
    left, right, numbers = keras.Input((32, 32, 3)), keras.Input((8, 8, 3)), keras.Input((4,))
    small = conv(conv(right, 2, "s0"), 1, "s1")
    vectors = [layers.GlobalAveragePooling2D()(x) for x in (encoder(left)[2], small)]
    both = layers.Concatenate()([*vectors, layers.Dense(3, name="numbers")(numbers)])
    model = keras.Model([left, right, numbers], layers.Dense(2, name="top")(both))
    assert names(model) == {
        "stride2": {"e0", "s0", "s1"},
        "stride4": {"e1"},
        "stride8": {"e2"},
        "head": {"numbers", "top"},
    }


def test_one_tower_for_two_inputs():
    images = keras.Input((16, 16, 3))
    tower = keras.Model(images, layers.GlobalAveragePooling2D()(encoder(images)[2]))
    one, other = keras.Input((16, 16, 3)), keras.Input((16, 16, 3))
    distance = layers.Subtract()([tower(one), tower(other)])
    model = keras.Model([one, other], layers.Dense(1, name="top")(distance))
    assert names(model) == BODY | {"head": {"top"}}


def test_layers_that_two_models_share_are_seen_in_both():
    images = keras.Input((16, 16, 3))
    body = keras.Model(images, encoder(images)[2])
    first, second = (build_model(body, 2) for _ in range(2))
    again = keras.Input((16, 16, 3))
    x = again
    for layer in body.layers[1:]:
        x = layer(x)  # `layer.output` raises from here on
    third = keras.Model(again, layers.Dense(2, name="head_dense")(layers.Flatten()(x)))
    for model in (first, second, third):
        assert names(model) == BODY | {"head": {"head_dense"}}


HEADS = {
    "a": Classification(3, hidden=4, batch_norm=True),
    "b": Regression(),
    "c": Segmentation(2, filters=4),
    "d": Segmentation(1, filters=4, decoder="unet"),
}


def test_all_heads_of_build_model_are_one_group():
    images = keras.Input((16, 16, 3))
    model = build_model(keras.Model(images, encoder(images)[2], name="net"), HEADS)
    groups = layer_groups(model)
    found = {group.name: {layer.name for layer in group.layers} for group in groups}
    head = found.pop("head")
    assert found == BODY
    assert {name[0] for name in head} == {"a", "b", "c", "d"}
    listed = [id(weight) for group in groups for weight in group.weights]
    assert sorted(listed) == sorted({id(weight) for weight in model.weights})
    freeze_to(model, -1)
    assert {weight.path[:2] for weight in model.trainable_variables} == {"a_", "b_", "c_", "d_"}
    assert model.get_layer("a_hidden0_norm").trainable, "batch normalisation in a head trains with it"
    optimizer = finetune_optimizer("sgd", model, learning_rate=slice(1e-4, 1e-1))
    np.testing.assert_allclose(
        [float(optimizer.learning_rate) * one for one in optimizer.group_multipliers],
        [1e-4, 1e-3, 1e-2, 1e-1],
        rtol=1e-4,
    )


def test_token_heads_are_heads():
    words = keras.Input((6,), dtype="int32")
    body = keras.Model(words, layers.Embedding(9, 4, name="words")(words))
    assert names(build_model(body, TokenClassification(3))) == {"stride1": {"words"}, "head": {"head_dense"}}
