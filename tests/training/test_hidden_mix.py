"""Mixing of an inner layer's output: what the loss sees is computed by hand, from the weights and the draw."""

import keras
import numpy as np
import pytest
from contract_tools import compiled_backends, to_numpy
from keras import ops

import kerasaug
from kerasaug import layers as L
from kerasaug.backend.taps import tapped
from kerasaug.transfer.walk import walk

IDS = np.array([[5, 6, 7, 0, 0], [4, 5, 0, 0, 0], [1, 2, 3, 4, 8], [8, 8, 7, 0, 0]])
LABELS = np.array([0, 1, 2, 1])
MASK = (IDS != 0).astype("int32")


class Embedded(keras.Layer):
    """A layer of layers, as subclassed models have them."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = keras.layers.Embedding(9, 3, mask_zero=True, name="table")

    def call(self, ids):
        return self.table(ids)


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.embedded = Embedded(name="embedded")
        self.pool = keras.layers.GlobalAveragePooling1D()
        self.head = keras.layers.Dense(3)

    def call(self, ids):
        return self.head(self.pool(self.embedded(ids)))


def functional():
    tokens = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(9, 3, mask_zero=True, name="table")(tokens)
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, keras.layers.Dense(3, name="head")(x))


def nested():
    ids, tokens = keras.Input((5,), dtype="int32"), keras.Input((5,), dtype="int32")
    table = keras.layers.Embedding(9, 3, mask_zero=True, name="table")
    encoder = keras.Model(ids, keras.layers.Activation("linear")(table(ids)), name="encoder")
    x = keras.layers.GlobalAveragePooling1D()(encoder(tokens))
    return keras.Model(tokens, keras.layers.Dense(3, name="head")(x))


def with_mask():
    """The mask is an input of its own, as in KerasHub."""
    tokens = keras.Input((5,), dtype="int32", name="token_ids")
    mask = keras.Input((5,), dtype="int32", name="padding_mask")
    x = keras.layers.Embedding(9, 3, name="table")(tokens)
    x = keras.layers.GlobalAveragePooling1D()(x, mask=mask)
    return keras.Model({"token_ids": tokens, "padding_mask": mask}, keras.layers.Dense(3, name="head")(x))


def subclassed():
    model = Subclassed()
    model(IDS)
    return model


def weights_of(network):
    """The table, the kernel and the bias."""
    found = {tuple(one.shape): to_numpy(one.value) for one in network.weights}
    return found[9, 3], found[3, 3], found[3,]


def squared_error(weights, partner, share, ids=IDS):
    """The loss of the mixed batch, sample by sample."""
    table, kernel, bias = weights
    hot, total = np.eye(3)[LABELS], 0.0
    for i, (j, own) in enumerate(zip(partner, share, strict=True)):
        vectors = own * table[ids[i]] + (1 - own) * table[ids[j]]
        pooled = vectors[(ids[i] != 0) | (ids[j] != 0)].mean(axis=0)
        target = own * hot[i] + (1 - own) * hot[j]
        total += ((pooled @ kernel + bias - target) ** 2).mean()
    return total / len(ids)


def next_draw(mixing):
    """What the layer is going to draw in a step."""
    state = to_numpy(mixing.generator.state).astype("int32")
    return to_numpy(mixing.draw(np.zeros((4, 1, 1), "float32"), seed=state))


def compiled(model, **arguments):
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=compiled_backends, **arguments)
    return model


@pytest.mark.parametrize("make", [functional, nested, subclassed, with_mask])
def test_the_loss_is_that_of_the_mixed_batch(make):
    network, mixing = make(), L.EmbeddingMixUp(5.0, num_classes=3, seed=3)
    model = compiled(kerasaug.HiddenMix(network, "table", mixing))
    x = {"token_ids": IDS, "padding_mask": MASK} if make is with_mask else IDS
    for _ in range(2):
        before, drawn = weights_of(network), next_draw(mixing)
        history = model.fit(x, LABELS, batch_size=4, shuffle=False, verbose=0).history
        np.testing.assert_allclose(
            history["loss"][0], squared_error(before, drawn["partner"], drawn["share"]), rtol=1e-4
        )
        assert all((now != old).any() for now, old in zip(weights_of(network), before, strict=True))
    clean = squared_error(weights_of(network), range(4), np.ones(4))
    np.testing.assert_allclose(model.evaluate(x, LABELS, verbose=0), clean, rtol=1e-4)
    tables = [layer for layer in walk(network) if isinstance(layer, keras.layers.Embedding)]
    assert [type(layer) for layer in tables] == [keras.layers.Embedding]


def test_a_tagger_learns_mixed_labels_of_tokens_and_evaluates_clean_ones():
    tokens = keras.Input((5,), dtype="int32")
    x = keras.layers.Embedding(9, 3, mask_zero=True, name="table")(tokens)
    network = keras.Model(tokens, keras.layers.Dense(4, use_bias=False)(x))
    mixing = L.EmbeddingMixUp(5.0, num_token_classes=4, seed=3)
    model = compiled(kerasaug.HiddenMix(network, "table", mixing, keys={"token_labels": "y"}))
    tags = np.where(MASK == 1, IDS % 4, -100)
    table, kernel = (to_numpy(one.value) for one in network.weights)
    drawn = next_draw(mixing)
    partner, own = drawn["partner"], drawn["share"][:, None, None]
    hot = np.eye(4)[tags % 4] * (tags >= 0)[..., None]
    vectors = own * table[IDS] + (1 - own) * table[IDS[partner]]
    error = ((vectors @ kernel - own * hot - (1 - own) * hot[partner]) ** 2).mean(axis=-1)
    either = (MASK | MASK[partner]) == 1  # what Keras's loss counts, by the mask that hangs on the output
    history = model.fit(IDS, tags, batch_size=4, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"][0], error[either].mean(), rtol=1e-4)
    clean = ((table_of(network)[IDS] @ to_numpy(network.weights[1].value) - hot) ** 2).mean(axis=-1)
    np.testing.assert_allclose(model.evaluate(IDS, tags, verbose=0), clean[MASK == 1].mean(), rtol=1e-4)


def table_of(network):
    return to_numpy(network.weights[0].value)


def test_tokens_are_augmented_before_and_vectors_cut_and_mixed_within():
    network = with_mask()
    before = L.RandomDeletion(0.5, seed=1)
    inside = kerasaug.Pipeline([L.TokenCutoff(0.5), L.EmbeddingMixUp(num_classes=3)], seed=2)
    model = compiled(kerasaug.HiddenMix(network, "table", inside, pipeline=before))
    x = {"token_ids": IDS, "padding_mask": MASK}
    assert np.isfinite(model.fit(x, LABELS, batch_size=2, verbose=0).history["loss"]).all()
    outside, y, _ = model.augment((x, LABELS))
    assert (to_numpy(outside["padding_mask"]).sum(axis=1) < MASK.sum(axis=1)).any()
    np.testing.assert_array_equal(to_numpy(y), LABELS)


def test_a_file_keeps_it_and_the_model_knows_nothing_of_it(tmp_path):
    network = functional()
    before = network.get_config()
    model = compiled(kerasaug.HiddenMix(network, "table", L.EmbeddingMixUp(num_classes=3, seed=3)))
    model.fit(IDS, LABELS, batch_size=4, verbose=0)
    assert network.get_config() == before
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for name in ("layer", "mixing", "pipeline", "keys"):
        assert loaded.get_config()[name] == model.get_config()[name]
    np.testing.assert_allclose(loaded.predict(IDS, verbose=0), network.predict(IDS, verbose=0), atol=1e-6)
    assert np.isfinite(loaded.fit(IDS, LABELS, batch_size=4, verbose=0).history["loss"]).all()


@pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")
def test_half_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = functional()
    finally:
        keras.config.set_dtype_policy("float32")
    model = compiled(kerasaug.HiddenMix(network, "table", L.EmbeddingMixUp(5.0, num_classes=3, seed=3)))
    expected, drawn = weights_of(network), next_draw(model.mixing)
    loss = model.fit(IDS, LABELS, batch_size=4, shuffle=False, verbose=0).history["loss"][0]
    np.testing.assert_allclose(loss, squared_error(expected, drawn["partner"], drawn["share"]), rtol=0.05)


def _twice():
    tokens = keras.Input((5,), dtype="int32")
    table, head = keras.layers.Embedding(9, 3, name="table"), keras.layers.Dense(3, name="head")
    x = keras.layers.add([table(tokens), table(tokens)])
    return keras.Model(tokens, head(keras.layers.GlobalAveragePooling1D()(x)))


def test_what_cannot_be_mixed_is_refused_by_name():
    mixing = L.EmbeddingMixUp(num_classes=3)
    with pytest.raises(
        ValueError, match=r"layer='tabel', of which it finds none. There are \['global.*'head', .*'table'\]"
    ):
        kerasaug.HiddenMix(functional(), "tabel", mixing)
    same = keras.Sequential([keras.Input((5, 3)), nested_block("a"), nested_block("b")])
    with pytest.raises(ValueError, match=r"several: \['a/dense', 'b/dense'\]"):
        kerasaug.HiddenMix(same, "dense", mixing)
    kerasaug.HiddenMix(same, "b/dense", mixing)
    with pytest.raises(TypeError, match=r"HiddenMix expects mixing, a layer of sequences of vectors.*MixUp"):
        kerasaug.HiddenMix(functional(), "table", L.MixUp())
    for make, name, message in (
        (_twice, "table", "layer 'table' to be called once in a step. Received: a second call"),
        (functional, "head", r"layer 'head' to put out one tensor of floats .*Received: shape=\(4, 3\)"),
    ):
        model = compiled(kerasaug.HiddenMix(make(), name, L.EmbeddingMixUp(num_classes=3)))
        with pytest.raises(ValueError, match=message):
            model.fit(IDS, LABELS, batch_size=4, verbose=0)
        assert type(model.model.get_layer(name)) in (keras.layers.Embedding, keras.layers.Dense)


def nested_block(name):
    return keras.Sequential([keras.Input((5, 3)), keras.layers.Dense(3, name="dense")], name=name)


def test_a_tap_is_gone_when_its_block_ends():
    layer, x = keras.layers.Dense(2), np.ones((1, 2), "float32")
    own, expected = type(layer), to_numpy(layer(x))
    with tapped(layer, lambda out: out + 1.0), tapped(layer, lambda out: out + 2.0):
        assert isinstance(layer, own)
        np.testing.assert_allclose(to_numpy(layer(x)), expected + 2.0, rtol=1e-6)
    assert type(layer) is own
    np.testing.assert_array_equal(to_numpy(layer(ops.convert_to_tensor(x))), expected)
