"""A masked language model trains on inputs alone: what the pipeline makes goes where it belongs."""

import keras
import numpy as np
import pytest
from contract_tools import BACKEND, compiled_backends, to_numpy

import kerasaug
from kerasaug.layers import RandomMasking

SIZE, LENGTH, MASK = 12, 8, 3
needs_compiler = pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")


def masking(**arguments):
    own = {"vocabulary_size": SIZE, "mask_selection_rate": 0.25, "mask_token_id": MASK, "special_token_ids": [1, 2]}
    return RandomMasking(**own | {"seed": 1} | arguments)


def sequences(count=16):
    """Each repeats one token: whatever is masked, another place tells."""
    ids = np.repeat(4 + np.arange(count)[:, None] % 8, LENGTH, axis=1).astype("int32")
    ids[:, 0], ids[:, -1] = 1, 2
    return {"token_ids": ids, "padding_mask": np.ones_like(ids)}


class AtPositions(keras.layers.Layer):
    """Takes the entries at some positions."""

    def call(self, vectors, positions):
        return keras.ops.take_along_axis(vectors, positions[..., None], axis=1)


def guesser():
    """Scores for each masked position, from the mean of all tokens and the token that stands there."""
    names = ("token_ids", "padding_mask", "mask_positions")
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    vectors = keras.layers.Embedding(SIZE, 16)(inputs["token_ids"])
    vectors = vectors + keras.layers.GlobalAveragePooling1D(keepdims=True)(vectors)
    there = AtPositions()(vectors, inputs["mask_positions"])
    return keras.Model(inputs, keras.layers.Dense(SIZE)(there))


def compiled(model, **arguments):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.05), loss, weighted_metrics=["accuracy"], **arguments)
    return model


@needs_compiler
def test_a_masked_language_model_learns_compiled_from_inputs_alone():
    model = compiled(kerasaug.AugmentedModel(guesser(), masking()), jit_compile=True)
    history = model.fit(sequences(), batch_size=8, epochs=12, verbose=0).history
    assert history["loss"][0] > 2.0
    assert history["loss"][-1] < 0.7
    assert history["accuracy"][-1] > 0.8
    assert model.jit_compile is True


def test_what_is_made_goes_where_it_belongs():
    data, model = sequences(), kerasaug.AugmentedModel(guesser(), masking())
    weights = np.arange(16, dtype="float32")
    x, y, sample_weight = to_numpy(model.augment((data, None, weights)))
    assert sorted(x) == ["mask_positions", "padding_mask", "token_ids"]
    assert y.shape == x["mask_positions"].shape == (16, 2)
    np.testing.assert_array_equal(y, np.take_along_axis(data["token_ids"], x["mask_positions"], axis=1))
    np.testing.assert_array_equal(sample_weight, np.repeat(weights[:, None], 2, axis=1))
    assert list(data) == ["token_ids", "padding_mask"]
    x, y, sample_weight = model.augment(data["token_ids"])
    assert sorted(x) == ["mask_positions", "token_ids"]
    labels = np.arange(16)
    x, y, sample_weight = model.augment((data, labels))
    assert y is labels
    assert sample_weight is None
    assert "mask_ids" in x
    x, y, _ = model.augment((data["token_ids"], labels))
    assert not isinstance(x, dict)


def test_evaluation_needs_masked_data_and_gets_it_from_the_dataset():
    tf = pytest.importorskip("tensorflow")
    models = [compiled(kerasaug.AugmentedModel(guesser(), masking()), run_eagerly=BACKEND == "torch") for _ in "ab"]
    model, other = models
    with pytest.raises(ValueError, match=r"AugmentedModel expects inputs.*mask_positions.*augment_dataset"):
        other.evaluate(sequences(), verbose=0)
    dataset = tf.data.Dataset.from_tensor_slices(sequences()).batch(8)
    held_out = kerasaug.augment_dataset(dataset, masking(), seed=3).cache()
    before = model.evaluate(held_out, verbose=0)
    assert before == model.evaluate(held_out, verbose=0)
    model.fit(dataset, epochs=12, validation_data=held_out, verbose=0)
    assert model.evaluate(held_out, verbose=0)[0] < before[0]


def test_labels_of_tokens_are_learned_too():
    network = keras.Sequential([keras.Input((LENGTH,), dtype="int32"), keras.layers.Embedding(SIZE, SIZE)])
    model = kerasaug.AugmentedModel(network, masking(targets="token_labels"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    model.compile(keras.optimizers.Adam(0.1), loss)
    x, y, weights = model.augment(sequences()["token_ids"])
    assert tuple(x.shape) == tuple(y.shape)
    assert ((to_numpy(y) != -100).sum(axis=1) == 2).all()
    assert weights is None
    losses = model.fit(sequences()["token_ids"], epochs=10, verbose=0).history["loss"]
    assert 0 < losses[-1] < losses[0] - 0.1
    with pytest.raises(ValueError, match=r"AugmentedModel expects y.*token_labels.*augment_dataset"):
        model.evaluate(sequences()["token_ids"], verbose=0)


def test_a_model_gets_the_inputs_it_has():
    """Keras takes the entries of a dict in the order of their names: one too many moves all behind it."""
    data = {**sequences(), "a_note": np.zeros((16, 1), "int32"), "word_ids": np.arange(LENGTH)[None].repeat(16, axis=0)}
    network = guesser()
    model = kerasaug.AugmentedModel(network, masking(unit="word", mask_selection_length=2))
    x = model.augment(data)[0]
    assert {"word_ids", "a_note"} < set(x)
    own = {name: x[name] for name in ("token_ids", "padding_mask", "mask_positions")}
    np.testing.assert_array_equal(to_numpy(model(x)), to_numpy(network(own)))


def test_data_that_is_masked_already_is_refused():
    model = kerasaug.AugmentedModel(guesser(), masking())
    data = sequences()
    with pytest.raises(ValueError, match=r"x without what the pipeline makes.*mask_positions"):
        model.augment({**data, "mask_positions": data["token_ids"]})


def test_a_layer_that_chooses_refuses_one_that_makes_targets():
    with pytest.raises(ValueError, match=r"RandomChoice expects layers that make no targets.*RandomMasking"):
        kerasaug.layers.RandomChoice([masking()])


@pytest.mark.skipif(BACKEND != "tensorflow", reason="one backend is enough for a large network")
@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # of what classifies
def test_a_masked_lm_of_keras_hub_trains():
    hub = pytest.importorskip("keras_hub")
    sizes = {"num_layers": 1, "num_heads": 1, "hidden_dim": 8, "intermediate_dim": 8, "max_sequence_length": LENGTH}
    inner = hub.models.BertMaskedLM(hub.models.BertBackbone(vocabulary_size=SIZE, **sizes), preprocessor=None)
    model = compiled(kerasaug.AugmentedModel(inner, masking()))
    data = {**sequences(8), "segment_ids": np.zeros((8, LENGTH), "int32")}
    assert np.isfinite(model.fit(data, batch_size=4, verbose=0).history["loss"]).all()
