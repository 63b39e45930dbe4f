"""`kerasaug finetune --data`, from files to files."""

import json

import keras
import numpy as np
import pytest
from interruptions import raising
from run_pictures import write_pictures

from kerasaug import cli
from kerasaug.finetune import job
from kerasaug.finetune.job import Interrupted


class Stopping(keras.callbacks.Callback):
    """Ctrl-C at the end of an epoch, before it is backed up."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def damage_three(folder):
    victims = sorted(folder.rglob("*.jpg"))[3::5][:3]
    whole = victims[0].read_bytes()
    for path, content in zip(victims, (whole[: len(whole) // 2], b"", b"no picture"), strict=True):
        path.write_bytes(content)
    return [str(path.relative_to(folder)) for path in victims]


def test_a_directory_with_three_corrupt_files(tmp_path, finetune):
    pictures = write_pictures(tmp_path / "pictures", count=60)
    damaged = damage_three(pictures)
    status, printed = finetune(
        "--data", pictures, "--epochs=4", "--policy=geometry", "--learning-rate=0.01", "--batch-size=8", "--out=run"
    )
    assert status == 0, printed.err
    for name in damaged:
        assert name in printed.out
    assert "3 files skipped" in printed.out
    assert "117 images" not in printed.out
    run = tmp_path / "run"
    report = json.loads((run / "report.json").read_text())
    assert sorted(one["path"] for one in report["skipped"]) == sorted(damaged)
    assert sum(sum(part.values()) for part in report["counts"].values()) == 117
    assert report["accuracy"]["value"] > 0.8  # by brightness alone
    assert len(report["history"]["loss"]) == 4
    assert json.loads((run / "run.json").read_text())["status"] == "done"
    assert (run / "classes.txt").read_text() == "dark\nlight\n"
    assert (run / "report.png").stat().st_size > 20_000
    assert any((run / "logs").rglob("*tfevents*"))
    assert str(run / "saved_model") in printed.out
    assert "tensorflow/serving" in printed.out

    import tensorflow as tf

    images = np.stack([np.full((32, 32, 3), value, "float32") for value in (25.0, 215.0)])
    line = next(line for line in printed.out.splitlines() if line.startswith("Load it"))
    names = {"tf": tf, "images": images}
    exec(line.removeprefix("Load it").strip(), names)  # as printed, from the folder where the run was made
    served = names["model"].serve(images)["probabilities"].numpy()
    assert served.argmax(axis=-1).tolist() == [0, 1]
    kept = keras.models.load_model(run / "model.keras")
    np.testing.assert_allclose(kept.predict(images, verbose=0), served, atol=1e-4)


def weights_of(folder):
    return [one.tobytes() for one in keras.models.load_model(folder / "model.keras").get_weights()]


def test_ctrl_c_keeps_the_last_checkpoint_and_resuming_ends_in_the_same_weights(
    tmp_path, finetune, pictures, monkeypatch
):
    command = ("--data", pictures, "--epochs=3", "--policy=strong", "--batch-size=4")
    assert finetune(*command, "--out=alone")[0] == 0
    real = job.log_callback
    monkeypatch.setattr(job, "log_callback", lambda folder: Stopping(2))
    status, printed = finetune(*command, "--out=stopped")
    assert status == 130
    assert "the last complete checkpoint, of epoch 2, is in stopped/checkpoints" in printed.err
    assert printed.err.count("\n") == 1
    assert "kerasaug finetune --resume --out stopped" in printed.err
    monkeypatch.setattr(job, "log_callback", real)
    status, printed = finetune("--resume", "--out=stopped", backbone=False)
    assert status == 0, printed.err
    assert weights_of(tmp_path / "stopped") == weights_of(tmp_path / "alone")
    history = [json.loads((tmp_path / name / "report.json").read_text())["history"] for name in ("alone", "stopped")]
    assert history[0] == history[1]
    assert len(history[0]["loss"]) == 3

    status, printed = finetune("--resume", "--out=stopped", backbone=False)
    assert (status, "is done" in printed.out) == (0, True)
    status, printed = finetune(*command, "--out=stopped")
    assert (status, "holds one that is done" in printed.err) == (1, True)


def test_stopping_before_the_first_checkpoint_leaves_nothing(tmp_path, finetune, pictures, monkeypatch):
    monkeypatch.setattr(job, "log_callback", lambda folder: Stopping(0))
    status, printed = finetune("--data", pictures, "--epochs=1", "--out=run")
    assert status == 130
    assert printed.err == "kerasaug finetune: interrupted; nothing was written.\n"
    assert not (tmp_path / "run").exists()


def test_the_folder_that_a_path_leads_back_to_is_no_new_one(tmp_path, finetune, pictures, monkeypatch):
    """`runs/..` does not exist as long as `runs` does not, and is the folder one is in."""
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    (tmp_path / "photos" / "cats" / "mine.txt").write_text("precious")
    monkeypatch.chdir(tmp_path / "photos" / "cats")
    for out in ("runs/..", "."):
        status, printed = finetune("--data", pictures, "--epochs=1", f"--out={out}")
        assert (status, "holds other files" in printed.err) == (1, True)
    monkeypatch.setattr(job, "log_callback", lambda folder: Stopping(0))
    assert finetune("--data", pictures, "--epochs=1", "--out=new/../runs/a")[0] == 130
    assert [one.name for one in (tmp_path / "photos" / "cats").iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_left_empty(tmp_path, finetune, pictures, monkeypatch):
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(job, "log_callback", lambda folder: Stopping(0))
    status, printed = finetune("--data", pictures, "--epochs=1", "--out=run")
    assert (status, printed.err) == (130, "kerasaug finetune: interrupted; nothing was written.\n")
    assert list((tmp_path / "run").iterdir()) == []


def test_the_run_cannot_be_a_class_of_its_data(tmp_path, finetune, pictures, monkeypatch):
    monkeypatch.chdir(pictures)
    status, printed = finetune("--data=.", "--epochs=1")
    assert (status, "outside of --data" in printed.err) == (1, True)
    assert sorted(one.name for one in pictures.iterdir()) == ["dark", "light"]


def test_a_run_is_resumed_with_the_options_it_began_with(tmp_path, finetune, pictures, monkeypatch):
    monkeypatch.setattr(job, "log_callback", lambda folder: Stopping(1))
    assert finetune("--data", pictures, "--epochs=2", "--out=run")[0] == 130
    status, printed = finetune("--resume", "--out=run", "--batch-size=7", backbone=False)
    assert status == 1
    assert "--batch-size 32 among them. Received: --batch-size 7" in printed.err
    options = cli.parser().parse_args(["finetune", "--resume", "--out", "run"])
    assert cli.finetune.backend_of(options) == keras.backend.backend()
    monkeypatch.setattr(job, "_load", raising(KeyboardInterrupt()))
    status, printed = finetune("--resume", "--out=run", backbone=False)
    assert (status, "of epoch 1, is in run/checkpoints" in printed.err) == (130, True)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    next(pictures.rglob("*.jpg")).unlink()
    status, printed = finetune("--resume", "--out=run", backbone=False)
    assert (status, "the images that the run in run began with" in printed.err) == (1, True)


def test_a_full_disk_leaves_no_half_file(tmp_path, finetune, pictures, monkeypatch):
    def full(path, backup):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("kerasaug.resume.storage.write", full)
    status, printed = finetune("--data", pictures, "--epochs=1", "--out=run")
    assert status == 1
    assert printed.err.count("\n") == 1
    assert "No space left on device" in printed.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data=nowhere",), "nowhere"),
        (("--data=pictures", "--weights=gone.weights.h5"), "gone.weights.h5"),
        (("--data=pictures", "--backbone=MobileNett"), "MobileNet"),
        (("--data=pictures", "--policy=lihgt"), "light"),
        (("--data=pictures", "--policy=gone.json"), "gone.json"),
        (("--data=pictures", "--weights=digits", "--image-size=64"), "--image-size 32"),
        (("--data=empty",), "empty"),
        (("--data=lonely",), "class"),
        (("--data=single",), "one"),
        (("--data=pictures", "--out=taken"), "holds other files"),
        (("--data=pictures", "--out=pictures/dark/000.jpg"), "is a file"),
        (("--data=pictures", "--quick"), "--quick goes with the comparison"),
        (("--policy=light",), "--policy goes with one run"),
        (("--resume",), "--out DIR"),
        (("--resume", "--out=nothing"), "holds none"),
        (("--data=tfds:no_such_data_set",), "no_such_data_set"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(tmp_path, finetune, pictures, arguments, message):
    write_pictures(tmp_path / "lonely", classes=("only",))
    write_pictures(tmp_path / "single")
    for path in sorted((tmp_path / "single" / "dark").iterdir())[1:]:
        path.unlink()
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "diary.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    status, printed = finetune(*arguments, backbone=False)
    assert status == 1
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    assert sorted(tmp_path.rglob("*")) == before


def test_interrupted_is_a_keyboard_interrupt():
    assert issubclass(Interrupted, KeyboardInterrupt)
