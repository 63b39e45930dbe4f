"""ContextualReplacement: proposals against NumPy's of the same logits, and the model that makes them."""

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, to_numpy, uncompiled
from sequence_cases import masked_model

import kerasaug
from kerasaug.layers import ContextualReplacement

IDS = np.array([[1, 10, 11, 12, 13, 2, 0, 0], [1, 20, 21, 22, 23, 24, 25, 2]], "int32")
MASK = 4
SPECIAL = [1, 2]


def proposed(logits, own, unit, barred, top_k, temperature):
    """One of the best of a row of logits, by the first place where the summed odds exceed a number."""
    logits = logits.astype("float64")
    logits[[*barred, own]] = -np.inf
    best = np.argsort(-logits, kind="stable")[:top_k]
    odds = np.exp((logits[best] - logits[best[0]]) / temperature)
    return best[np.argmax(np.cumsum(odds / odds.sum()) > unit)]


@pytest.mark.parametrize("most", [None, 2])
@uncompiled()
def test_proposals_are_those_of_the_model_for_masked_tokens(most):
    rng, model = np.random.default_rng(1), masked_model()
    taken, unit = rng.random(IDS.shape) < 0.6, rng.random(IDS.shape).astype("float32")
    arguments = {"top_k": 5, "temperature": 0.7, "max_replacements": most}
    layer = ContextualReplacement(0.5, model, MASK, special_token_ids=SPECIAL, skip_list=[11, 30], **arguments)
    result = to_numpy(layer.apply({"token_ids": IDS, "file": "a"}, {"taken": taken, "unit": unit}))["token_ids"]
    taken &= (IDS >= 10) & (IDS != 11)
    taken &= np.cumsum(taken, axis=1) <= (most or 9)
    logits = to_numpy(model({"token_ids": np.where(taken, MASK, IDS), "padding_mask": (IDS > 0) * 1}))
    expected = IDS.copy()
    for i, j in np.argwhere(taken):
        expected[i, j] = proposed(logits[i, j], IDS[i, j], unit[i, j], [0, 1, 2, MASK, 11, 30], 5, 0.7)
    np.testing.assert_array_equal(result, expected)
    assert (result != IDS).sum() == taken.sum() > 2


@uncompiled()
def test_draws_follow_the_odds_of_the_best():
    model = masked_model()
    data = {"token_ids": np.repeat(IDS[:1], 3000, axis=0)}
    layer = ContextualReplacement(1.0, model, MASK, 3, 8.0, max_replacements=1, special_token_ids=SPECIAL, seed=3)
    ids = to_numpy(layer(data))["token_ids"]
    place = np.argmax(ids != IDS[:1], axis=1)
    counts = np.unique(ids[place == 1, 1], return_counts=True)[1]
    masked = IDS[:1].copy()
    masked[0, 1] = MASK
    logits = to_numpy(model({"token_ids": masked, "padding_mask": (masked > 0) * 1}))[0, 1]
    logits[[0, 1, 2, MASK, 10]] = -np.inf
    best = np.sort(logits)[-3:] / 8.0
    odds = np.exp(best - best.max()) / np.exp(best - best.max()).sum()
    np.testing.assert_allclose(np.sort(counts), np.sort(odds) * counts.sum(), atol=4 * np.sqrt(counts.sum() / 4))
    assert (ids != IDS[:1]).sum(axis=1).tolist() == [1] * 3000


def test_weights_that_change_after_a_call_are_those_that_propose():
    """A compiled function of JAX would hold them as they were."""
    model = masked_model()
    layer = ContextualReplacement(1.0, model, MASK, top_k=1, special_token_ids=SPECIAL)
    params = {"taken": np.ones(IDS.shape), "unit": np.zeros(IDS.shape)}
    first = to_numpy(layer.apply(IDS, params))
    model.set_weights([weight[..., ::-1] for weight in model.get_weights()])
    second = to_numpy(layer.apply(IDS, params))
    fresh = ContextualReplacement(1.0, model, MASK, top_k=1, special_token_ids=SPECIAL)
    np.testing.assert_array_equal(to_numpy(fresh.apply(IDS, params)), second)
    assert (first != second).any()


def test_it_is_frozen_in_training_and_saved_once(tmp_path):
    model = masked_model()
    before = model.get_weights()
    layer = ContextualReplacement(0.5, model, MASK, max_replacements=2, special_token_ids=SPECIAL, seed=1)
    ids = keras.Input((8,), dtype="int32", name="token_ids")
    network = keras.Model({"token_ids": ids}, keras.layers.Embedding(40, 3)(ids))
    whole = kerasaug.AugmentedModel(network, layer, keys={"token_labels": "y"})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    whole.compile(keras.optimizers.Adam(0.1), loss, jit_compile=BACKEND != "torch")
    history = whole.fit(
        {"token_ids": np.repeat(IDS, 2, axis=0)}, np.repeat(IDS, 2, axis=0) % 3, batch_size=2, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()
    assert [one.path for one in whole.trainable_variables] == [one.path for one in network.trainable_variables]
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    size = sum(weight.size for weight in before)
    assert layer.count_params() == size
    whole.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").pipeline
    assert not loaded.trainable_variables
    with uncompiled():
        params = layer.draw(IDS, seed=2)
        np.testing.assert_array_equal(to_numpy(loaded.apply(IDS, params)), to_numpy(layer.apply(IDS, params)))


@uncompiled()
def test_a_masked_language_model_of_keras_hub_is_given_the_positions_of_masks():
    hub = pytest.importorskip("keras_hub")
    sizes = {"num_layers": 1, "num_heads": 2, "hidden_dim": 4, "intermediate_dim": 4, "max_sequence_length": 8}
    backbone = hub.models.BertBackbone(vocabulary_size=40, dropout=0.1, **sizes)
    model = hub.models.BertMaskedLM(backbone=backbone)
    layer = ContextualReplacement(1.0, model, MASK, top_k=1, max_replacements=3, special_token_ids=SPECIAL)
    result = to_numpy(layer.apply(IDS, {"taken": np.ones(IDS.shape), "unit": np.zeros(IDS.shape)}))
    masked = IDS.copy()
    masked[:, 1:4] = MASK
    inputs = {"token_ids": masked, "padding_mask": (IDS > 0) * 1, "segment_ids": IDS * 0}
    logits = to_numpy(model({**inputs, "mask_positions": np.array([[1, 2, 3]] * 2)}, training=False))
    for i, j in np.ndindex(2, 3):
        assert result[i, j + 1] == proposed(logits[i, j], IDS[i, j + 1], 0.0, [0, 1, 2, MASK], 1, 1.0)
    np.testing.assert_array_equal(result[:, 4:], IDS[:, 4:])
    with pytest.raises(ValueError, match="expects max_replacements with a model that takes mask_positions"):
        ContextualReplacement(1.0, model, MASK)


def plain_call(model, inputs):
    return model(inputs["token_ids"], training=False)


@uncompiled()
def test_models_of_one_tensor_and_adapters_are_called_as_they_are():
    model = keras.Sequential(
        [keras.Input((None,), dtype="int32"), keras.layers.Embedding(40, 4), keras.layers.Dense(40)]
    )
    layers = [ContextualReplacement(1.0, model, MASK, 3, adapter=one) for one in (None, plain_call)]
    params = layers[0].draw(IDS, seed=1)
    one, other = (to_numpy(layer.apply(IDS, params)) for layer in layers)
    np.testing.assert_array_equal(one, other)
    assert (one != IDS).any()


def test_what_is_no_masked_language_model_is_named():
    embedding = keras.Sequential([keras.layers.Embedding(40, 4)])
    with pytest.raises(TypeError, match=r"expects model, a keras.Model. Received: model=str"):
        ContextualReplacement(1.0, "bert", MASK)
    with pytest.raises(ValueError, match="expects a model that is built"):
        ContextualReplacement(1.0, embedding, MASK)
    ids = keras.Input((8,), dtype="int32", name="words")
    model = keras.Model({"words": ids}, keras.layers.Embedding(40, 3)(ids))
    with pytest.raises(ValueError, match=r"takes some of \['token_ids'.*one that takes \['words'\].*adapter"):
        ContextualReplacement(1.0, model, MASK)
    flat = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    with uncompiled(), pytest.raises(ValueError, match=r"expects logits.*\(2, 4\)"):
        ContextualReplacement(1.0, flat, MASK)(IDS)
    with pytest.raises(TypeError, match="expects adapter, a function"):
        ContextualReplacement(1.0, model, MASK, adapter=3)


@pytest.mark.skipif(BACKEND == "tensorflow", reason="there a map is the backend's own")
def test_a_map_on_another_backend_is_refused():
    tf = pytest.importorskip("tensorflow")
    layer = ContextualReplacement(1.0, masked_model(), MASK)
    with pytest.raises(RuntimeError, match=r"tf.data map.*AugmentedModel"):
        tf.data.Dataset.from_tensors(IDS).map(layer)


def fixed_call(model, inputs):
    """Logits that fall from id 0 on, wherever."""
    shape = (*keras.ops.shape(inputs["token_ids"]), 40)
    return keras.ops.broadcast_to(-keras.ops.arange(40, dtype="float32"), shape)


@uncompiled()
def test_neither_the_token_itself_nor_special_ones_are_proposed():
    arguments = {"top_k": 1, "adapter": fixed_call, "special_token_ids": SPECIAL, "skip_list": [3, 5]}
    layer = ContextualReplacement(1.0, masked_model(), MASK, **arguments)
    result = to_numpy(layer.apply(np.array([[1, 6, 7, 2, 0]]), {"taken": np.ones((1, 5)), "unit": np.zeros((1, 5))}))
    assert result.tolist() == [[1, 7, 6, 2, 0]]
