"""Each section measures what it says: tiny sizes, what is in the report and never how long it took."""

import math

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.benchmark import recipe
from kerasaug.benchmark.peers import choose
from kerasaug.benchmark.sections import layer_cases, layers, memory, memory_child, scaling, tpu
from kerasaug.benchmark.sections.layer_cases import LayerCase
from kerasaug.benchmark.settings import Settings
from kerasaug.benchmark.ways import unknown_size, usual, ways

BACKEND = keras.backend.backend()
TINY = Settings(batch_size=4, image_size=16, rounds=1)


def test_every_layer_that_keras_has_too_is_timed():
    shared = {name for name in kerasaug.layers.__all__ if hasattr(keras.layers, name) and name != "Pipeline"}
    cases = {case.name for case in layer_cases.layer_cases(224)}
    assert shared - {"AugMix", "RandAugment"} <= cases  # which the section of policies times
    assert cases <= set(kerasaug.layers.__all__)


def test_both_libraries_get_the_same_arguments():
    for case in layer_cases.layer_cases(32):
        ours, theirs = case.ours(), case.keras()
        assert type(ours).__name__ == case.name
        assert theirs is None or type(theirs).__name__ == case.name
    assert LayerCase("RandomZoom", {"height_factor": 0.2}).is_warp
    assert not LayerCase("MixUp").is_warp


@pytest.fixture
def few_layers(monkeypatch):
    few = [LayerCase("RandomBrightness", {"factor": 0.2}), LayerCase("MixUp")]
    monkeypatch.setattr(layers, "layer_cases", lambda size: few)


@pytest.mark.skipif(BACKEND == "torch", reason="the benchmark times compiled functions")
def test_layers_are_timed_in_every_way_layout_and_size(few_layers):
    rows = layers.measure(TINY, choose(("keras",), BACKEND)[0], floor=0.5)
    assert {(row["layer"], row["kind"]) for row in rows} == {("RandomBrightness", "pointwise"), ("MixUp", "pointwise")}
    for layer in ("RandomBrightness", "MixUp"):
        for library in ("kerasaug", "Keras"):
            own = [row for row in rows if (row["layer"], row["library"]) == (layer, library)]
            assert {row["way"] for row in own} == set(ways())
            assert sum(row["layout"] == "channels_first" for row in own) == 1
            assert sum(not row["known_size"] for row in own) == (BACKEND == "tensorflow")
    assert all(row["passes"] == row["milliseconds"] / 0.5 for row in rows if row["error"] is None)
    assert all(row["error"] is None for row in rows if row["library"] == "kerasaug")
    if BACKEND == "tensorflow":  # Keras draws from gamma distributions
        (failed,) = [row for row in rows if row["error"]]
        assert (failed["layer"], failed["way"]) == ("MixUp", "tf.function(jit_compile=True)")
        assert "Gamma" in failed["error"]


def test_every_contender_augments_and_leaves_the_batch_alone():
    case = LayerCase("RandomBrightness", {"factor": (0.3, 0.3), "value_range": (0, 1000)})
    data = recipe.batch(4, 16)
    before = keras.ops.convert_to_numpy(data["images"]).copy()
    for key, make in layers._makers(case, data, True, None).items():
        result = keras.ops.convert_to_numpy(make()())
        result = np.moveaxis(result, 1, 3) if key.layout == "channels_first" else result
        np.testing.assert_allclose(result, before + 300.0, atol=1e-3, err_msg=str(key))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(data["images"]), before)


@pytest.mark.skipif(BACKEND == "torch", reason="the benchmark times compiled functions")
def test_a_compiled_call_draws_anew_each_time():
    layer = kerasaug.layers.RandomBrightness(0.9, seed=1)
    call = ways()[usual()](recipe.augmenting(layer, training=True), [layer], recipe.batch(4, 16)["images"])
    first, second = (keras.ops.convert_to_numpy(call()) for _ in range(2))
    assert np.abs(first - second).max() > 1.0


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only a tf.function can leave sizes unknown")
def test_unknown_sizes_are_unknown():
    shapes = []

    def augment(data):
        shapes.append(tuple(data["images"].shape))
        return data

    unknown_size(augment, recipe.batch(4, 16))()
    assert shapes == [(None, None, None, 3)]


def test_channels_first_moves_the_channels():
    data = recipe.batch(2, 4)
    moved = layers._channels_first(data)
    expected = np.moveaxis(keras.ops.convert_to_numpy(data["images"]), 3, 1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(moved["images"]), expected)


@pytest.mark.parametrize("power", [1.0, 1.7])
def test_the_exponent_of_a_power_law(power):
    points = [{"amount": one, "milliseconds": 0.3 * one**power} for one in (16, 32, 64, 128)]
    assert math.isclose(scaling.exponent(points), power, abs_tol=1e-9)
    assert scaling.exponent(points[:1]) is None


def test_growth_is_measured_over_batches_and_pixels(monkeypatch):
    monkeypatch.setattr(recipe, "layers_of", lambda module: [module.RandomBrightness(0.2)])
    found = scaling.measure(TINY)
    assert [point["amount"] for point in found["batch"]["points"]] == [1, 2, 4, 8]
    assert [point["amount"] for point in found["pixels"]["points"]] == [8 * 8, 11 * 11, 16 * 16]
    for what in ("batch", "pixels"):
        assert found[what]["exponent"] == scaling.exponent(found[what]["points"])
        assert found[what]["error"] is None


PIXELS = (
    '%5 = "stablehlo.gather"(%1, %4) <{dimension_numbers = #stablehlo.gather<offset_dims = [3]>, indices_are_sorted = '
    "false, slice_sizes = array<i64: 1, 3>}> : (tensor<4096x3xf32>, tensor<4x32x32x1xi32>) -> tensor<4x32x32x3xf32>"
)
PARTNERS = (
    '%6 = "stablehlo.gather"(%1, %4) <{slice_sizes = array<i64: 1, 32, 32, 3>}> : (tensor<4x32x32x3xf32>, '
    "tensor<4x1xi32>) -> tensor<4x32x32x3xf32>"
)
TABLE = (
    '%7 = "stablehlo.gather"(%1, %4) <{slice_sizes = array<i64: 1>}> : (tensor<1025xf32>, tensor<4x1xi32>) -> '
    "tensor<4xf32>"
)


def test_a_gather_of_pixels_is_told_from_one_of_images_and_of_numbers():
    assert tpu._gathers_pixels(PIXELS)
    assert not tpu._gathers_pixels(PARTNERS)
    assert not tpu._gathers_pixels(TABLE)
    found = tpu._ops("\n".join([PIXELS, PARTNERS, TABLE, "%8 = stablehlo.reverse %1, dims = [2]"]))
    assert found == {"ops": {"gather": 3, "reverse": 1}, "gathers_pixels": 1}


@pytest.mark.skipif(BACKEND != "jax", reason="JAX lowers for a TPU; TensorFlow needs one")
def test_layers_are_lowered_for_a_tpu(monkeypatch):
    few = [LayerCase("RandomFlip"), LayerCase("RandomRotation", {"factor": 0.1}), LayerCase("MixUp")]
    monkeypatch.setattr(tpu, "layer_cases", lambda size: few)
    rows = {row["layer"]: row for row in tpu.measure()}
    assert rows.keys() == {"RandomFlip", "RandomRotation", "MixUp", "the recipe"}
    assert all(row["error"] is None for row in rows.values())
    assert rows["RandomFlip"]["ops"]["reverse"] > 0
    assert rows["RandomFlip"]["gathers_pixels"] == rows["MixUp"]["gathers_pixels"] == 0
    assert rows["RandomRotation"]["gathers_pixels"] == 4  # the corners of bilinear interpolation
    assert rows["MixUp"]["ops"]["gather"] > 0


@pytest.mark.skipif(BACKEND != "jax", reason="JAX lowers for a TPU; TensorFlow needs one")
def test_what_must_not_gather_does_not(monkeypatch):
    cases = [case for case in layer_cases.layer_cases(tpu.SIDE) if case.name in tpu.NO_GATHER]
    assert {case.name for case in cases} == set(tpu.NO_GATHER)
    monkeypatch.setattr(tpu, "_layers", lambda: {case.name: case.ours for case in cases})
    for row in tpu.measure():
        assert row["error"] is None
        assert row["gathers_pixels"] == 0, row
        assert "while" not in row["ops"], row


def test_a_layer_that_cannot_be_lowered_is_reported(monkeypatch):
    monkeypatch.setattr(tpu, "_layers", lambda: {"Broken": lambda: 1 / 0})
    assert tpu.measure() == [
        {"layer": "Broken", "ops": {}, "gathers_pixels": None, "error": "ZeroDivisionError: division by zero"}
    ]


def test_the_meter_sees_memory_come_and_go():
    meter = memory_child._ProcessMeter()
    meter.forget_peak()
    before = meter.now()
    block = np.ones(25_000_000)  # 200 MB, touched
    assert meter.peak() - before > 190_000_000
    assert meter.now() - before > 190_000_000
    del block
    meter.forget_peak()
    assert meter.peak() - before < 100_000_000


def test_memory_is_counted_in_batches(monkeypatch):
    def child(name, size, settings):
        peak = {4: 30_000, 2: 12_000}[size]
        return {"what": "memory", "holding": 10_000, "peak": peak}

    monkeypatch.setattr(memory, "_child", child)
    found = memory.measure(TINY, with_keras=False)
    one = 4 * 16 * 16 * 3 * 4
    assert found.keys() == {"kerasaug"}
    assert found["kerasaug"]["batches"] == 20_000 / one
    assert found["kerasaug"]["compiling_batches"] == 2_000 / one


@pytest.mark.skipif(BACKEND == "torch", reason="the benchmark times compiled functions")
def test_memory_is_measured_in_a_process_of_its_own():
    much = np.ones(250_000_000)  # 2 GB, which a child's own count of its peak begins with
    found = memory._child("kerasaug", 2, TINY)
    assert found["what"].startswith("resident memory")
    assert found["peak"] > found["holding"] > 50_000_000
    assert found["peak"] < much.nbytes


def test_a_child_that_fails_is_reported(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "abacus")
    found = memory.measure(TINY, with_keras=False)["kerasaug"]
    assert found["batches"] is None
    assert "abacus" in found["error"]
