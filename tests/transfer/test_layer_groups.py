"""layer_groups and freeze_to on every kind of model."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import LayerGroup, bitfit, build_classifier, freeze, freeze_to, layer_groups, unfreeze
from kerasaug.transfer.walk import owners, thawed

layers = keras.layers


def squeeze_excite(x, name):
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(x.shape[-1], 1, activation="sigmoid", name=f"{name}_gate")(gate)
    return layers.Multiply()([x, gate])


def backbone(size=32, name="net"):
    """Stride 2, 4 (with a gate and a shortcut), 8."""
    images = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(4, 3, strides=2, padding="same", name="stem")(x)
    x = layers.BatchNormalization(name="stem_bn")(x)
    short = layers.Conv2D(6, 1, strides=2, padding="same", name="short")(x)
    x = layers.Conv2D(6, 3, strides=2, padding="same", name="b1")(x)
    x = layers.BatchNormalization(name="b1_bn")(x)
    x = layers.Add()([squeeze_excite(x, "b1"), short])
    x = layers.Conv2D(8, 3, strides=2, padding="same", name="b2")(x)
    x = squeeze_excite(x, "b2")
    x = layers.LayerNormalization(name="b2_ln")(x)
    return keras.Model(images, x, name=name)


def flat_classifier():
    body = backbone()
    x = layers.GlobalAveragePooling2D()(body.output)
    x = layers.Dense(5, name="hidden")(x)
    return keras.Model(body.input, layers.Dense(3, name="top")(x))


def wrapped():
    class Wrapper(keras.Model):
        def __init__(self, model):
            super().__init__()
            self.model = model
            self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False, name="steps")
            self.built = True

        def call(self, x, training=None):
            return self.model(x, training=training)

    return Wrapper(build_classifier(backbone(), 3))


def names(groups):
    return {group.name: {layer.name for layer in group.layers} for group in groups}


BODY = {
    "stride2": {"stem", "stem_bn"},
    "stride4": {"short", "b1", "b1_bn", "b1_gate"},
    "stride8": {"b2", "b2_gate", "b2_ln"},
}
MODELS = {
    "flat": (flat_classifier, {"hidden", "top"}),
    "nested": (lambda: build_classifier(backbone(), 3), {"head"}),
    "twice nested": (lambda: build_classifier(keras.Sequential([keras.Input((32, 32, 3)), backbone()]), 3), {"head"}),
    "unknown size": (lambda: build_classifier(backbone(None), 3), {"head"}),
}


@pytest.mark.parametrize("kind", MODELS)
def test_groups_by_stride(kind):
    make, head = MODELS[kind]
    groups = layer_groups(make())
    assert [group.name for group in groups] == ["stride2", "stride4", "stride8", "head"]
    assert names(groups) == BODY | {"head": head}


def test_backbone_alone_has_no_head():
    assert names(layer_groups(backbone())) == BODY


def test_wrapper_joins_its_own_weight():
    groups = layer_groups(wrapped())
    assert [group.name for group in groups] == ["stride2", "stride4", "stride8", "head"]
    assert {"stem", "stem_bn"} < names(groups)["stride2"]


@pytest.mark.parametrize("make", [flat_classifier, wrapped, lambda: build_classifier(backbone(), 3)])
def test_every_weight_is_in_exactly_one_group(make):
    model = make()
    listed = [id(weight) for group in layer_groups(model) for weight in group.weights]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(weight) for weight in model.weights}


def test_dense_stack_has_a_group_per_layer():
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, name="a"), layers.BatchNormalization(name="n"), layers.Dense(2, name="b")]
    )
    assert names(layer_groups(model)) == {"block1": {"a", "n"}, "head": {"b"}}


def test_convolutional_top():
    images = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, strides=2, name="body")(images)
    x = layers.Conv2D(3, 1, name="preds")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    assert names(layer_groups(keras.Model(images, layers.Flatten()(x)))) == {"stride2": {"body"}, "head": {"preds"}}


class Block(keras.layers.Layer):
    """A layer made of layers, with a weight of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.conv = layers.Conv2D(4, 3, strides=2, padding="same", name="conv")
        self.norm = layers.BatchNormalization(name="norm")

    def build(self, shape):
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
        self.conv.build(shape)
        self.norm.build(self.conv.compute_output_shape(shape))

    def call(self, x, training=None):
        return self.norm(self.conv(x), training=training) * self.gain


def block_model():
    images = keras.Input((16, 16, 3))
    x = Block(name="second")(Block(name="first")(images))
    return keras.Model(images, layers.Dense(2, name="top")(layers.GlobalMaxPooling2D()(x)))


def test_layers_inside_layers():
    model = block_model()
    groups = layer_groups(model)
    assert [(group.name, [layer.name for layer in group.layers]) for group in groups] == [
        ("stride2", ["first", "conv", "norm"]),
        ("stride4", ["second", "conv", "norm"]),
        ("head", ["top"]),
    ]
    freeze_to(model, 1)
    assert [v.path for v in model.trainable_variables] == [
        weight.path
        for layer in (model.layers[2], model.layers[2].conv, model.layers[-1])
        for weight in ([layer.gain] if isinstance(layer, Block) else layer.weights)
    ]
    freeze_to(model, 0, freeze_bn=False)
    assert len(model.trainable_variables) == len(model.weights) - 4  # all but the moving statistics
    freeze_to(model, 3)
    assert model.trainable_variables == []


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.low, self.high = layers.Dense(3, name="low"), layers.Dense(2, name="high")

    def call(self, x):
        return self.high(self.low(x))


def test_subclassed_model_needs_a_splitter():
    model = Subclassed()
    with pytest.raises(ValueError, match="expected a built model"):
        layer_groups(model)
    model(np.ones((1, 4), "float32"))
    with pytest.raises(ValueError, match=r"`groups=layer_groups\(model, splitter\)`.*`splitter=`"):
        layer_groups(model)
    expected = {"group0": {"low"}, "head": {"high"}}
    assert names(layer_groups(model, lambda m: [[m.low], m.high])) == expected
    assert names(layer_groups(model, lambda m: [LayerGroup("group0", (m.low,)), [m.high]])) == expected
    assert names(layer_groups(model, lambda m: {"x": m.low, "y": [m.high]})) == {"x": {"low"}, "y": {"high"}}


def test_splitter_takes_containers_and_is_checked():
    model = build_classifier(backbone(), 3)
    groups = layer_groups(model, lambda m: [[m.get_layer("net")], [m.get_layer("head")]])
    assert names(groups)["group0"] == set().union(*BODY.values())
    with pytest.raises(ValueError, match=r"exactly one group.*head/kernel \(0 times\)"):
        layer_groups(model, lambda m: [[m.get_layer("net")]])
    with pytest.raises(ValueError, match=r"stem/kernel \(2 times\)"):
        layer_groups(model, lambda m: [m.get_layer("net"), [m.get_layer("net").get_layer("stem")], m.get_layer("head")])


# -- freezing


@pytest.mark.parametrize(
    ("n", "trainable"),
    [
        (-1, ["head"]),
        (-2, ["stride8", "head"]),
        (1, ["stride4", "stride8", "head"]),
        (0, ["stride2", "stride4", "stride8", "head"]),
        (4, []),
    ],
)
def test_freeze_to(n, trainable):
    model = build_classifier(backbone(), 3)
    assert freeze_to(model, n, freeze_bn=False) == trainable
    groups = layer_groups(model)
    with thawed(model):
        movable = {id(v) for v in model.trainable_variables}
    expected = {id(w) for g in groups if g.name in trainable for w in g.weights} & movable
    assert {id(v) for v in model.trainable_variables} == expected


def test_freeze_unfreeze_and_batch_normalization():
    model = build_classifier(backbone(), 3)
    model.trainable = False  # by hand, at the top
    assert unfreeze(model) == ["stride2", "stride4", "stride8", "head"]
    assert len(model.trainable_variables) == 16  # seven layers and the head, kernel and bias (or gamma and beta)
    flags = {layer.name: layer.trainable for layer in owners(model)}
    assert {name for name, flag in flags.items() if not flag} == {"stem_bn", "b1_bn"}
    unfreeze(model, freeze_bn=False)
    assert all(layer.trainable for layer in owners(model))
    assert freeze(model) == ["head"]
    assert [v.path.split("/")[-2:] for v in model.trainable_variables] == [["head", "kernel"], ["head", "bias"]]


def test_frozen_model_is_the_same_after_saving(tmp_path):
    model = build_classifier(backbone(), 3)
    model.get_layer("net").trainable = False
    freeze_to(model, -2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [layer.trainable for layer in owners(loaded)] == [layer.trainable for layer in owners(model)]


def test_thawed_restores_every_flag():
    model = block_model()
    freeze_to(model, -2)
    before = [variable.trainable for variable in model.variables]
    with thawed(model):
        inside = [variable.trainable for variable in model.variables]
    assert [variable.trainable for variable in model.variables] == before
    assert sum(inside) == len(model.weights) - 4


def test_index_out_of_range():
    with pytest.raises(ValueError, match=r"4 layer groups.*n=5"):
        freeze_to(build_classifier(backbone(), 3), 5)


class Tied(keras.layers.Layer):
    """Logits from the matrix of an embedding, which stands below in the graph and is not inside this layer."""

    def __init__(self, embedding):
        super().__init__(name="tied")
        self.__dict__["_embedding"] = embedding

    def build(self, shape):
        self.matrix = self.__dict__["_embedding"].embeddings
        self.bias = self.add_weight(shape=(10,), name="bias")

    def call(self, x):
        return keras.ops.matmul(x, keras.ops.transpose(self.matrix)) + self.bias


def test_splitter_divides_layers_with_a_tied_weight():
    embedding, body = keras.layers.Embedding(10, 4), keras.layers.Dense(4)
    top = Tied(embedding)
    tokens = keras.Input((5,), dtype="int32")
    model = keras.Model(tokens, top(body(embedding(tokens))))
    groups = layer_groups(model, lambda model: [[embedding], [body], [top]])
    assert [len(group.weights) for group in groups] == [0, 2, 2]
    assert [group.layers for group in groups] == [(embedding,), (body,), (top,)]
    freeze_to(model, -1, groups)
    assert {id(weight) for weight in model.trainable_weights} == {id(weight) for weight in groups[-1].weights}
    freeze_to(model, 3, groups)
    assert model.trainable_weights == []
    biases = {id(body.bias), id(top.bias)}
    bitfit(model, head=False)
    unfreeze(model, groups)
    assert {id(weight) for weight in model.trainable_weights} == biases  # the matrix stays held
    with pytest.raises(ValueError, match=r"bias \(2 times\)"):
        layer_groups(model, lambda model: [[embedding, body], [body, top]])
