"""layer_groups of trunks whose maps keep their size: groups are the blocks that repeat, as laid out here by hand."""

import keras
import keras_hub
import numpy as np
import pytest
from block_models import Block, Encoder, bert_like, each, isotropic, layers, mixer, parallel, paths, pre_norm, vit
from quick_networks import quick_initializers

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import finetune_optimizer, freeze_to, layer_groups
from kerasaug.transfer.feature_layers import group_output

hub = keras_hub.models


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with quick_initializers():
        yield


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
