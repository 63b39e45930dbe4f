"""layer_groups of networks for sequences: recurrent, convolutional, tied embeddings, and KerasHub's."""

import keras
import keras_hub
import pytest
from block_models import check_all_once, each, layers, paths, post_norm, pre_norm
from quick_networks import quick_initializers

from kerasaug.transfer import layer_groups

hub = keras_hub.models


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


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
