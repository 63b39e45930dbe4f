"""One run of the whole job, as small as it can be; the tests look at what it did and left."""

import dataclasses
import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from rich.console import Console

from kerasaug.finetune.comparison import job
from kerasaug.finetune.comparison.arms import ARMS, FROZEN
from kerasaug.finetune.comparison.data import prepare
from kerasaug.finetune.comparison.experiment import run, terms
from kerasaug.finetune.comparison.learner import Learner
from kerasaug.finetune.comparison.pretraining import pretrain
from kerasaug.finetune.comparison.settings import Settings

# After four steps a slow average would still be the initial one, and the features of all images the same.
SETTINGS = Settings(seeds=(0,), epochs=2, steps_per_epoch=2, pretraining_epochs=2, batchnorm_momentum=0.1)
PRETRAINED = [arm.name for arm in ARMS if arm.pretrained]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The outcome of the job, what it printed, and every call of `Learner.fit`."""
    out, cache = tmp_path_factory.mktemp("out"), tmp_path_factory.mktemp("cache")
    console = Console(file=io.StringIO(), width=160)
    fits, fit = [], Learner.fit

    def recorded(self, arm, weights, stream, epochs, seed, callbacks=()):
        fits.append(SimpleNamespace(learner=self, arm=arm.name, seed=seed, weights=weights, stream=stream))
        return fit(self, arm, weights, stream, epochs, seed, callbacks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Learner, "fit", recorded)
        outcome = job.finetune(SETTINGS, out, cache, console)
    return SimpleNamespace(outcome=outcome, text=console.file.getvalue(), fits=fits, out=out, cache=cache)


@pytest.fixture(scope="module")
def learner(done):
    return done.fits[0].learner


@pytest.fixture(scope="module")
def data(done):
    return prepare(SETTINGS, done.cache)


def fits_of(done):
    return {one.arm: one for one in done.fits}


def assert_same(left, right):
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


def test_one_network_trains_everything(done):
    assert [one.arm for one in done.fits] == ["pretraining", *[arm.name for arm in ARMS]]
    assert len({id(one.learner) for one in done.fits}) == 1


def test_arms_see_the_same_images_in_the_same_order(done):
    runs = fits_of(done)
    for arm in ARMS:
        np.testing.assert_array_equal(runs[arm.name].stream.ids, runs["scratch"].stream.ids)
        np.testing.assert_array_equal(runs[arm.name].stream.images, runs["scratch"].stream.images)
        assert runs[arm.name].seed == 0


def test_arms_start_from_the_same_head_and_one_backbone(done):
    runs = fits_of(done)
    for name in PRETRAINED:
        assert_same(runs[name].weights[-2:], runs["scratch"].weights[-2:])
        assert_same(runs[name].weights[:-2], runs["frozen"].weights[:-2])
    assert not np.array_equal(runs["frozen"].weights[0], runs["scratch"].weights[0])


def test_budgets_are_equal(done):
    assert [one.steps for one in done.outcome.results] == [4] * 4
    assert {len(fits_of(done)[arm.name].stream) for arm in ARMS} == {4 * SETTINGS.batch_size}


def test_the_frozen_backbone_does_not_move_and_the_others_do(done):
    for result in done.outcome.results:
        start = fits_of(done)[result.arm.name].weights
        assert not np.array_equal(result.weights[-2], start[-2])
        moved = [not np.array_equal(*pair) for pair in zip(result.weights[:-2], start[:-2], strict=True)]
        assert any(moved) is (result.arm.name != "frozen")


def test_a_run_leaves_nothing_behind_for_the_next(done, learner, data):
    # In between came other arms, with other layers, rates, decays and strengths.
    pretrained = fits_of(done)["frozen"].weights[:-2]
    again = run(learner, data, FROZEN, terms(learner, data, 0), pretrained)
    first = next(one for one in done.outcome.results if one.arm is FROZEN)
    for one, other in zip(again.weights, first.weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_only_augmentation_is_random_beyond_the_terms(done, learner):
    start = fits_of(done)["frozen"]

    def head(strength, seed):
        arm = dataclasses.replace(FROZEN, strength=strength)
        return learner.fit(arm, start.weights, start.stream, SETTINGS.epochs, seed)[-2]

    np.testing.assert_allclose(head(0.0, 0), head(0.0, 1), rtol=1e-4, atol=1e-6)
    assert np.abs(head(1.0, 0) - head(1.0, 1)).max() > 1e-4
    np.testing.assert_allclose(head(1.0, 1), head(1.0, 1), rtol=1e-4, atol=1e-6)


def test_accuracies_are_counted(learner, data):
    expected = learner.predict(data.test.images).argmax(-1) == data.test.labels
    assert learner.accuracies(data.validation, data.test)[1] == pytest.approx(expected.mean())


def test_pretraining_is_taken_from_the_cache(done, learner, data, monkeypatch):
    monkeypatch.setattr(learner, "fit", None)
    kept = pretrain(learner, data, done.cache)
    assert_same(kept.weights, fits_of(done)["frozen"].weights[:-2])
    assert kept.path.parent == done.cache / "pretrained"


def test_everything_is_printed(done):
    for arm in ARMS:
        assert arm.title in done.text
    for path in (done.outcome.saved_model, done.outcome.report, done.outcome.picture, done.outcome.examples):
        assert os.fspath(path) in done.text.replace("\n", "")
    assert "tensorflow/serving" in done.text
    assert "stopped before it had learnt them" in done.text.replace("\n", " ")


def test_files_lie_where_they_should(done):
    assert done.outcome.saved_model == done.out / "saved_models" / "digits" / "1"
    assert done.outcome.report.parent == done.out / "saved_models" / "digits_report" / "1"
    report = json.loads(done.outcome.report.read_text())
    assert [arm["name"] for arm in report["arms"]] == [arm.name for arm in ARMS]
    assert report["arms"][1]["title"] == FROZEN.title
    assert report["saved_model"]["path"] == os.fspath(done.outcome.saved_model)
    assert report["versions"]["backend"] == keras.backend.backend()


def test_the_picture_shows_every_class(done):
    from matplotlib import image

    pixels = image.imread(done.outcome.picture)
    height, width = pixels.shape[:2]
    assert width > 2 * height * 0.9
    rows = np.array_split(pixels[..., :3].min(axis=-1), 5)
    assert all((row < 0.5).mean() > 0.2 for row in rows)  # dark ground of the digits in each row


def test_a_process_without_kerasaug_serves_the_stored_predictions(done, tmp_path):
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "kept = np.load(sys.argv[2])\n"
        "for count in (1, 7):\n"
        "    served = [model.serve(kept['images'][:count])['probabilities'].numpy() for _ in range(2)]\n"
        "    assert served[0].tobytes() == served[1].tobytes()\n"
        "    np.testing.assert_allclose(served[0], kept['probabilities'][:count], rtol=1e-4, atol=1e-6)\n"
        "assert not any('kerasaug' in name for name in sys.modules)\n"
    )
    paths = [os.fspath(done.outcome.saved_model), os.fspath(done.outcome.examples)]
    served = subprocess.run([sys.executable, "-I", "-c", code, *paths], cwd=tmp_path, capture_output=True, text=True)
    assert served.returncode == 0, served.stderr[-2000:]


def test_a_version_is_never_overwritten(done, learner, data):
    before = (done.outcome.saved_model / "saved_model.pb").read_bytes(), done.outcome.examples.read_bytes()
    saved_model, examples = job._export(learner, data.test, done.out)
    assert (saved_model.name, examples.parent.name) == ("2", "2")
    assert ((done.outcome.saved_model / "saved_model.pb").read_bytes(), done.outcome.examples.read_bytes()) == before
