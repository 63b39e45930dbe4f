"""layer_groups of trunks whose maps keep their size: groups are the blocks that repeat, as laid out here by hand."""

import keras
import keras_hub
import numpy as np
import pytest
from quick_networks import quick_initializers

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import finetune_optimizer, freeze_to, layer_groups
from kerasaug.transfer.feature_layers import group_output

layers, hub = keras.layers, keras_hub.models


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


def attention(x, name):
    return layers.MultiHeadAttention(1, 4, name=f"{name}_mha")(x, x)


def mlp(x, name):
    return layers.Dense(4, name=f"{name}_d2")(layers.Dense(8, name=f"{name}_d1")(x))


def pre_norm(x, name):
    x = layers.Add()([x, attention(layers.LayerNormalization(name=f"{name}_n1")(x), name)])
    return layers.Add()([x, mlp(layers.LayerNormalization(name=f"{name}_n2")(x), name)])


def post_norm(x, name):
    x = layers.LayerNormalization(name=f"{name}_n1")(layers.Add()([x, attention(x, name)]))
    return layers.LayerNormalization(name=f"{name}_n2")(layers.Add()([x, mlp(x, name)]))


def parallel(x, name):
    """Attention and MLP beside each other, with query, key and value of their own."""
    y = layers.LayerNormalization(name=f"{name}_n")(x)
    query, key, value = (layers.Dense(4, name=f"{name}_{part}")(y) for part in "qkv")
    return layers.Add()([x, layers.Attention()([query, value, key]), mlp(y, name)])


def mixer(x, name):
    y = layers.Permute((2, 1))(layers.LayerNormalization(name=f"{name}_n1")(x))
    y = layers.Dense(x.shape[1], name=f"{name}_t2")(layers.Dense(3, name=f"{name}_t1")(y))
    x = layers.Add()([x, layers.Permute((2, 1))(y)])
    return layers.Add()([x, mlp(layers.LayerNormalization(name=f"{name}_n2")(x), name)])


def convmixer(x, name):
    y = layers.BatchNormalization(name=f"{name}_n1")(layers.DepthwiseConv2D(3, padding="same", name=f"{name}_dw")(x))
    x = layers.Conv2D(4, 1, name=f"{name}_pw")(layers.Add()([x, y]))
    return layers.BatchNormalization(name=f"{name}_n2")(x)


def vit(block, count, prefix="b", classes=2):
    images = keras.Input((8, 8, 3))
    x = layers.Reshape((4, 4))(layers.Conv2D(4, 4, strides=4, name="patches")(images))
    for index in range(count):
        x = block(x, f"{prefix}{index + 1}")
    x = layers.LayerNormalization(name="last_norm")(x)
    return keras.Model(images, layers.Dense(classes, name="top")(layers.GlobalAveragePooling1D()(x)))


def bert_like(count):
    words = keras.Input((6,), dtype="int32")
    x = layers.LayerNormalization(name="word_norm")(layers.Embedding(9, 4, name="words")(words))
    for index in range(count):
        x = post_norm(layers.Dropout(0.1)(x), f"b{index + 1}")
    return keras.Model(words, layers.Dense(2, name="top")(x[:, 0]))


def isotropic(count):
    images = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="patch_norm")(layers.Conv2D(4, 2, strides=2, name="patches")(images))
    for index in range(count):
        x = convmixer(x, f"b{index + 1}")
    return keras.Model(images, layers.Dense(2, name="top")(layers.GlobalAveragePooling2D()(x)))


def paths(model, **arguments):
    """The groups as the beginnings of the names of top-level layers, which say where a layer belongs."""
    return {
        group.name: {weight.path.split("/")[0].split("_")[0] for weight in group.weights}
        for group in layer_groups(model, **arguments)
    }


def each(count):
    return {f"block{index}": {f"b{index}"} for index in range(1, count + 1)}


@pytest.mark.parametrize("block", [pre_norm, parallel, mixer])
def test_flat_blocks(block):
    found = paths(vit(block, 3))
    found["block3"].discard("last")  # the norm after the last block
    assert found == {"stem": {"patches"}} | each(3) | {"head": {"top"}}


def test_norm_after_the_last_block_is_with_it():
    groups = {group.name: [layer.name for layer in group.layers] for group in layer_groups(vit(pre_norm, 2))}
    assert "last_norm" in groups["block2"]


def test_post_norm_blocks_end_with_their_norm():
    assert paths(bert_like(3)) == {"stem": {"words", "word"}} | each(3) | {"head": {"top"}}


def test_isotropic_convolutions():
    assert paths(isotropic(3)) == {"stem": {"patches", "patch"}} | each(3) | {"head": {"top"}}


def test_a_block_alone_is_no_repetition():
    assert list(paths(vit(pre_norm, 1))) == ["stride4", "head"]


@pytest.mark.parametrize(
    ("blocks", "names"),
    [
        (6, ["stem", "blocks1-2", "block3", "block4", "block5", "block6", "block7", "head"]),
        (3, ["stem", "blocks1-3", "blocks4-5", "blocks6-7", "head"]),
        (1, ["stem", "blocks1-7", "head"]),
        ("each", ["stem", *(f"block{i}" for i in range(1, 8)), "head"]),
    ],
)
def test_number_of_groups(seven, blocks, names):
    assert list(paths(seven, blocks=blocks)) == names
    if blocks == 6:
        assert layer_groups(seven) == layer_groups(seven, blocks=6)


@pytest.fixture(scope="module")
def seven():
    return vit(mixer, 7)


@pytest.mark.parametrize("blocks", [0, "all", True])
def test_number_of_groups_is_checked(seven, blocks):
    with pytest.raises(ValueError, match="at least 1, or 'each'"):
        layer_groups(seven, blocks=blocks)


# -- layers made of layers


@keras.saving.register_keras_serializable("blocks")
class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm, self.low, self.high = layers.LayerNormalization(), layers.Dense(8), layers.Dense(4)

    def build(self, shape):
        self.gain = self.add_weight(shape=(), initializer="ones", name="gain")
        self.norm.build(shape)
        self.low.build(shape)
        self.high.build((*shape[:-1], 8))

    def call(self, x):
        return x + self.gain * self.high(self.low(self.norm(x)))


class Encoder(layers.Layer):
    """Everything inside one layer; `pooled` returns a vector."""

    def __init__(self, count, pooled=False, **kwargs):
        super().__init__(**kwargs)
        self.pooled, self.inside = pooled, [Block(name=f"b{index + 1}") for index in range(count)]
        self.embed, self.norm = layers.Dense(4, name="embed"), layers.LayerNormalization(name="norm")

    def build(self, shape):
        self.embed.build(shape)
        for one in (*self.inside, self.norm):
            one.build((*shape[:-1], 4))

    def call(self, x):
        x = self.embed(x)
        for block in self.inside:
            x = block(x)
        return self.norm(x)[:, 0] if self.pooled else self.norm(x)

    def compute_output_shape(self, shape):
        return (shape[0], 4) if self.pooled else (*shape[:-1], 4)


def test_sequential_of_custom_blocks():
    body = [Block(name=f"b{index + 1}") for index in range(3)]
    top = layers.Dense(2, name="top")
    groups = layer_groups(keras.Sequential([keras.Input((5, 4)), *body, layers.Flatten(), top]))
    assert [group.name for group in groups] == ["block1", "block2", "block3", "head"]
    assert [{id(w) for w in group.weights} for group in groups] == [
        {id(w) for w in one.weights} for one in (*body, top)
    ]


@pytest.mark.parametrize("pooled", [False, True])
def test_blocks_inside_one_layer(pooled):
    tokens = keras.Input((5, 3))
    vectors = Encoder(3, pooled, name="encoder")(tokens)
    vectors = vectors if pooled else layers.GlobalAveragePooling1D()(vectors)
    groups = layer_groups(keras.Model(tokens, layers.Dense(2, name="top")(vectors)))
    found = {group.name: [layer.name for layer in group.layers if layer.name[0] in "bet"] for group in groups}
    blocks = {name: found[name][:1] for name in ("block1", "block2", "block3")}
    assert blocks == {f"block{i}": [f"b{i}"] for i in (1, 2, 3)}
    assert found["head"] == ["top"]


# -- sequences


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_recurrent_stack(kind):
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 3, name="words")(words)
    cells = [kind(4, return_sequences=index < 2, name=f"b{index + 1}") for index in range(3)]
    for cell in cells:
        x = cell(x)
    groups = layer_groups(keras.Model(words, layers.Dense(2, name="top")(x)))
    assert [group.name for group in groups] == ["stem", "block1", "block2", "block3", "head"]
    assert [{id(w) for w in group.weights} for group in groups[1:4]] == [{id(w) for w in one.weights} for one in cells]


def test_convolutions_of_sequences_with_growing_filters():
    series = keras.Input((6, 2))
    x = series
    for index, filters in enumerate((3, 4, 5)):
        x = layers.Conv1D(filters, 3, padding="same", name=f"b{index + 1}_conv")(x)
        x = layers.ReLU()(layers.BatchNormalization(name=f"b{index + 1}_norm")(x))
    model = keras.Model(series, layers.Dense(2, name="top")(layers.GlobalMaxPooling1D()(x)))
    assert paths(model) == each(3) | {"head": {"top"}}


def test_convolutions_side_by_side_are_no_depth():
    words = keras.Input((6,), dtype="int32")
    x = layers.Embedding(9, 4, name="words")(words)
    x = layers.Concatenate()([layers.Conv1D(3, size, padding="same", name=f"c{size}")(x) for size in (2, 3, 4)])
    model = keras.Model(words, layers.Dense(2, name="top")(layers.GlobalMaxPooling1D()(x)))
    assert paths(model) == {"stride1": {"words", "c2", "c3", "c4"}, "head": {"top"}}


def test_towers_count_from_their_bottoms_and_logits_of_tokens_are_the_head():
    left, right = keras.Input((5, 4)), keras.Input((5, 4))
    x, y = left, right
    for index in range(2):
        x = pre_norm(x, f"l{index + 1}")
    for index in range(3):
        y = pre_norm(y, f"r{index + 1}")
    model = keras.Model([left, right], layers.Dense(3, name="top")(layers.Add()([x, y])))
    assert paths(model) == {"block1": {"l1", "r1"}, "block2": {"l2", "r2"}, "block3": {"r3"}, "head": {"top"}}


# -- weights that are shared


class Tied(layers.Layer):
    """Scores of words with an embedding's variable itself, and a bias."""

    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.table = embedding.embeddings
        self.bias = self.add_weight(shape=(9,), name="bias")

    def call(self, x):
        return keras.ops.matmul(x, keras.ops.transpose(self.table)) + self.bias


def test_tied_embeddings():
    words = keras.Input((6,), dtype="int32")
    by_variable, by_layer = (layers.Embedding(9, 4, name="words"), hub_embedding())
    for embedding, group in ((by_variable, "head"), (by_layer, "stem")):
        x = embedding(words)
        for index in range(2):
            x = post_norm(x, f"b{index + 1}")
        out = Tied(embedding, name="tied")(x) if group == "head" else embedding(x, reverse=True)
        model = keras.Model(words, layers.Softmax()(out))
        groups = layer_groups(model)
        check_all_once(model, groups)
        found = {one.name: one.layers for one in groups}
        assert embedding in found[group]
        assert any("b2_mha" in weight.path for weight in groups[-2 if group == "head" else -1].weights)


def hub_embedding():
    return keras_hub.layers.ReversibleEmbedding(9, 4, name="words2")


def check_all_once(model, groups):
    listed = [id(weight) for group in groups for weight in group.weights]
    assert sorted(listed) == sorted({id(weight) for weight in model.weights})


# -- KerasHub's


def hub_vit():
    backbone = hub.ViTBackbone((16, 16, 3), (8, 8), 3, 2, 4, 4)
    images = keras.Input((16, 16, 3))
    return keras.Model(images, layers.Dense(2, name="top")(layers.GlobalAveragePooling1D()(backbone(images))))


def hub_bert():
    backbone = hub.BertBackbone(20, 3, 1, 4, 4, max_sequence_length=8)
    inputs = {name: keras.Input((8,), dtype="int32", name=name) for name in backbone.input}
    return keras.Model(inputs, layers.Dense(2, name="top")(backbone(inputs)["pooled_output"]))


@pytest.mark.parametrize("make", [hub_vit, hub_bert])
def test_kerashub(make):
    model = make()
    groups = layer_groups(model)
    check_all_once(model, groups)
    assert [group.name for group in groups] == ["stem", "block1", "block2", "block3", "head"]
    assert [len(group.weights) for group in groups[1:3]] == [16, 16]
    assert {weight.path.split("/")[0] for weight in groups[-1].weights} <= {"top", "pooled_dense"}


def test_decoder_follows_encoder():
    """BART's two sequences; DeBERTa's table of positions is longer than its sequences."""
    names = ["stem", *(f"block{index}" for index in range(1, 5))]
    backbone = hub.BartBackbone(20, 2, 1, 4, 4, max_sequence_length=8)
    groups = layer_groups(backbone)
    check_all_once(backbone, groups)
    assert [group.name for group in groups] == names
    decoders = {id(w) for layer in backbone.layers if "decoder_layer" in layer.name for w in layer.weights}
    assert decoders == {id(w) for group in groups[3:] for w in group.weights}


def test_relative_positions():
    groups = layer_groups(hub.DebertaV3Backbone(20, 2, 1, 4, 4, max_sequence_length=8))
    assert [group.name for group in groups] == ["stem", "block1", "block2"]


# -- in use


def test_features_of_a_group_are_what_its_last_block_returns():
    """By hand: the second block's first norm takes the result of the first block; layers of layers return their own."""
    model = vit(pre_norm, 2)
    assert group_output(model, "block1").output is model.get_layer("b2_n1").input
    bert = hub.BertBackbone(20, 2, 1, 4, 4, max_sequence_length=8)
    assert group_output(bert, "block1") is bert.get_layer("transformer_layer_0")
    assert group_output(bert, "block2") is bert.get_layer("transformer_layer_1")
    encoder = Encoder(3, name="encoder")
    tokens = keras.Input((5, 3))
    inside = keras.Model(tokens, layers.Dense(2)(layers.GlobalAveragePooling1D()(encoder(tokens))))
    assert group_output(inside, "block2") is encoder.inside[1]


def test_freezing_rates_and_gradual_unfreezing():
    keras.utils.set_random_seed(0)
    model = vit(mixer, 3)
    assert freeze_to(model, 2) == ["block2", "block3", "head"]
    assert {v.path.split("_")[0].split("/")[0] for v in model.trainable_variables} == {"b2", "b3", "last", "top"}
    freeze_to(model, 0)
    optimizer = finetune_optimizer(keras.optimizers.SGD(0.1), model, layer_decay=0.75)
    np.testing.assert_allclose(optimizer.group_multipliers, 0.75 ** np.arange(4, -1, -1), rtol=1e-6)
    model.compile(optimizer, "mse", jit_compile=False)
    before = model.get_weights()
    data = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype("float32"), np.ones((4, 2), "float32")
    callback = GradualUnfreezing(schedule={0: -1, 1: -2}, warmup_steps=0)
    assert model.fit(*data, epochs=2, verbose=0, callbacks=[callback]).history["unfrozen_groups"] == [1, 2]
    pairs = zip(model.weights, before, model.get_weights(), strict=True)
    moved = {w.path.split("_")[0].split("/")[0] for w, old, new in pairs if not np.array_equal(old, new)}
    assert moved == {"b3", "last", "top"}
