"""What policies draw, against the distributions that the papers name."""

import hashlib

import keras
import numpy as np
import pytest
from contract_tools import to_numpy
from scipy import stats

from kerasaug import layers as L

N = 8000
LEAST = 1e-4  # p-value; some forty comparisons
IMAGES = np.zeros((N, 1, 1, 3), "float32")


def _draw(layer):
    return to_numpy(layer.draw(IMAGES, seed=5))


def _assert_counts(values, probabilities):
    counts = np.bincount(np.asarray(values).ravel(), minlength=len(probabilities))
    assert len(counts) == len(probabilities)
    possible = np.asarray(probabilities) > 0
    assert counts[~possible].sum() == 0
    expected = np.asarray(probabilities)[possible] / np.sum(probabilities) * counts.sum()
    assert stats.chisquare(counts[possible], expected).pvalue > LEAST


@pytest.mark.parametrize("menu", ["keras", "paper", "increasing"])
def test_randaugment_draws_ops_evenly_and_independently(menu):
    policy = L.RandAugment(menu=menu)
    op = _draw(policy)["op"]
    count = len(policy.listed)
    _assert_counts(op, [1] * count)
    _assert_counts(op[:, 0] * count + op[:, 1], [1] * count**2)


def test_randaugment_draws_levels_in_its_range():
    level = _draw(L.RandAugment(factor=(0.2, 0.6)))["level"]
    assert stats.kstest(level.ravel(), stats.uniform(0.2, 0.4).cdf).pvalue > LEAST
    assert abs(stats.spearmanr(level[:, 0], level[:, 1]).statistic) < 4 / np.sqrt(N)
    np.testing.assert_allclose(_draw(L.RandAugment(factor=(0.3, 0.3)))["level"], 0.3, rtol=1e-6)


def test_magnitude_std_adds_normal_noise():
    level = _draw(L.RandAugment(factor=(0.5, 0.5), magnitude_std=0.1))["level"]
    assert stats.kstest(level.ravel(), stats.norm(0.5, 0.1).cdf).pvalue > LEAST
    wide = _draw(L.RandAugment(factor=(0.9, 0.9), magnitude_std=0.5))["level"]
    assert (wide.min(), wide.max()) == (0.0, 1.0)


def test_rate_leaves_ops_out():
    policy = L.RandAugment(menu="increasing", rate=0.3)
    op = _draw(policy)["op"]
    _assert_counts((op < 15).astype(int), [0.7, 0.3])
    _assert_counts(op[op < 15], [1] * 15)


def _layer(policy, name):
    return policy._names.index(name)


def test_signs_are_even_and_independent_of_op_and_level():
    policy = L.RandAugment(num_ops=1, menu="paper")
    drawn = _draw(policy)
    brightness = drawn["layers"][_layer(policy, "brightness")]
    on = brightness["chosen"]
    up = brightness["factor"][on] > 1.0
    _assert_counts(up.astype(int), [1, 1])
    halves = drawn["level"][on] > 0.25
    table = np.array([[np.sum(up & halves), np.sum(up & ~halves)], [np.sum(~up & halves), np.sum(~up & ~halves)]])
    assert stats.chi2_contingency(table).pvalue > LEAST
    np.testing.assert_allclose(np.abs(brightness["factor"] - 1.0)[on], 0.9 * drawn["level"][on], atol=1e-6)
    np.testing.assert_array_equal(brightness["factor"][~on], 1.0)


def test_shears_along_both_axes_have_signs_of_their_own():
    policy = L.RandAugment(num_ops=1)
    drawn = _draw(policy)
    geometry = drawn["layers"][_layer(policy, "geometry")]
    on = drawn["op"] == [move.name for move in policy.listed].index("Shear")
    quadrant = 2 * (geometry["shear_x"][on] > 0) + (geometry["shear_y"][on] > 0)
    _assert_counts(quadrant, [1] * 4)


def test_trivialaugment_draws_ops_and_bins_evenly():
    drawn = _draw(L.TrivialAugmentWide(num_magnitude_bins=11))
    assert drawn["op"].shape == (N, 1)
    _assert_counts(drawn["op"], [1] * 14)
    bins = drawn["level"] * 10
    np.testing.assert_allclose(bins, np.round(bins), atol=1e-5)
    _assert_counts(np.round(bins).astype(int), [1] * 11)


def test_uniformaugment_applies_half_of_its_ops_at_any_level():
    drawn = _draw(L.UniformAugment())
    _assert_counts((drawn["op"] < 15).astype(int), [1, 1])
    _assert_counts(drawn["op"][drawn["op"] < 15], [1] * 15)
    assert stats.kstest(drawn["level"].ravel(), stats.uniform.cdf).pvalue > LEAST


# SHA-256 of the 50 lines "op probability magnitude" of each policy in torchvision 0.24's AutoAugment._get_policies,
# after the paper's tables 9, 7 and 8.
TABLES = {
    "imagenet": "e165e3b202947bc315158be7d992cbf6fbeca7f134a728681dc020ee7dcaf664",
    "cifar10": "6d8f825aabed93ad4bc0da4d179b675ab4c1baa88c0907c1fc2b62c0e4f593e4",
    "svhn": "ffe7a4338dfb7f24b7423e0fa8bac9c322ac36fa6ce71a8077fc076761e6d34e",
}


@pytest.mark.parametrize("name", TABLES)
def test_autoaugment_knows_the_papers_tables(name):
    from kerasaug.layers.image.policy.auto_augment_tables import POLICIES

    pairs = POLICIES[name]
    assert [len(pair) for pair in pairs] == [2] * 25
    lines = [f"{op} {probability} {magnitude}" for pair in pairs for op, probability, magnitude in pair]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == TABLES[name]
    known = {move.name for move in L.AutoAugment(name).listed}
    assert {op for pair in pairs for op, _, _ in pair} <= known


def test_autoaugment_draws_pairs_evenly_and_ops_by_their_probability():
    from kerasaug.layers.image.policy.auto_augment_tables import POLICIES

    policy = L.AutoAugment("svhn")
    drawn = _draw(policy)
    names = [move.name for move in policy.listed] + [""]
    seen: dict[tuple[str, str], int] = {}
    for row in drawn["op"]:
        pair = tuple(names[op] for op in row)
        seen[pair] = seen.get(pair, 0) + 1
    expected: dict[tuple[str, str], float] = {}
    for (one, p, _), (other, q, _) in POLICIES["svhn"]:
        for a, pa in ((one, p), ("", 1 - p)):
            for b, pb in ((other, q), ("", 1 - q)):
                expected[a, b] = expected.get((a, b), 0.0) + N * pa * pb / 25
    assert set(seen) <= {pair for pair, count in expected.items() if count > 0}
    large = [pair for pair, count in expected.items() if count >= 5]
    counts = np.array([[seen.get(pair, 0), expected[pair]] for pair in large])
    rest = N - counts.sum(axis=0)
    counts = np.vstack([counts, rest]) if rest[1] >= 5 else counts * [[1.0, counts[:, 0].sum() / counts[:, 1].sum()]]
    assert stats.chisquare(counts[:, 0], counts[:, 1]).pvalue > LEAST


def test_autoaugment_draws_the_pairs_levels():
    policy = L.AutoAugment("cifar10")
    drawn = _draw(policy)
    rotate = [move.name for move in policy.listed].index("Rotate")
    assert set(np.round(9 * drawn["level"][drawn["op"] == rotate]).astype(int)) == {2}  # it occurs once there


def test_augmix_draws_depths_weights_and_blends():
    drawn = _draw(L.AugMix(num_chains=2, chain_depth=3, alpha=0.7))
    depth = (drawn["op"].reshape(N, 2, 3) < 13).sum(axis=2)
    _assert_counts(depth[:, 0] * 4 + depth[:, 1], [1] * 16)
    np.testing.assert_allclose(drawn["weights"].sum(axis=1), 1.0, atol=1e-5)
    for values in (drawn["weights"][:, 0], drawn["own"]):
        assert stats.kstest(values, stats.beta(0.7, 0.7).cdf).pvalue > LEAST
    assert abs(stats.spearmanr(drawn["weights"][:, 0], drawn["own"]).statistic) < 4 / np.sqrt(N)


def test_strength_scales_levels_and_the_probability_of_ops_without_any():
    policy = L.RandAugment(num_ops=1, menu="paper", factor=(0.8, 0.8), strength=0.25)
    drawn = _draw(policy)
    names = [move.name for move in policy.listed]
    without = [names.index(name) for name in ("AutoContrast", "Equalize")]
    np.testing.assert_allclose(drawn["level"][drawn["op"] == names.index("Rotate")], 0.2, rtol=1e-5)
    probabilities = [0.25 / 14 if i in without else 1 / 14 for i in range(14)] + [2 * 0.75 / 14]
    _assert_counts(drawn["op"], probabilities)


def test_p_leaves_samples_out():
    drawn = _draw(L.RandAugment(num_ops=3, p=0.4))
    out = drawn["op"] == 11
    np.testing.assert_array_equal(out.any(axis=1), out.all(axis=1))
    _assert_counts(out[:, 0].astype(int), [0.4, 0.6])


def _menu(count=4):
    return [L.RandomBrightness((0.1 * (i + 1),) * 2) for i in range(count)]


def test_randomchoice_draws_by_weight():
    _assert_counts(_draw(L.RandomChoice(_menu(), (1, 0, 3, 4)))["index"], [1, 0, 3, 4])
    _assert_counts(_draw(L.RandomChoice(_menu()))["index"], [1] * 4)


def test_randomorder_draws_every_permutation_evenly():
    index = _draw(L.RandomOrder(_menu(3)))["index"]
    _assert_counts(np.unique(index, axis=0, return_inverse=True)[1], [1] * 6)


def test_someof_draws_different_layers_and_how_many():
    index = _draw(L.SomeOf(_menu(), (0, 2)))["index"]
    filled = index < 4
    _assert_counts(filled.sum(axis=1), [1, 1, 1])
    two = index[filled.all(axis=1)]
    assert (two[:, 0] < two[:, 1]).all(), "as listed"
    _assert_counts(np.unique(two, axis=0, return_inverse=True)[1], [1] * 6)
    shuffled = _draw(L.SomeOf(_menu(), 2, random_order=True))["index"]
    _assert_counts(np.unique(shuffled, axis=0, return_inverse=True)[1], [1] * 12)


def test_someof_draws_by_weight_without_replacement():
    """Of weights 1, 2 and 5 the first drawn is i with probability w_i / 8, and the second of what is left."""
    weights = np.array([1.0, 2.0, 5.0])
    index = _draw(L.SomeOf(_menu(3), 2, (1, 2, 5), random_order=True))["index"]
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    chances = [weights[i] / 8 * weights[j] / (8 - weights[i]) for i, j in pairs]
    _assert_counts(np.array([pairs.index(tuple(row)) for row in index.tolist()]), chances)


def test_randomapply_chooses_for_all_of_its_layers_together():
    first, second = (one["chosen"] for one in _draw(L.RandomApply(_menu(2), p=0.3))["layers"])
    np.testing.assert_array_equal(first, second)
    _assert_counts(first.astype(int), [0.7, 0.3])


def test_a_layers_own_probability_acts_within_a_choice():
    layers = [L.RandomBrightness((0.5, 0.5), p=0.5), L.RandomBrightness((0.2, 0.2))]
    drawn = _draw(L.RandomChoice(layers))
    first = drawn["index"][:, 0] == 0
    _assert_counts(drawn["layers"][0]["chosen"][first, 0].astype(int), [1, 1])
    assert drawn["layers"][1]["chosen"][~first].all()
    assert not drawn["layers"][0]["chosen"][~first].any()


def test_layers_of_a_slot_draw_anew():
    """A layer that is chosen in two slots of a policy has two draws."""
    drawn = _draw(L.RandomOrder([L.RandomBrightness((0.1, 0.9)), L.RandomBrightness((0.1, 0.9))]))
    own = [one["brightness"][one["chosen"]] for one in drawn["layers"]]
    assert abs(stats.spearmanr(*own).statistic) < 4 / np.sqrt(N)


def test_strengths_of_layers_are_live_inside_a_choice():
    layer = L.RandomBrightness((0.4, 0.4))
    policy = L.RandomChoice([layer])
    layer.strength = 0.5
    params = _draw(policy)
    np.testing.assert_allclose(params["layers"][0]["brightness"], 0.2, rtol=1e-6)
    assert float(keras.ops.convert_to_numpy(layer.strength)) == 0.5
