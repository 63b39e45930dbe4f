"""transfer_weights against weights compared one by one."""

import re

import keras
import numpy as np
import pytest
from filled_models import backbone, dense, filled, layers, moved, same

from kerasaug.transfer import build_classifier, transfer_weights


def deep(model):
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Rescaling(1.0), keras.Sequential([model]), layers.Flatten()]
    )


@pytest.fixture(scope="module")
def source():
    return filled(build_classifier(backbone(), 10))


def test_wrappers_around_either_side_change_nothing(source):
    net = source.get_layer("net")
    for inner, outer in (((a := backbone()), deep(a)), ((b := backbone(name="other")), build_classifier(b, 10))):
        report = moved(source, outer, mapping={"head": None})
        assert same(inner, net)
        assert {row.rule for row in report.loaded} == {"name"}
        assert len(report.loaded) == 12  # two convolutions, two normalisations with their statistics
    back = backbone()
    assert {row.layer for row in moved(source, back).unused} == {"head"}
    assert same(back, net)


def test_the_report_counts_what_was_and_was_not_loaded(source, capsys):
    target = build_classifier(backbone(), 3)
    old_head = target.get_layer("head").get_weights()
    report = transfer_weights(source, target)
    for before, after in zip(old_head, target.get_layer("head").get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert [(row.layer, row.weight, row.source_shape, row.shape) for row in report.mismatched] == [
        ("head", "kernel", (6, 10), (6, 3)),
        ("head", "bias", (10,), (3,)),
    ]
    assert report.missing == report.unused == ()
    body = source.get_layer("net").count_params()
    assert (report.loaded_parameters, report.target_parameters) == (body, target.count_params())
    assert report.share == body / (body + 21)
    printed = capsys.readouterr().out
    assert "kernel (6, 10) → (6, 3)" in re.sub(r"\s+", " ", printed)
    assert f"{body} of {body + 21} parameters" in printed
    assert "stem" not in printed
    report.print(everything=True)
    assert "stem_bn" in capsys.readouterr().out


def test_a_layer_that_fits_in_part_is_left_whole():
    one = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="only"), layers.Dense(2, name="end")])
    other = keras.Sequential([keras.Input((5,)), layers.Dense(3, name="only"), layers.Dense(2, name="end")])
    before = other.layers[0].get_weights()
    report = moved(filled(one), other)
    np.testing.assert_array_equal(before[1], other.layers[0].get_weights()[1])  # the biases would have fitted
    assert [row.weight for row in report.mismatched] == ["kernel", "bias"]


def test_numbers_of_keras_s_names_mean_nothing():
    """By plain names the second layer of one would be the first of the other."""
    keras.utils.clear_session(free_memory=False)
    first = filled(dense(4, 4, 4))  # dense, dense_1, dense_2
    keras.utils.clear_session(free_memory=False)
    layers.Dense(1)
    second = dense(4, 4, 4)  # dense_1, dense_2, dense_3
    report = moved(first, second)
    assert same(first, second)
    assert {row.rule for row in report.loaded} == {"order"}
    literal = moved(first, dense_copy := second, by="name")
    assert len(literal.loaded) == 4
    np.testing.assert_array_equal(dense_copy.layers[0].kernel, first.layers[1].kernel)


def test_layers_in_between_and_a_new_end_are_found_by_order():
    first, second = filled(dense(8, 6, 5, 10)), dense(8, 7, 6, 5, 3)
    report = moved(first, second)
    np.testing.assert_array_equal(first.layers[0].kernel, second.layers[0].kernel)
    assert [row.source_shape for row in report.mismatched] == []  # the one inserted makes 8→6 another shape
    assert {row.layer for row in report.missing} == {second.layers[i].name for i in (1, 2, 4)}
    np.testing.assert_array_equal(first.layers[2].kernel, second.layers[3].kernel)


def test_two_encoders_with_keras_s_names_are_kept_apart():
    def pair(order):
        inputs = [keras.Input((4,), name=f"{name}_input") for name in order]
        return keras.Model(inputs, [named(name)(x) for name, x in zip(order, inputs, strict=True)])

    def named(name):
        return keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(3)], name=name)

    first, second = filled(pair(["text", "image"])), pair(["image", "text"])
    moved(first, second)
    for name in ("text", "image"):
        assert same(first.get_layer(name), second.get_layer(name))


def test_names_nobody_shares_are_matched_by_shape_on_request(source):
    net, other = source.get_layer("net"), backbone(named=False)
    with pytest.raises(ValueError, match=r"no weight that could be loaded(.|\n)*by='shape'"):
        moved(net, other)
    assert {row.rule for row in moved(net, other, by="shape").loaded} == {"shape"}
    assert same(net, other)


class Subclassed(keras.Model):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.attention = layers.MultiHeadAttention(2, 3)
        self.recurrent = layers.Bidirectional(layers.LSTM(2))
        self.scale = self.add_weight(shape=(), name="scale")

    def build(self, shape):
        self.attention.build(shape, shape)
        self.recurrent.build(shape)

    def call(self, x):
        return self.recurrent(self.attention(x, x)) * self.scale


def test_subclassed_models_attention_and_recurrent_layers():
    first, second = Subclassed(), Subclassed()
    for model in (first, second):
        model.build((None, 5, 4))
    wrapped = moved(filled(first), keras.Sequential([keras.Input((5, 4)), second]))
    assert [row.weight for row in wrapped.missing] == ["scale"]  # of the model itself, which has no name there
    for one, other in zip(first.layers, second.layers, strict=True):
        assert same(one, other)
    assert moved(first, second).complete
    assert same(first, second)


MAPPINGS = {
    "dict": {"net": "other/deep", "net/stem_bn": "other/deep/first_bn", "net/stem": "other/deep/first"},
    "function": lambda path: path.replace("net/", "other/deep/").replace("stem", "first"),
    "patterns": [(r"^net/", "other/deep/"), ("stem", "first")],
}


@pytest.mark.parametrize("kind", MAPPINGS)
def test_mapping(kind, source):
    net = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="first"),
            layers.BatchNormalization(name="first_bn"),
            layers.Conv2D(6, 3, name="body"),
            layers.BatchNormalization(name="body_bn"),
        ],
        name="deep",
    )
    target = keras.Sequential([keras.Input((8, 8, 3)), keras.Sequential([net], name="other")])
    report = moved(source, target, mapping=MAPPINGS[kind])
    assert len(report.loaded) == 12
    assert {row.layer for row in report.unused} == {"head"}
    assert same(net, source.get_layer("net"))


@pytest.mark.parametrize("channels", [1, 4, 6])
@pytest.mark.parametrize("how", ["sum", "mean"])
def test_another_number_of_input_channels(channels, how, source):
    target = backbone(channels)
    assert moved(source, target).share < 1
    report = moved(source, target, adapt_input=how)
    kernel = source.get_layer("net").get_layer("stem").get_weights()[0]
    if channels == 1:
        expected = kernel.sum(2, keepdims=True)
    elif how == "sum":  # timm's adapt_input_conv
        repeats = -(-channels // 3)
        expected = np.tile(kernel, (1, 1, repeats, 1))[:, :, :channels] * (3 / channels)
    else:
        expected = np.repeat(kernel.sum(2, keepdims=True) / channels, channels, 2)
    np.testing.assert_allclose(target.get_layer("stem").get_weights()[0], expected, rtol=1e-6)
    assert [(row.layer, row.weight) for row in report.loaded if row.adapted] == [("stem", "kernel")]
    assert "adapted" in str(report)


def test_only_the_first_convolution_is_adapted(source):
    report = moved(source, backbone(width=5), adapt_input="sum")
    assert {row.layer for row in report.mismatched} == {"stem", "stem_bn", "body"}


def test_the_values_are_copies(source):
    target = build_classifier(backbone(), 10)
    moved(source, target)
    before = source.get_weights()
    target.compile("sgd", "mse")
    target.fit(np.ones((2, 8, 8, 3)), np.ones((2, 10)), verbose=0)  # JAX's step gives the buffers of its arguments away
    assert not same(source, target)
    for old, new in zip(before, source.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_normalization_computes_with_what_it_got():
    def model():
        return keras.Sequential([keras.Input((2,)), layers.Normalization(name="norm"), layers.Dense(1, name="end")])

    first, second = model(), model()
    first.layers[0].adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
    moved(first, second)
    x = np.array([[2.0, 5.0]])
    np.testing.assert_allclose(second.predict(x, verbose=0), first.predict(x, verbose=0), rtol=1e-5)


def test_other_dtypes(source):
    half = build_classifier(backbone(), 10)
    half = keras.models.clone_model(half, clone_function=lambda layer: recast(layer))
    assert moved(source, half).complete
    stem = source.get_layer("net").get_layer("stem").get_weights()[0]
    found = half.get_layer("net").get_layer("stem").kernel
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(keras.ops.cast(found, "float32")), stem, rtol=1e-2)


def recast(layer):
    if isinstance(layer, keras.Model):
        return keras.models.clone_model(layer, clone_function=recast)
    return type(layer).from_config({**layer.get_config(), "dtype": "bfloat16"})


@pytest.mark.parametrize(
    ("kind", "without"), [(layers.Dense, {"use_bias": False}), (layers.BatchNormalization, {"scale": False})]
)
def test_a_layer_whose_source_lacks_a_weight_is_loaded_in_part(kind, without):
    arguments = (4,) if kind is layers.Dense else ()
    one, other = (
        keras.Sequential([keras.Input((4,)), kind(*arguments, name="part", **given)]) for given in (without, {})
    )
    report = moved(filled(one), other)
    assert report.partial == ("part",)
    assert "loaded in part: part" in report.summary()
    assert [row.weight for row in report.missing] == ["bias" if kind is layers.Dense else "gamma"]
    assert moved(other, one).partial == ()
