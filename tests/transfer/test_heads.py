"""Every kind of head: what it puts out, in which precision, and what it refuses."""

import keras
import numpy as np
import pytest
from headless import WORDS, backbone, layers, numpy, tokens

from kerasaug.transfer import (
    Classification,
    MultiLabel,
    Regression,
    Segmentation,
    TokenClassification,
    build_model,
    heads_losses,
    heads_metrics,
    heads_of,
)
from kerasaug.transfer.heads import Crossentropy, ResizeTo, TokenPooling


@pytest.fixture
def images(rng):
    return rng.uniform(0, 1, (2, 16, 16, 3)).astype("float32")


# -- vectors


@pytest.mark.parametrize("pooling", ["avg", "max", "avg_max", "flatten"])
def test_classification_is_a_softmax_of_pooled_maps(images, pooling):
    body = backbone()
    model = build_model(body, Classification(3, pooling=pooling))
    maps = body.predict(images, verbose=0)
    both = {"avg": maps.mean((1, 2)), "max": maps.max((1, 2)), "flatten": maps.reshape(2, -1)}
    vectors = both[pooling] if pooling in both else np.concatenate([both["avg"], both["max"]], axis=1)
    kernel, bias = model.get_layer("head_dense").get_weights()
    exponents = np.exp(vectors @ kernel + bias)
    np.testing.assert_allclose(
        model.predict(images, verbose=0), exponents / exponents.sum(1, keepdims=True), rtol=1e-4, atol=1e-5
    )


def test_fastai_head_has_fastais_layers():
    model = build_model(backbone(), Classification.fastai(3, hidden=(8,)))
    kinds = [(type(layer).__name__, getattr(layer, "rate", None)) for layer in model.layers[3:]]
    assert kinds[2:] == [
        ("Concatenate", None),
        ("BatchNormalization", None),
        ("Dropout", 0.25),
        ("Dense", None),
        ("ReLU", None),
        ("BatchNormalization", None),
        ("Dropout", 0.5),
        ("Dense", None),
        ("HeadOutput", None),
    ]
    assert not model.get_layer("head_hidden0").use_bias
    assert Classification.fastai(3).hidden == (512,)


def test_output_range_and_standardised_targets(images):
    model = build_model(backbone(), Regression(2, output_range=(10, 12)))
    model.get_layer("head_dense").set_weights([np.zeros((4, 2)), np.array([-50.0, 0.0])])
    np.testing.assert_allclose(model.predict(images, verbose=0), [[10, 11]] * 2, rtol=1e-6)
    targets = np.array([[1.0, 200.0], [3.0, 600.0]])
    head = Regression.of(targets)
    assert (head.mean, head.std) == ((2.0, 400.0), (1.0, 200.0))
    model = build_model(backbone(), head)
    model.get_layer("head_dense").set_weights([np.zeros((4, 2)), np.array([0.5, -1.0])])
    predicted = model.predict(images, verbose=0)
    np.testing.assert_allclose(predicted, [[2.5, 200.0]] * 2, rtol=1e-6)
    by_hand = (((targets - predicted) / targets.std(0)) ** 2).mean()
    assert float(heads_losses(model)(targets, predicted)) == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_outputs_are_float32_in_half_precision(images, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        heads = {"a": 3, "b": MultiLabel(2), "c": Regression(), "d": Segmentation(2, filters=4)}
        model = build_model(backbone(), heads)
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("d_p2").compute_dtype == policy.removeprefix("mixed_")
    assert {model.get_layer(name).compute_dtype for name in ("a_dense", "b_dense", "c_dense", "d_conv")} == {"float32"}
    assert {one.dtype.name for one in model.predict(images, verbose=0).values()} == {"float32"}


# -- sequences


def test_pooling_of_sequences_leaves_masked_tokens_out(rng):
    values, mask = rng.normal(size=(2, 6, 4)).astype("float32") - 5, WORDS != 0
    by_hand = {
        "avg": np.stack([row[kept].mean(0) for row, kept in zip(values, mask, strict=True)]),
        "max": np.stack([row[kept].max(0) for row, kept in zip(values, mask, strict=True)]),
        "first": values[:, 0],
        "last": np.stack([values[0, 2], values[1, 5]]),
    }
    for mode, expected in by_hand.items():
        np.testing.assert_allclose(numpy(TokenPooling(mode)(values, mask=mask)), expected, rtol=1e-5)
    unmasked = {"avg": values.mean(1), "max": values.max(1), "first": values[:, 0], "last": values[:, -1]}
    for mode, expected in unmasked.items():
        np.testing.assert_allclose(numpy(TokenPooling(mode)(values)), expected, rtol=1e-5)


@pytest.mark.parametrize("pooling", ["avg", "max", "first", "last"])
def test_padding_does_not_change_the_class_of_a_sequence(pooling):
    model = build_model(tokens(), Classification(3, pooling=pooling))
    longer = build_model(tokens(), Classification(3, pooling=pooling))
    longer.set_weights(model.get_weights())
    short = np.array([[3, 5, 1, 0, 0, 0]])
    other = model.get_layer("words").layers[-1]
    table = other.get_weights()[0]
    table[0] += 100.0  # what is masked is not seen
    longer.get_layer("words").layers[-1].set_weights([table])
    np.testing.assert_allclose(longer.predict(short, verbose=0), model.predict(short, verbose=0), rtol=1e-5)


def test_token_classification_counts_what_is_not_masked():
    model = build_model(tokens(), TokenClassification(5, dropout=0))
    labels = np.arange(12).reshape(2, 6) % 5
    model.compile("sgd", heads_losses(model), metrics=heads_metrics(model))
    logs = model.evaluate(WORDS, labels, verbose=0, return_dict=True)
    predicted, kept = model.predict(WORDS, verbose=0), WORDS != 0
    assert predicted.shape == (2, 6, 5)
    chosen = np.take_along_axis(predicted, labels[..., None], -1)[..., 0]
    assert logs["loss"] == pytest.approx(-np.log(chosen[kept]).mean(), rel=1e-5)
    assert logs["accuracy"] == pytest.approx((predicted.argmax(-1) == labels)[kept].mean())


def test_pooling_of_long_or_wholly_masked_sequences():
    long = np.full((1, 1000, 2), 100.0)
    found = TokenPooling("avg", dtype="mixed_float16")(long, mask=np.ones((1, 1000), bool))
    np.testing.assert_allclose(numpy(keras.ops.cast(found, "float32")), [[100, 100]])
    nothing = np.zeros((1, 3), bool)
    for mode in ("avg", "max", "last"):
        np.testing.assert_array_equal(numpy(TokenPooling(mode)(np.ones((1, 3, 2)), mask=nothing)), [[0, 0]])


def test_numpys_integers_are_numbers_of_classes():
    head = Classification(np.int64(3), hidden=np.int64(4))
    assert head == Classification(3, hidden=4)
    assert {type(head.num_classes), type(head.hidden[0])} == {int}
    assert build_model(backbone(), np.int32(3)).output_shape == (None, 3)


# -- pixels


@pytest.mark.parametrize(("decoder", "size"), [("fpn", None), ("unet", 16)])
def test_segmentation_has_the_size_of_the_images(decoder, size, rng):
    model = build_model(backbone(size), Segmentation(3, decoder=decoder, filters=4))
    images = rng.uniform(size=(2, 16 if size else 20, 16 if size else 12, 3))
    found = model.predict(images, verbose=0)
    assert found.shape == (*images.shape[:3], 3)
    np.testing.assert_allclose(found.sum(-1), 1.0, rtol=1e-5)


def test_channels_first():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        images = x = keras.Input((3, 16, 16))
        for _ in range(3):
            x = layers.ZeroPadding2D(1)(x)
            x = layers.AveragePooling2D(2)(layers.Conv2D(4, 3)(x))
        model = build_model(keras.Model(images, x), {"a": 3, "b": Segmentation(2, filters=4, decoder="unet")})
        assert model.output["b"].shape == (None, 16, 16, 2)
        if keras.backend.backend() != "tensorflow":  # whose CPU kernels pool in channels_last only
            found = model.predict(np.ones((2, 3, 16, 16)), verbose=0)
            assert found["b"].shape == (2, 16, 16, 2)
    finally:
        keras.config.set_image_data_format(before)


def test_resize_to_is_bilinear():
    maps = np.array([[0.0, 1.0], [2.0, 3.0]])[None, :, :, None]
    found = numpy(ResizeTo()([maps, np.zeros((1, 4, 4, 7))]))[0, :, :, 0]
    np.testing.assert_allclose(found[0], [0, 0.25, 0.75, 1], atol=1e-6)  # half-pixel centres
    np.testing.assert_allclose(found[:, 0], [0, 0.5, 1.5, 2], atol=1e-6)


HEADS = [
    Classification(3, hidden=4, batch_norm=True),
    MultiLabel(2, logits=True),
    Regression.of([1.0, 2.0]),
    Regression(2, output_range=(0, 5)),
    Segmentation(1, decoder="unet", filters=4, loss_weight=0.5),
]


def test_a_saved_model_keeps_its_heads(tmp_path, images):
    model = build_model(backbone(), {f"h{index}": head for index, head in enumerate(HEADS)})
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert heads_of(loaded) == {f"h{index}": head for index, head in enumerate(HEADS)}
    before, after = model.predict(images, verbose=0), loaded.predict(images, verbose=0)
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Classification(0), ValueError, "num_classes, an integer of at least 1.*num_classes=0"),
        (lambda: Classification(2, pooling="sum"), ValueError, "pooling to be one of.*'sum'"),
        (lambda: Classification(2, dropout=1.0), ValueError, "dropout, a fraction.*1.0"),
        (lambda: Regression(output_range=(2, 1)), ValueError, "output_range=.low, high.*2, 1"),
        (lambda: Regression(mean=(1.0,)), ValueError, "mean and std together"),
        (lambda: Regression(2, mean=(1.0,), std=(1.0,)), ValueError, "each of 2 targets"),
        (lambda: Segmentation(2, decoder="deeplab"), ValueError, "'deeplab'"),
        (lambda: Crossentropy(0.1, ignore_class=1), ValueError, "not both"),
        (lambda: TokenPooling("sum"), ValueError, "'sum'"),
        (lambda: build_model(backbone(), "two"), TypeError, "a number of classes.*'two'"),
        (lambda: build_model(backbone(), {"net": 2}), ValueError, r"names of their own.*\['net'\]"),
        (lambda: build_model(backbone(), {}), ValueError, "no heads"),
        (lambda: build_model(keras.Sequential([layers.Dense(2)]), 2), TypeError, "no input shape yet"),
        (lambda: build_model(tokens(), Segmentation(2)), ValueError, "one input, of images"),
        (lambda: build_model(backbone(), TokenClassification(2)), ValueError, "batch, tokens, width"),
        (lambda: build_model(backbone(), Classification(2, pooling="first")), ValueError, "with sequences only"),
        (lambda: heads_losses(backbone()), ValueError, "whose outputs are heads"),
    ],
)
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
