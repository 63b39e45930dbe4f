"""What a choice does to each sample is what the chosen layers do to it, one after another."""

import keras
import numpy as np
import pytest
from contract_tools import assert_same, images, sample, targets, to_numpy

from kerasaug import Pipeline
from kerasaug import layers as L
from kerasaug.layers.image.color.base import Color


def _menu(**own):
    own = {"bounding_box_format": "xyxy", **own}
    return [
        L.RandomRotation((0.05, 0.1), **own),
        L.RandomContrast(0.5, **own),
        Pipeline([L.RandomTranslation((0.1, 0.2), 0.1, **own), L.RandomBrightness((0.1, 0.2), **own)]),
        L.RandomErasing((1.0, 1.0), max_covered=0.1, **own),
    ]


def _part(data, i):
    return keras.tree.map_structure(lambda value: to_numpy(value)[i : i + 1], data)


def _in_turn(policy, data, params):
    """Layer by layer, sample by sample, in Python."""
    params, results = to_numpy(params), []
    for i, row in enumerate(params["index"]):
        one = _part(data, i)
        for slot, number in enumerate(row):
            if number < len(policy.layers):
                drawn = keras.tree.map_structure(lambda value, i=i, slot=slot: value[i : i + 1, slot], params["layers"])
                one = to_numpy(policy.layers[number].apply(one, drawn[number]))
        results.append(one)
    return keras.tree.map_structure(lambda *values: np.concatenate(values), *results)


POLICIES = {
    "choice": lambda: L.RandomChoice(_menu(), (3, 2, 2, 1)),
    "choice half": lambda: L.RandomChoice(_menu(), p=0.5),
    "order": lambda: L.RandomOrder(_menu()),
    "some": lambda: L.SomeOf(_menu(), (0, 3)),
    "nested": lambda: L.RandomChoice([L.SomeOf(_menu(), 2), L.RandomOrder(_menu()[:2]), L.RandomFlip()]),
}


@pytest.mark.parametrize("name", POLICIES)
def test_each_sample_gets_what_was_chosen_for_it(name):
    policy, data = POLICIES[name](), targets(sample(mixes=False, batch=12))
    params = policy.draw(data, seed=2)
    result = policy.apply(data, params)
    assert_same(result, _in_turn(policy, data, params), atol=1e-3)
    assert not np.array_equal(to_numpy(result["images"]), data["images"])


@pytest.mark.parametrize("how", ["one_by_one", "together"])
def test_augmix_blends_its_chains(how):
    policy = L.AugMix(num_chains=2, chain_depth=2, factor=(0.3, 0.9), all_ops=False)
    data = images(8)
    params = to_numpy(policy.draw(data, seed=3))
    chains = []
    for chain in range(2):
        each = slice(2 * chain, 2 * chain + 2)
        part = keras.tree.map_structure(lambda value, each=each: value[:, each], params["layers"])
        chains.append(_in_turn(policy, {"images": data}, {"index": params["index"][:, each], "layers": part})["images"])
    weights, own = (params[name].reshape(8, -1, 1, 1, 1) for name in ("weights", "own"))
    mixed = weights[:, 0] * chains[0] + weights[:, 1] * chains[1]
    expected = np.clip(own[:, 0] * data + (1 - own[:, 0]) * mixed, 0, 255)
    result = getattr(policy, how)({"images": keras.ops.convert_to_tensor(data)}, params)["images"]
    np.testing.assert_allclose(to_numpy(result), expected, atol=0.01)
    assert np.abs(to_numpy(result) - data).max() > 1


def test_augmix_moves_no_other_target():
    data = targets(sample(mixes=False))
    result = L.AugMix(factor=(0.9, 0.9), bounding_box_format="xyxy")(data)
    assert_same({**result, "images": data["images"]}, data)


class _Counting(L.RandomBrightness):
    """Counts the samples that it is given."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.seen = []

    @classmethod
    def fused(cls, layers, fields, params):
        layers[0].seen.append(int(fields["images"].shape[0]))
        return Color.fused.__func__(cls, layers, fields, params)


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="JAX traces every branch, whichever runs")
@pytest.mark.parametrize("count", [2, 6])
def test_cost_does_not_grow_with_the_menu(count):
    """However many layers there are, 10 samples cost 10 runs of one."""
    menu = [_Counting((0.1, 0.2)) for _ in range(count)]
    L.RandomChoice(menu, seed=1)(images(10))
    assert sum(sum(layer.seen) for layer in menu) == 10
    assert all(size == 1 for layer in menu for size in layer.seen)


def _mixing_data(batch=8):
    return targets(sample(mixes=True, batch=batch))


def test_a_choice_of_mixes_is_that_of_each_on_the_batch_as_it_came():
    own = {"bounding_box_format": "xyxy"}
    layers = [L.MixUp(1.0, **own), L.CutMix((1.0, 1.0), **own)]
    policy, data = L.RandomChoice(layers), _mixing_data()
    params = to_numpy(policy.draw(data, seed=1))
    result = to_numpy(policy.apply(data, params))
    assert set(params["index"].ravel()) == {0, 1}
    for number, layer in enumerate(layers):
        drawn = keras.tree.map_structure(lambda value: value[:, 0], params["layers"][number])
        alone = to_numpy(layer.apply(data, drawn))
        for i in np.flatnonzero(params["index"][:, 0] == number):
            assert_same(_part(result, i), _part(alone, i), atol=1e-4)
    others = data["labels"][to_numpy(params["layers"][0]["partner"])[:, 0]]
    assert not np.array_equal(others, data["labels"])
    assert not np.array_equal(result["labels"], data["labels"])


def test_a_choice_may_mix_or_do_something_else():
    layers = [L.MixUp(num_classes=5), L.RandomBrightness((0.2, 0.2))]
    policy = L.RandomChoice(layers, bounding_box_format="xyxy")
    data = {**_mixing_data(), "labels": np.arange(8) % 5}
    params = to_numpy(policy.draw(data, seed=1))
    result = to_numpy(policy.apply(data, params))
    assert result["labels"].shape == (8, 5)
    brighter = np.flatnonzero(params["index"][:, 0] == 1)
    np.testing.assert_array_equal(result["labels"][brighter], np.eye(5)[data["labels"][brighter]])
    expected = np.clip(data["images"][brighter] + 51, 0, 255)
    np.testing.assert_allclose(result["images"][brighter], expected, atol=1e-3)
    boxes = result["bounding_boxes"]
    assert boxes["boxes"].shape == (8, 4, 4)
    assert (boxes["labels"][brighter][:, 2:] == -1).all()


def test_mixing_leaves_out_whom_p_leaves_out():
    policy = L.RandomChoice([L.MixUp(1.0), L.CutMix((1.0, 1.0))], p=0.5, bounding_box_format="xyxy")
    data = _mixing_data(32)
    params = to_numpy(policy.draw(data, seed=4))
    result = to_numpy(policy.apply(data, params))
    out = params["index"][:, 0] == 2
    assert 6 <= out.sum() <= 26
    np.testing.assert_array_equal(result["images"][out], data["images"][out])
    np.testing.assert_array_equal(result["labels"][out], data["labels"][out])


def test_crops_of_one_size_can_be_chosen_from():
    policy = L.RandomChoice([L.RandomCrop(4, 5), L.RandomCrop(4, 5)])
    assert policy.compute_output_shape((None, 8, 10, 3)) == (None, 4, 5, 3)
    data = images(6)
    assert tuple(policy(data).shape) == (6, 4, 5, 3)
    assert_same(policy(data, training=False), L.RandomCrop(4, 5)(data, training=False))


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("make", [lambda: L.RandAugment(menu="paper"), lambda: L.RandAugment(), L.TrivialAugmentWide])
def test_images_that_are_not_rgb_pass_by_the_colour_ops(channels, make):
    """What needs red, green and blue does nothing; everything else works."""
    policy = make()
    gray = np.random.default_rng(0).uniform(0, 255, (16, 8, 10, channels)).astype("float32")
    params = to_numpy(policy.draw(gray, seed=1))
    result = to_numpy(policy.apply(gray, params))
    color = [i for i, layer in enumerate(policy.layers) if getattr(layer, "needs_rgb", False)]
    assert color
    untouched = np.isin(params["index"], [*color, len(policy.layers)]).all(axis=1)
    np.testing.assert_array_equal(result[untouched], gray[untouched])
    assert np.abs(result - gray)[~untouched].max() > 1


def test_other_value_ranges_give_the_same_images():
    data = images(12)
    for make in (L.RandAugment, lambda **own: L.RandAugment(menu="increasing", **own), L.TrivialAugmentWide, L.AugMix):
        policy, small = make(), make(value_range=(-1, 1))
        params = policy.draw(data, seed=1)
        expected = to_numpy(policy.apply(data, params)) / 127.5 - 1
        result = to_numpy(small.apply((data / 127.5 - 1).astype("float32"), params))
        close = np.isclose(result, expected, atol=0.02).mean()
        assert close > 0.97, type(policy).__name__  # a threshold may fall between a value and its rounding


def test_policies_fit_into_pipelines_and_into_each_other():
    pipeline = Pipeline([L.RandomFlip(), L.RandomApply([L.RandAugment()], p=0.5), L.RandomChoice(_menu()), L.MixUp()])
    data = _mixing_data()
    result = to_numpy(pipeline(data))
    assert result["images"].shape == data["images"].shape
    config = Pipeline.from_config(pipeline.get_config()).get_config()
    assert config == pipeline.get_config()


def test_a_policy_cannot_be_inverted():
    policy = L.RandAugment()
    data = images()
    with pytest.raises(TypeError, match="cannot be inverted"):
        policy.invert(data, policy.draw(data))
