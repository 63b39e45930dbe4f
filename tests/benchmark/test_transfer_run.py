"""A run of the transfer family as small as it can be, and the learners that its ways need."""

import keras
import numpy as np
import pytest

from kerasaug.benchmark.transfer import glyphs, learner, run, tasks
from kerasaug.benchmark.transfer.learner import TuningLearner
from kerasaug.benchmark.transfer.runs import Runs
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.benchmark.transfer.ways import AUGMENTED, AWARE, CARRIED, DECOUPLED, PLAIN, WAYS
from kerasaug.finetune.comparison.data import Data, Examples
from kerasaug.finetune.comparison.settings import Settings as Comparison

SIZE = 8
SETTINGS = Settings(
    seeds=(0, 1),
    selection_seeds=(100,),
    rates=(1e-3, 1e-2),
    epochs=2,
    steps_per_epoch=1,
    steps_per_execution=1,
    batch_size=4,
    shots=2,
    pretraining_epochs=1,
    size=SIZE,
    sections=("digits",),
    ways=("frozen", "full"),
    variants=(PLAIN, AUGMENTED, CARRIED),
)


def tiny(input_shape):
    inputs = keras.Input(input_shape)
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(2, 3, strides=2, padding="same", use_bias=False)(x)
    y = keras.layers.BatchNormalization()(x)
    return keras.Model(inputs, keras.layers.Add()([x, keras.layers.ReLU()(y)]))


def examples(count, first):
    rng = np.random.default_rng(first)
    labels = np.arange(count, dtype="int32") % 5
    images = rng.integers(0, 256, (count, SIZE, SIZE, 3), dtype="uint8")
    return Examples(images, labels, np.arange(first, first + count))


@pytest.fixture(scope="module", autouse=True)
def small():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learner, "backbone", tiny)
        patch.setattr(learner, "LORA_RANK", 2)
        yield


@pytest.fixture(scope="module")
def data():
    return Data(*[examples(10, 100 * part) for part in range(5)])


@pytest.fixture(scope="module")
def report(data, tmp_path_factory):
    task = tasks.Task("digits", "Digits", "made up", 5, 2, "0", lambda settings, cache: data)
    moved = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(run.__globals__["TASKS"], "digits", task)
        found = run(SETTINGS, progress=counting(moved), cache=tmp_path_factory.mktemp("cache"))
    return {**found, "moved": moved}


def counting(moved):
    from contextlib import nullcontext

    return lambda title, runs: nullcontext(lambda: moved.append(runs))


def test_every_way_is_reported_in_every_variant_with_every_seed(report):
    found = report["tasks"]["digits"]
    assert [(row["way"], row["variant"]) for row in found["rows"]] == [
        (way, variant) for way in ("frozen", "full") for variant in SETTINGS.variants
    ]
    for row in found["rows"]:
        assert [one["seed"] for one in row["runs"]] == [0, 1]
        assert row["test"]["mean"] == pytest.approx(np.mean([one["test"] for one in row["runs"]]))
    # 2 features and 5 classes; below them a kernel of 3x3x3x2, gamma and beta.
    assert {row["way"]: row["trainable"] for row in found["rows"]} == {"frozen": 15, "full": 15 + 54 + 4}


def test_rates_are_chosen_by_the_validation_part(report):
    found = report["tasks"]["digits"]
    chosen = {(one["way"], one["variant"]): one for one in found["choices"]}
    assert set(chosen) == {(way, variant) for way in ("frozen", "full") for variant in (PLAIN, AUGMENTED)}
    for one in chosen.values():
        assert one["validation"][f"{one['chosen']:g}"] == max(one["validation"].values())
    rates = {(row["way"], row["variant"]): row["learning_rate"] for row in found["rows"]}
    for (way, variant), rate in rates.items():
        assert rate == chosen[way, variant if variant == AUGMENTED else PLAIN]["chosen"]


def test_runs_that_are_the_same_are_made_once(report):
    found = report["tasks"]["digits"]
    rates = {(row["way"], row["variant"]): row["learning_rate"] for row in found["rows"]}
    same = sum(rates[way, AUGMENTED] == rates[way, CARRIED] for way in ("frozen", "full"))
    selection, evaluation = 2 * 2 * 2, 2 * 3 * 2
    assert len(report["moved"]) == selection + evaluation - 2 * same
    assert set(report["moved"]) == {selection + evaluation}


@pytest.fixture(scope="module")
def runs(data):
    plain = TuningLearner(SETTINGS, 5)
    return Runs(SETTINGS, tasks.DIGITS, data, plain, [value + 0.5 for value in plain.initial_weights(7)[:-2]])


@pytest.mark.parametrize("way", ["lora", "bitfit", "adapters", "l2_sp"])
def test_ways_start_from_the_same_predictions(runs, data, way):
    expected = start(runs, "full", data)
    np.testing.assert_allclose(start(runs, way, data), expected, rtol=1e-5, atol=1e-6)
    assert np.ptp(expected, axis=0).max() > 1e-3


def start(runs, way, data):
    found = runs.learner(WAYS[way])
    weights = runs._terms_of(WAYS[way], 0).weights
    found.network.set_weights(found.with_backbone(weights, runs.pretrained))
    return found.predict(data.test.images)


def test_l2_sp_pulls_to_the_pretrained_weights(runs):
    optimizer = runs.learner(WAYS["l2_sp"]).model.optimizer
    starts = [variable for variable in optimizer.variables if variable.name.endswith("start")]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(starts[0]), runs.pretrained[0])


def test_bitfit_trains_betas_and_the_head(runs):
    runs.result(WAYS["bitfit"], PLAIN, 1e-2, 0)
    names = [variable.name for variable in runs.learner(WAYS["bitfit"]).network.trainable_variables]
    assert sorted(names) == ["beta", "bias", "kernel"]


def test_tuning_that_is_aware_raises_the_rate_and_lowers_the_decay(runs, monkeypatch):
    seen = {}

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizer = self.model.optimizer
            values = [keras.ops.convert_to_numpy(one) for one in (optimizer.learning_rate, optimizer.weight_decay)]
            seen.setdefault(self.variant, [float(value) for value in values])

    def callbacks(arm, seed):
        recorder = Recorder()
        recorder.variant = (arm.aware, arm.decouple)
        return [recorder]

    monkeypatch.setattr(runs, "callbacks", callbacks)
    for variant in (CARRIED, AWARE, DECOUPLED):
        runs.result(WAYS["full"], variant, 4e-3, 1)
    decay = SETTINGS.weight_decay
    assert seen[False, False] == pytest.approx([4e-3, decay])
    assert seen[True, False] == pytest.approx([6e-3, decay / 2])
    assert seen[True, True] == pytest.approx([6e-3, decay / 3])


def test_no_typeface_is_in_two_parts(tmp_path):
    families = {part: {font.rstrip("0123456789")[:9] for font in fonts} for part, fonts in glyphs.FONTS.items()}
    assert not families["test"] & (families["train"] | families["validation"])
    assert {font.partition("-")[0] for font in glyphs.FONTS["train"]} == {"DejaVuSans", "DejaVuSansMono"}
    assert {font.partition("-")[0] for font in glyphs.FONTS["validation"]} == {"DejaVuSerif"}


def test_glyphs_are_kept_and_repeat(tmp_path, monkeypatch):
    monkeypatch.setattr(glyphs, "FONTS", {part: fonts[:2] for part, fonts in glyphs.FONTS.items()})
    found = glyphs.load(24, tmp_path / "one")
    again = glyphs.load(24, tmp_path / "two")
    np.testing.assert_array_equal(found.test.images, again.test.images)
    assert found.pool.images.shape == (2 * 26 * glyphs.RENDERINGS["train"], 24, 24, 3)
    assert np.bincount(found.test.labels).tolist() == [2 * glyphs.RENDERINGS["test"]] * 26
    ids = np.concatenate([part.ids for part in vars(found).values()])
    assert len(set(ids)) == len(ids)
    ink = found.test.images[..., 0].max(axis=(1, 2))
    assert ink.min() > 200  # a letter on each
    border = np.concatenate([found.pool.images[:, [0, -1]].ravel(), found.pool.images[:, :, [0, -1]].ravel()])
    assert border.mean() < 5  # and all of it
    monkeypatch.setattr(glyphs, "_draw_all", lambda *arguments: pytest.fail("it draws again"))
    np.testing.assert_array_equal(glyphs.load(24, tmp_path / "one").pool.ids, found.pool.ids)


def test_an_arm_is_the_way_it_is_of():
    arm = WAYS["lp_ft"].arm(PLAIN, 1e-2, 0.1)
    assert arm.schedule(12) == {0: -1, 4: 0}
    assert [arm.share(epoch, 12) for epoch in (0, 3, 4, 11)] == [1.0, 1.0, 0.1, 0.1]
    assert WAYS["slice"].arm(PLAIN, 1e-2, 0.1).layer_decay ** 3 == pytest.approx(0.01)
    assert Comparison().epochs == 30  # the other job is as it was
