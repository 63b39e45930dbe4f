"""Bars on figures made up by hand: each verdict on either side of its limit, and the figures of its sentence."""

import pytest
from made_up_reports import GRAPH, layer_row, report, row

from kerasaug.benchmark.bars import MET, MISSED, NOT_MEASURED, evaluate


def judged(found, number):
    (bar,) = [bar for bar in evaluate(found) if bar.number == number]
    return bar


def with_row(found, contender, place, milliseconds):
    rows = [one for one in found["recipe"] if (one["contender"], one["place"]) != (contender, place)]
    return {**found, "recipe": [*rows, row(contender, place, milliseconds)]}


def test_keras_counts_with_its_fastest_call_outside_a_dataset():
    bar = judged(report(), "1a")
    assert (bar.measured, bar.verdict) == (240.0 / 20.0, MET)
    assert "12.0 times: 20.0 ms against 240.0 (eager call)" in bar.detail
    assert judged(with_row(report(), "Keras", "eager call", 199.0), "1a").verdict == MISSED


def test_on_jax_thirty_times_are_asked_for():
    assert judged(report(backend="jax"), "1a").verdict == MISSED
    faster = with_row(report(backend="jax"), "kerasaug", "jax.jit", 8.0)
    assert (judged(faster, "1a").measured, judged(faster, "1a").verdict) == (30.0, MET)
    assert "1b" not in {bar.number for bar in evaluate(faster)}


def test_in_a_dataset_each_counts_with_its_best_setting():
    bar = judged(report(), "1b")
    assert bar.measured == pytest.approx(160.0 / 18.0)
    assert bar.verdict == MISSED
    assert judged(with_row(report(), "kerasaug", "dataset.map", 16.0), "1b").verdict == MET


def test_albumentations_counts_against_the_run_s_own_dtype():
    absent = judged(report(), "1c")
    assert (absent.verdict, absent.detail) == (NOT_MEASURED, "albumentations: not installed")
    found = with_row(report(), "albumentations", "2 threads", 30.0)
    found = with_row(found, "kerasaug, uint8 in and out", GRAPH, 10.0)
    bar = judged(found, "1c")
    assert (bar.measured, bar.verdict) == (1.5, MISSED)
    assert "with uint8 in and out as there, 3.0 times" in bar.detail


def test_a_peer_that_did_less_is_named_with_what_it_left_out():
    found = report()
    found["recipe"].append(row("albumentations", "2 threads", 60.0, lacks=("MixUp",)))
    assert judged(found, "1c").detail.endswith("it does not do MixUp")


def test_a_peer_that_failed_gives_its_reason():
    found = report()
    found["recipe"].append(row("albumentations", "built", None, error="ImportError: no cv2"))
    assert judged(found, "1c").detail == "albumentations: ImportError: no cv2"


def test_the_recipe_may_take_five_passes_in_every_place():
    bar = judged(report(), "1d")
    assert (bar.measured, bar.verdict) == (5.0, MET)
    assert bar.detail == "5.0 passes (tf.function), 4.5 passes (dataset.map, in parallel)"
    assert judged(with_row(report(), "kerasaug", GRAPH, 20.1), "1d").verdict == MISSED


@pytest.mark.parametrize(("dtype", "verdict"), [("float32", MET), ("uint8", MISSED)])
def test_a_train_step_may_take_eight_passes_or_six_from_uint8(dtype, verdict):
    bar = judged(report(dtype=dtype), "1e")
    assert (bar.measured, bar.verdict) == (7.5, verdict)
    assert bar.detail == "7.5 passes; Keras's layers do not run there"


def test_a_train_step_that_fails_is_not_measured():
    found = report()
    found["train_step"]["added"]["kerasaug"] = {"milliseconds": None, "passes": None, "error": "no"}
    assert judged(found, "1e").verdict == NOT_MEASURED


LAYERS = [
    layer_row("RandomFlip", "kerasaug", 10.0),
    layer_row("RandomFlip", "Keras", 8.0),
    layer_row("RandomZoom", "kerasaug", 14.0),
    layer_row("RandomZoom", "Keras", 70.0),
    layer_row("RandomZoom", "keras-cv", 14.0),
    layer_row("RandomZoom", "Keras", None, way="eager call", error="fails"),
    layer_row("RandomZoom", "kerasaug", 15.0, way="eager call"),
    layer_row("RandomZoom", "kerasaug", 21.0, layout="channels_first"),
    layer_row("RandomZoom", "kerasaug", 90.0, known=False),
    layer_row("RandomZoom", "Keras", 60.0, known=False),
    layer_row("MixUp", "kerasaug", 8.2, kind="pointwise"),
]


def layers(rows=LAYERS, **more):
    return report(only=("layers",), layers=rows, **more)


def test_a_layer_slower_than_keras_s_is_named():
    bar = judged(layers(), "3a")
    assert (bar.measured, bar.verdict) == (0.8, MISSED)
    assert bar.detail == "1 of 2 are faster; slower: RandomFlip (tf.function) 0.80"
    assert judged(layers(LAYERS[2:]), "3a").verdict == MET


def test_as_fast_as_keras_cv_is_not_slower():
    assert (judged(layers(), "3b").measured, judged(layers(), "3b").verdict) == (1.0, MET)
    assert judged(layers(LAYERS[:2]), "3b").verdict == NOT_MEASURED


def test_a_pointwise_layer_may_take_two_passes_and_a_warp_three_and_a_half():
    pointwise, warps = judged(layers(), "3c"), judged(layers(), "3d")
    assert (pointwise.measured, pointwise.verdict) == (pytest.approx(2.05), MISSED)
    assert (
        warps.detail == "2 of 3 are; not: RandomZoom (eager call) 3.8"
    )  # 15 ms; unknown sizes have a bar of their own
    assert judged(layers(LAYERS[:6]), "3d").verdict == MET


def test_unknown_sizes_and_channels_first_may_take_half_as_much_again():
    unknown, first = judged(layers(), "3e"), judged(layers(), "3f")
    assert (unknown.measured, unknown.verdict) == (1.5, MET)
    assert (first.measured, first.verdict) == (1.5, MET)
    slower = [*LAYERS, layer_row("RandomFlip", "kerasaug", 15.1, layout="channels_first")]
    assert judged(layers(slower), "3f").verdict == MISSED
    assert "3e" not in {bar.number for bar in evaluate(layers(backend="jax"))}


@pytest.mark.parametrize(("batches", "verdict"), [(4.0, MET), (4.1, MISSED)])
def test_memory(batches, verdict):
    found = {"kerasaug": {"batches": batches, "compiling_batches": 2.5, "error": None}}
    bar = judged(report(only=("memory",), memory=found), "4")
    assert (bar.measured, bar.verdict) == (batches, verdict)
    assert "2.5 for a batch of two" in bar.detail


def test_memory_that_could_not_be_measured():
    found = {"kerasaug": {"batches": None, "compiling_batches": None, "error": "out of memory"}}
    bar = judged(report(only=("memory",), memory=found), "4")
    assert (bar.verdict, bar.detail) == (NOT_MEASURED, "out of memory")


def test_growth():
    found = {"batch": {"exponent": 1.05, "error": None}, "pixels": {"exponent": 1.2, "error": None}}
    assert [judged(report(only=("scaling",), scaling=found), one).verdict for one in ("5a", "5b")] == [MET, MISSED]
    found["batch"] = {"exponent": None, "error": "too large"}
    bar = judged(report(only=("scaling",), scaling=found), "5a")
    assert (bar.verdict, bar.detail) == (NOT_MEASURED, "too large")


def lowered(layer, gathers, error=None):
    return {"layer": layer, "gathers_pixels": gathers, "ops": {}, "error": error}


def test_what_a_tpu_would_run():
    rows = [lowered("RandomFlip", 0), lowered("RandomCrop", 1), lowered("RandomZoom", 0), lowered("RandomRotation", 4)]
    bar = judged(report(only=("tpu",), backend="jax", tpu=rows), "8")
    assert (bar.verdict, bar.detail) == (MISSED, "a gather in RandomCrop")  # a rotation may have one
    rows[1] = lowered("RandomCrop", 0)
    assert judged(report(only=("tpu",), backend="jax", tpu=rows), "8").verdict == MET
    assert judged(report(only=("tpu",)), "8").verdict == NOT_MEASURED


def test_bars_of_sections_that_were_not_run_are_left_out():
    assert {bar.number for bar in evaluate(report())} == {"1a", "1b", "1c", "1d", "1e"}
