"""TMix against a NumPy reference written from the paper, loop by loop."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled, vector_sample
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kerasaug import layers as L

PARTNER = np.array([2, 0, 1, 3], "int32")
SHARE = np.array([0.7, 0.55, 1.0, 0.9], "float32")
PARAMS = {"partner": PARTNER, "share": SHARE}


def reference(data, partner, share):
    """Sample by sample and place by place, in float64."""
    vectors, mask, labels = (data[name].astype("float64") for name in ("embeddings", "padding_mask", "token_labels"))
    mixed, tokens = np.zeros_like(vectors), np.zeros_like(labels)
    both = np.zeros(mask.shape, bool)
    for i, (j, own) in enumerate(zip(partner, share, strict=True)):
        for place in range(mask.shape[1]):
            mixed[i, place] = own * vectors[i, place] + (1 - own) * vectors[j, place]
            both[i, place] = mask[i, place] or mask[j, place]
            if mask[i, place]:
                tokens[i, place] += own * labels[i, place]
            if mask[j, place]:
                tokens[i, place] += (1 - own) * labels[j, place]
    return mixed, both, tokens


def batch(ends, length=6, size=3, seed=0):
    rng = np.random.default_rng(seed)
    shape = (len(ends), length)
    return {
        "embeddings": rng.normal(size=(*shape, size)).astype("float32"),
        "padding_mask": np.arange(length) < np.array(ends)[:, None],
        "token_labels": rng.dirichlet(np.ones(4), shape).astype("float32"),
        "labels": np.eye(5, dtype="float32")[np.arange(len(ends)) % 5],
        "sample_weight": rng.random(len(ends)).astype("float32"),
    }


@settings(max_examples=25, deadline=None, derandomize=True)
@given(ends=st.lists(st.integers(0, 6), min_size=1, max_size=5), seed=st.integers(0, 99))
@uncompiled()
def test_everything_is_mixed_as_in_the_paper(ends, seed):
    rng, data = np.random.default_rng(seed), batch(ends, seed=seed)
    params = {"partner": rng.permutation(len(ends)).astype("int32"), "share": rng.uniform(0.5, 1, len(ends))}
    found = to_numpy(L.EmbeddingMixUp().apply(data, params))
    mixed, both, tokens = reference(data, **params)
    np.testing.assert_allclose(found["embeddings"], mixed, atol=1e-6)
    np.testing.assert_array_equal(found["padding_mask"], both)
    np.testing.assert_allclose(found["token_labels"], tokens, atol=1e-6)
    own = params["share"]
    for name in ("labels", "sample_weight"):
        weight = own if data[name].ndim == 1 else own[:, None]
        expected = weight * data[name] + (1 - weight) * data[name][params["partner"]]
        np.testing.assert_allclose(found[name], expected, atol=1e-6)


@uncompiled()
def test_integers_are_encoded_in_training_and_out_of_it():
    data = batch([6, 3, 5, 2])
    tags = np.array([[0, 1, 2, 3, -100, 1]] * 4)
    data |= {"labels": np.array([4, 0, 9, 1]), "token_labels": tags}
    layer = L.EmbeddingMixUp(num_classes=5, num_token_classes=4)
    hot = {"labels": np.vstack([np.eye(5), np.zeros((5, 5))])[[4, 0, 9, 1]], "token_labels": np.eye(4)[tags % 4]}
    hot["token_labels"][tags == -100] = 0
    clean = to_numpy(layer(data, training=False))
    mixed, expected = to_numpy(layer.apply(data, PARAMS)), reference({**data, **hot}, PARTNER, SHARE)[2]
    declared = layer.compute_output_spec({name: keras.KerasTensor(one.shape, "int32") for name, one in data.items()})
    for name in ("labels", "token_labels"):
        np.testing.assert_array_equal(clean[name], hot[name])
        assert mixed[name].dtype == clean[name].dtype == declared[name].dtype == "float32"
        assert mixed[name].shape == tuple(declared[name].shape)
    np.testing.assert_allclose(mixed["token_labels"], expected, atol=1e-6)


def test_integers_without_their_number_of_classes_are_refused():
    data = batch([6, 3])
    with pytest.raises(ValueError, match=r"EmbeddingMixUp .*mixes token_labels.*\(2, 6\).*num_token_classes"):
        L.EmbeddingMixUp(num_classes=5)({**data, "token_labels": np.zeros((2, 6), "int32")})
    with pytest.raises(ValueError, match=r"EmbeddingMixUp .*mixes labels.*\(2,\).*num_classes"):
        L.EmbeddingMixUp(num_token_classes=5)({**data, "labels": np.zeros(2, "int32")})


@uncompiled()
def test_who_is_not_chosen_keeps_everything():
    data, chosen = vector_sample(True), np.array([True, False, True, False])
    data["protected_mask"] = data["padding_mask"] * np.array([1, 0, 0, 0, 0, 0, 0, 0])
    del data["file"]
    found = to_numpy(L.EmbeddingMixUp().apply(data, {**PARAMS, "chosen": chosen}))
    for name, value in data.items():
        np.testing.assert_array_equal(found[name][~chosen], value[~chosen], err_msg=name)
    assert not np.array_equal(found["embeddings"][0], data["embeddings"][0])


def test_shares_are_the_larger_of_beta_and_its_complement():
    drawn = to_numpy(L.EmbeddingMixUp(0.4).draw(np.zeros((20_000, 1, 1)), seed=1))
    np.testing.assert_array_equal(np.sort(drawn["partner"]), np.arange(20_000))
    share = drawn["share"]
    assert share.min() >= 0.5
    x = np.linspace(0.501, 0.999, 499)
    exact = 2 * stats.beta.cdf(x, 0.4, 0.4) - 1  # of max(b, 1 - b): P(1 - x < b < x)
    assert np.abs(np.searchsorted(np.sort(share), x) / 20_000 - exact).max() < 1.95 / np.sqrt(20_000)


def test_in_a_model_the_mask_is_that_of_both():
    tokens = keras.Input((4,), dtype="int32")
    x = keras.layers.Embedding(9, 2, mask_zero=True)(tokens)
    x = L.EmbeddingMixUp(1.0, seed=3)(x)
    model = keras.Model(tokens, keras.layers.GlobalAveragePooling1D()(x))
    model.layers[1].set_weights([np.arange(9.0)[:, None] * [1.0, 1.0]])
    ids = np.array([[5, 7, 0, 0], [2, 2, 2, 2]])
    np.testing.assert_allclose(to_numpy(model(ids))[:, 0], [6.0, 2.0])
    first, second = np.stack([to_numpy(model(ids, training=True))[:, 0] for _ in range(8)]).T
    swapped = ~np.isclose(first, 6.0)  # the mean of all four places is then 2 + λ; of its own two it would be 2 + 4λ
    assert 0 < swapped.sum() < 8
    assert ((first >= 2.5) & (first <= 3.0))[swapped].all()
    assert ((second >= 2.0) & (second <= 2.5)).all()
