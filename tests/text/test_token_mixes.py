"""Runs of a partner's tokens: TokenCutMix and SSMix against loops written from the papers."""

import numpy as np
import pytest
from contract_tools import assert_same, to_numpy, uncompiled

from kerasaug import layers as L

SPECIAL = [1, 2]


def _batch(rng, batch=6, length=12):
    ids = rng.integers(10, 99, (batch, length)).astype("int32")
    ends = rng.integers(3, length + 1, batch)
    at = np.arange(length)[None]
    ids[:, 0] = 1
    ids[at == ends[:, None] - 1] = 2
    ids[at >= ends[:, None]] = 0
    return {
        "token_ids": ids,
        "padding_mask": (ids != 0).astype("int32"),
        "token_labels": np.where(ids > 9, ids % 7, -100).astype("int32"),
        "word_ids": np.where(ids > 9, at, -1).astype("int32"),
        "labels": np.eye(3, dtype="float32")[np.arange(batch) % 3],
        "sample_weight": rng.uniform(1, 2, batch).astype("float32"),
        "saliency": rng.uniform(0, 1, (batch, length)).astype("float32"),
    }


def _spliced(data, partner, runs):
    """`runs`: for each row start, source and size, or `None`; a loop over rows and places."""
    result = {name: value.copy() for name, value in data.items()}
    length = data["token_ids"].shape[1]
    for i, run in enumerate(runs):
        if run is None:
            continue
        start, source, size = run
        for name in ("token_ids", "token_labels", "word_ids", "saliency"):
            extra = length if name == "word_ids" else 0
            result[name][i, start : start + size] = data[name][partner[i], source : source + size] + extra
        share = 1 - size / (data["token_ids"][i] > 9).sum()
        for name in ("labels", "sample_weight"):
            result[name][i] = share * data[name][i] + (1 - share) * data[name][partner[i]]
    return result


def _starts(row, size):
    return [j for j in range(len(row) - size + 1) if (row[j : j + size] > 9).all()]


@pytest.mark.parametrize("seed", range(4))
@uncompiled()
def test_ss_mix_takes_the_least_for_the_most(seed):
    rng = np.random.default_rng(seed)
    data, partner = _batch(rng), rng.permutation(6)
    ids, saliency = data["token_ids"], data["saliency"]
    runs = []
    for i, j in enumerate(partner):
        own, other = (ids[i] > 9).sum(), (ids[j] > 9).sum()
        size = min(max(int(0.35 * own), 1), other)
        if not own or not other:
            runs.append(None)
            continue
        means = [[saliency[k][s : s + size].mean() for s in _starts(ids[k], size)] for k in (i, j)]
        runs.append((_starts(ids[i], size)[np.argmin(means[0])], _starts(ids[j], size)[np.argmax(means[1])], size))
    layer = L.SSMix(0.35, special_token_ids=SPECIAL)
    assert_same(layer.apply(data, {"partner": partner}), _spliced(data, partner, runs), atol=1e-5)


@pytest.mark.parametrize("seed", range(4))
@uncompiled()
def test_token_cut_mix_puts_a_run_where_it_is_told(seed):
    rng = np.random.default_rng(seed)
    data, partner = _batch(rng), rng.permutation(6)
    share, place = rng.uniform(size=6).astype("float32"), rng.uniform(size=(6, 2)).astype("float32")
    ids, runs = data["token_ids"], []
    for i, j in enumerate(partner):
        own, other = (ids[i] > 9).sum(), (ids[j] > 9).sum()
        size = min(int(np.round((1 - share[i]) * own)), other)
        starts = [_starts(ids[k], size) for k in (i, j)]
        first = [one[int(u * len(one))] for one, u in zip(starts, place[i], strict=True)]
        runs.append((*first, size) if size else None)
    layer = L.TokenCutMix(special_token_ids=SPECIAL, aligned=["saliency"])
    params = {"partner": partner, "share": share, "place": place}
    assert_same(layer.apply(data, params), _spliced(data, partner, runs), atol=1e-5)


@uncompiled()
def test_runs_lie_anywhere_with_equal_chances():
    ids = np.tile(np.array([[1, *range(10, 20), 2]], "int32"), (4000, 1))
    data = {"token_ids": ids, "origin": np.repeat(np.arange(4000, dtype="int32")[:, None], 12, axis=1)}
    layer = L.TokenCutMix(alpha=1.0, special_token_ids=SPECIAL, aligned=["origin"], seed=3)
    params = to_numpy(layer.draw(data, seed=1))
    params["share"] = np.full(4000, 0.7, "float32")
    result = to_numpy(layer.apply(data, params))
    foreign = result["origin"] != data["origin"]
    own = params["partner"] == np.arange(4000)
    assert (foreign.sum(axis=1)[~own] == 3).all()
    counts = np.bincount(foreign[~own].argmax(axis=1), minlength=12)
    assert counts.sum() == counts[1:9].sum()
    assert (abs(counts[1:9] - counts.sum() / 8) < 5 * np.sqrt(counts.sum() / 8)).all()


@uncompiled()
def test_weights_of_tokens_come_with_them():
    data = _batch(np.random.default_rng(1))
    data["sample_weight"] = data["saliency"].copy()
    result = to_numpy(L.SSMix(0.5, special_token_ids=SPECIAL, seed=1)(data))
    np.testing.assert_array_equal(result["sample_weight"], result["saliency"])


def test_what_cannot_be_mixed_is_named():
    data = _batch(np.random.default_rng(1))
    layer = L.SSMix(special_token_ids=SPECIAL, name="one")
    with pytest.raises(ValueError, match=r"SSMix \(name='one'\) expects saliency.*Received.*TokenCutMix"):
        layer({name: value for name, value in data.items() if name != "saliency"})
    with pytest.raises(ValueError, match=r"one.*positions of spans.*start_positions"):
        layer({**data, "start_positions": np.zeros(6, "int32")})
    with pytest.raises(ValueError, match=r"one.*one-hot.*num_classes"):
        layer({**data, "labels": np.arange(6)})
    with pytest.raises(ValueError, match="SSMix expects rate"):
        L.SSMix(0.0)
    with pytest.raises(ValueError, match=r"one.*mixes samples and expects a batch"):
        layer(np.array([1, 11, 12, 2]))
