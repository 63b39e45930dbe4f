"""What every op promises about its draws, its shapes and the data it is given."""

import copy

import cases
import keras
import numpy as np
import pytest
from cases import CASES, every_case
from contract_tools import assert_same, bare_of, differs, images, sample_of, strength, targets, to_numpy, uncompiled
from keras import tree
from sequence_cases import SEQUENCE_PIPELINES

import kerasaug


def test_every_public_layer_has_a_case():
    named = {type(case.shared()) for case in CASES}
    public = {getattr(kerasaug.layers, name) for name in kerasaug.layers.__all__}
    assert public - named == set(), "add a line to tests/cases.py"


def test_pipelines_of_the_dear_checks_hold_every_op():
    held = {type(leaf) for case in (*cases.PIPELINES, *SEQUENCE_PIPELINES) for leaf, _ in _leaves(case.shared())}
    assert held | cases.DRAWN_ALIKE == {type(leaf) for case in CASES for leaf in case.shared().ops()}


def _leaves(layer):
    return layer.leaves(layer.draw(bare_of(layer)))


@every_case("identity", CASES)
def test_inference_is_identity(case):
    layer = case.shared()
    data = sample_of(layer)
    assert_same(_without_made(layer(data, training=False), data), data)


@every_case("identity", CASES)
def test_strength_zero_is_identity(case):
    layer = case.shared()
    data = sample_of(layer)
    with strength(layer, 0.0):
        _assert_untouched(layer(data), data)


def _own(result, data):
    """Without the partners' boxes that mixing appends; those must be padding where nothing was mixed."""
    result = _without_made(result, data)
    if "bounding_boxes" not in result:
        return result, np.full((len(data["labels"]), 1), -1)
    boxes, count = result["bounding_boxes"], data["bounding_boxes"]["labels"].shape[1]
    own = {**result, "bounding_boxes": {name: value[:, :count] for name, value in boxes.items()}}
    return own, to_numpy(boxes["labels"])[:, count:]


def _without_made(result, data):
    """Without the targets that a layer makes besides, of which nobody learns where nothing was done."""
    return {name: result[name] for name in data if name in result}


def _assert_untouched(result, data):
    own, partners = _own(result, data)
    assert_same(own, data)
    assert (partners == -1).all()


@every_case("identity", CASES)
@uncompiled()
def test_p_zero_is_identity(case):
    layer = case.layer(p=0.0)
    data = sample_of(layer)
    _assert_untouched(layer(data), data)


@every_case("identity", CASES)
def test_samples_that_p_leaves_out_stay_bit_for_bit(case):
    layer, half = case.shared(), case.layer(p=0.5)
    data = sample_of(layer)
    left_out = changed = 0
    for seed in range(6):
        with uncompiled():
            params = half.draw(data, seed=seed)
        result, partners = _own(to_numpy(targets(layer.apply(data, params))), data)
        for i in np.flatnonzero(~_anyone_chosen(params)):
            left_out += 1
            assert (partners[i] == -1).all()
            assert_same(*tree.map_structure(lambda value, i=i: value[i], (result, targets(data))))
        changed += differs(result[layer.main], data[layer.main])
    assert left_out
    assert changed


def _anyone_chosen(params):
    paths = tree.flatten_with_path(to_numpy(params))
    each = [value.reshape(len(value), -1).any(axis=1) for path, value in paths if path[-1] == "chosen"]
    return np.any(each, axis=0)


@every_case("declared", CASES)
def test_shapes_and_dtypes_are_as_declared(case):
    layer = case.shared()
    data = targets(sample_of(layer))
    result = layer(data)
    main = data[layer.main]
    given = [name for name in (layer.main, "labels", "padding_mask") if name in data]
    specs = {name: keras.KerasTensor(data[name].shape, data[name].dtype.name) for name in given}
    declared = layer.compute_output_spec(specs)
    for name, spec in declared.items():
        assert tuple(result[name].shape) == tuple(spec.shape)
        assert keras.backend.standardize_dtype(result[name].dtype) == spec.dtype
    assert layer.compute_output_shape(main.shape) == tuple(result[layer.main].shape)
    unknown = (None, None, None, 3)[: main.ndim - 1] + main.shape[-1:]
    bare = layer.compute_output_spec(keras.KerasTensor(unknown, "uint8"))
    bare = bare[layer.main] if isinstance(bare, dict) else bare
    assert bare.dtype == ("uint8" if layer.modality.integers else "float32")
    assert bare.shape == layer.compute_output_shape(unknown)


@every_case("seed", CASES)
@uncompiled()
def test_same_seed_same_draws_and_successive_calls_differ(case):
    one, other, data = case.layer(), case.layer(), bare_of(case.shared())
    first, second = one.draw(data), one.draw(data)
    assert_same(other.draw(data), first)
    assert_same(other.draw(data), second)
    assert differs(first, second)


@every_case("seed", CASES)
def test_another_seed_gives_other_draws(case):
    data = bare_of(case.shared())
    assert differs(case.shared().draw(data, seed=1), case.shared().draw(data, seed=2))


@every_case("replay", CASES)
def test_a_draw_repeats_and_replays(case):
    layer = case.shared()
    data = sample_of(layer)
    params = layer.draw(data, seed=3)
    assert_same(layer.draw(data, seed=3), params)
    assert_same(layer.apply(data, layer.draw(data, seed=3)), layer.apply(data, params))
    changed, clean = layer.apply(data, params), layer(data, training=False)
    assert differs(changed[layer.main], clean[layer.main])


@every_case("call", CASES)
def test_a_call_is_a_draw_applied(case):
    """A call's draw is that of the layer's next state, which `draw(seed=…)` takes too."""
    layer, data = case.shared(), targets(sample_of(case.shared()))
    state = to_numpy(layer.generator.state).astype("int32")
    result = layer(data)
    assert_same(result, layer.apply(data, layer.draw(data, seed=state)))


@every_case("equal rows", CASES)
def test_equal_rows_get_different_draws(case):
    layer = case.shared()
    equal = np.repeat(bare_of(layer, 1), 4, axis=0)
    drawn = tree.flatten_with_path(to_numpy(layer.draw(equal, seed=5)))
    policies = {path[:-1] for path, _ in drawn if path[-1] == "index"}
    for path, value in drawn:
        assert len(value) == 4, "the first axis of every parameter is the batch"
        if any(path[: len(policy)] == policy and path[len(policy)] == "layers" for policy in policies):
            continue  # of a policy's layers, neutral wherever another was chosen
        if value.dtype.kind == "f" and np.ptp(value) > 0:
            assert len(np.unique(value.reshape(4, -1), axis=0)) == 4
    rows = np.concatenate([value.reshape(4, -1).astype("float64") for _, value in drawn], axis=1)
    assert len(np.unique(rows, axis=0)) > 1


@every_case("unbatched", CASES)
@uncompiled()
def test_one_sample_equals_a_batch_of_one(case):
    layer = case.shared()
    many = sample_of(layer, batch=1)
    one = tree.map_structure(lambda value: value[0], many)
    one["file"] = many["file"]
    result = layer.apply(one, layer.draw(one, seed=6))
    expected = layer.apply(many, layer.draw(many, seed=6))
    assert_same(targets(result), tree.map_structure(lambda value: value[0], targets(expected)))
    first = tree.map_structure(lambda value: value[0], to_numpy(layer(many[layer.main], training=False)))
    assert_same(layer(one[layer.main], training=False), first)


@every_case("record ids", CASES)
def test_a_record_id_fixes_the_draw_wherever_the_sample_lies(case):
    layer, data = case.shared(), bare_of(case.shared())
    ids, order = np.array([11, 3, 70000, 5]), np.array([2, 0, 3, 1])
    one = _without_partners(layer.draw(data, seed=8, record_ids=ids))
    other = _without_partners(layer.draw(data[order], seed=8, record_ids=ids[order]))
    assert_same([value[order] for value in one], other)


def _without_partners(params):
    """A partner is a place in the batch, whatever the ids."""
    return [value for path, value in tree.flatten_with_path(to_numpy(params)) if path[-1] != "partner"]


@every_case("caller", CASES)
def test_the_callers_data_stays_as_it_was(case):
    layer = case.shared()
    data = sample_of(layer)
    before = copy.deepcopy(data)
    result = layer(data)
    assert_same(data, before)
    assert list(data) == list(before)
    assert result["file"] is data["file"]
    assert set(result) >= set(data)


@every_case("config", CASES)
def test_a_config_holds_every_argument(case):
    layer = case.layer(p=0.25, strength=0.5, dtype="mixed_bfloat16", name="one")
    clone = type(layer).from_config(layer.get_config())
    assert clone.get_config() == layer.get_config()
    assert (clone.p, float(to_numpy(clone.strength)), clone.compute_dtype, clone.name) == (0.25, 0.5, "bfloat16", "one")


@pytest.mark.parametrize("name", ["images", "labels"])
def test_keys_rename_targets(name):
    layer = cases.Case(kerasaug.layers.MixUp, num_classes=5).layer(keys={name: "other"})
    data = {"images": images(), "labels": np.arange(4)}
    data["other"] = data.pop(name)
    result = layer(data)
    assert set(result) == set(data)
    assert tuple(layer.keys.items()) == ((name, "other"),)
    assert tuple(result["labels" if name == "images" else "other"].shape) == (4, 5)
