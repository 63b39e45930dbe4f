"""Cutoffs against NumPy references written from the paper, and in models."""

import keras
import numpy as np
import pytest
from contract_tools import compiled_backends, to_numpy, uncompiled, vectors
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug import layers as L

LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=4)


def batch(ends, length=9, size=5):
    mask = (np.arange(length) < np.array(ends)[:, None]).astype("int32")
    return {"embeddings": vectors(len(ends), length, size), "padding_mask": mask}


def cut_places(data, found):
    """Which tokens were cut: all of a token's features or none, and where the mask says so."""
    gone = (found["embeddings"] == 0).all(axis=-1)
    np.testing.assert_array_equal(found["embeddings"][~gone], data["embeddings"][~gone])
    np.testing.assert_array_equal(found["padding_mask"], data["padding_mask"] * ~gone)
    return gone


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ends=LENGTHS, rate=st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]), keep=st.booleans(), seed=st.integers(0, 99))
@uncompiled()
def test_as_many_tokens_are_cut_as_the_paper_says(ends, rate, keep, seed):
    """int(length * rate) of those that are no padding; in its code some were drawn twice."""
    layer, data = L.TokenCutoff(rate, keep_first=keep), batch(ends)
    gone = cut_places(data, to_numpy(layer.apply(data, layer.draw(data, seed=seed))))
    assert gone.sum(axis=1).tolist() == [min(int(end * rate), max(end - keep, 0)) for end in ends]
    assert not (gone & (data["padding_mask"] == 0)).any()
    assert not (keep and gone[:, 0].any())


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    ends=LENGTHS,
    rate=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    place=st.floats(0.0, 0.999),
    keep=st.booleans(),
)
@uncompiled()
def test_a_span_lies_where_the_paper_says(ends, rate, place, keep):
    data = batch(ends)
    params = {"rate": np.full(len(ends), rate), "place": np.full(len(ends), place)}
    gone = cut_places(data, to_numpy(L.SpanCutoff(rate, keep_first=keep).apply(data, params)))
    for row, end in zip(gone, ends, strict=True):
        room = max(end - keep, 0)
        size = min(int(end * rate), room)
        start = keep + int(place * (room - size + 1))
        expected = np.zeros(len(row), bool)
        expected[start : start + size] = True
        np.testing.assert_array_equal(row, expected)


def test_every_span_is_as_likely():
    data = batch([5] * 4000, length=5, size=1)
    layer = L.SpanCutoff(0.4)
    gone = cut_places(data, to_numpy(layer.apply(data, layer.draw(data, seed=1))))
    starts = np.bincount(gone.argmax(axis=1), minlength=4)
    assert starts[0] == 0
    np.testing.assert_allclose(starts[1:], 4000 / 3, atol=4 * (4000 * 2 / 9) ** 0.5)


def test_every_token_and_every_feature_is_as_likely():
    data = batch([6] * 4000, length=6, size=6)
    for layer, axis in ((L.TokenCutoff(0.5, keep_first=False), 2), (L.FeatureCutoff(0.5), 1)):
        gone = (to_numpy(layer.apply(data, layer.draw(data, seed=2)))["embeddings"] == 0).all(axis=axis)
        assert (gone.sum(axis=1) == 3).all()
        np.testing.assert_allclose(gone.mean(axis=0), 0.5, atol=4 * 0.5 / 4000**0.5)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(rate=st.sampled_from([0.0, 0.2, 0.29, 0.5, 1.0]), size=st.sampled_from([1, 5, 100]), seed=st.integers(0, 9))
@uncompiled()
def test_features_are_cut_in_every_token_alike(rate, size, seed):
    layer, data = L.FeatureCutoff(rate), batch([4, 9, 0], size=size)
    found = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))
    gone = (found["embeddings"] == 0).all(axis=1)
    assert (gone.sum(axis=1) == round(rate * 100) * size // 100).all()
    np.testing.assert_array_equal(found["embeddings"], data["embeddings"] * ~gone[:, None])
    np.testing.assert_array_equal(found["padding_mask"], data["padding_mask"])


@uncompiled()
def test_protected_tokens_and_left_padding_and_the_mask_that_stays():
    data = batch([9, 9])
    data["padding_mask"][1, :3] = 0
    protected = np.zeros((2, 9), bool)
    protected[:, 8] = True
    for layer in (L.TokenCutoff(1.0, cut_mask=False), L.SpanCutoff(1.0, cut_mask=False)):
        params = layer.draw(data, seed=1)
        found = to_numpy(layer.apply({**data, "protected_mask": protected}, params))
        np.testing.assert_array_equal(found["padding_mask"], data["padding_mask"])
        kept = (found["embeddings"] != 0).all(axis=-1)
        assert [np.flatnonzero(row).tolist() for row in kept] == [[0, 8], [0, 1, 2, 3, 8]]


@uncompiled()
def test_chosen_parameters_are_applied():
    data, cut = batch([9, 9]), np.eye(2, 9, 1, dtype=bool)
    found = to_numpy(L.TokenCutoff(0.5).apply(data, {"cut": cut | np.eye(1, 9, dtype=bool)}))  # the first stays
    np.testing.assert_array_equal(cut_places(data, found), cut)
    features = np.eye(2, 5, dtype=bool)
    found = to_numpy(L.FeatureCutoff(0.5).apply(data, {"cut": features, "chosen": [True, False]}))
    zeros = (found["embeddings"] == 0).all(axis=1)
    np.testing.assert_array_equal(zeros, features & [[True], [False]])


def _model(*layers, policy="float32"):
    return keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            keras.layers.Embedding(9, 4, mask_zero=True, dtype=policy),
            *layers,
            keras.layers.GlobalAveragePooling1D(dtype=policy),
            keras.layers.Dense(2, dtype=policy),
        ]
    )


IDS = np.array([[5, 6, 7, 8, 0, 0], [4, 5, 6, 7, 8, 8]])


def test_in_a_model_the_mask_of_the_layers_above_is_cut_too():
    """All but the first token is gone, so that the mean is that of the first."""
    for layer in (L.TokenCutoff(1.0), L.SpanCutoff(1.0)):
        model = _model(layer)
        table = to_numpy(model.layers[0].embeddings.value)
        pooled = keras.Model(model.inputs[0], model.layers[-1].input)
        np.testing.assert_allclose(to_numpy(pooled(IDS, training=True)), table[IDS[:, 0]], atol=1e-6)
        np.testing.assert_allclose(to_numpy(pooled(IDS))[0], table[IDS[0, :4]].mean(axis=0), atol=1e-6)


@pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_model_with_them_trains_compiled_and_gradients_pass_what_stays(policy):
    layers = [L.TokenCutoff(0.5, dtype=policy), L.SpanCutoff(0.4, dtype=policy), L.FeatureCutoff(0.5, dtype=policy)]
    model = _model(*layers, policy=policy)
    before = to_numpy(model.layers[0].embeddings.value)
    model.compile(keras.optimizers.SGD(1.0), "mse", jit_compile=True)
    history = model.fit(np.tile(IDS, (4, 1)), np.ones((8, 2)), batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    moved = (to_numpy(model.layers[0].embeddings.value) != before).any(axis=1)
    assert moved[[4, 5]].all()  # the first tokens, which are always there
    assert not moved[1:4].any()
    assert keras.backend.standardize_dtype(model.layers[1](np.ones((2, 6, 4))).dtype) == policy.removeprefix("mixed_")


def test_rates_out_of_bounds_are_refused():
    for make in (L.TokenCutoff, L.SpanCutoff, L.FeatureCutoff):
        with pytest.raises(ValueError, match=make.__name__ + " expects rate, .* between 0.0 and 1.0"):
            make(1.5)
    with pytest.raises(ValueError, match="TokenCutoff expects cut_mask, True or False"):
        L.TokenCutoff(0.5, cut_mask="yes")
