"""Logs for TensorBoard, read back from the event files."""

import io

import keras
import matplotlib.image
import numpy as np
import pytest
import tensorflow as tf
from run_reports import make_run

from kerasaug.finetune.run_report import log_callback, write_logs
from kerasaug.finetune.run_report.events import EventFile


def events(folder):
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        read = tf.compat.v1.train.summary_iterator(str(path))
        found += list(read)
    return found


def values(folder):
    return [(event.step, value) for event in events(folder) for value in event.summary.value]


def scalars(folder):
    """Tag to step to number, as TensorBoard has them: a session that starts at a step forgets that step and later."""
    found = {}
    for event in events(folder):
        if event.HasField("session_log"):
            found = {tag: {k: v for k, v in steps.items() if k < event.step} for tag, steps in found.items()}
        for value in event.summary.value:
            if value.HasField("simple_value"):
                steps = found.setdefault(value.tag, {})
                assert event.step not in steps, f"{value.tag} has step {event.step} twice"
                steps[event.step] = value.simple_value
    return found


def small_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Knob(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["strength"] = np.float32(epoch / 10)


def test_every_key_of_the_logs_is_written_epoch_by_epoch(tmp_path):
    x, y = np.ones((8, 3), "float32"), np.arange(8) % 2
    history = (
        small_model()
        .fit(x, y, epochs=2, validation_data=(x, y), callbacks=[Knob(), log_callback(tmp_path)], verbose=0)
        .history
    )
    train, validation = scalars(tmp_path / "train"), scalars(tmp_path / "validation")
    assert set(train) == {"epoch_loss", "epoch_accuracy", "epoch_strength"}
    assert set(validation) == {"epoch_loss", "epoch_accuracy"}
    assert train["epoch_strength"] == pytest.approx({0: 0.0, 1: 0.1})
    assert train["epoch_loss"] == pytest.approx(dict(enumerate(history["loss"])))
    assert validation["epoch_loss"] == pytest.approx(dict(enumerate(history["val_loss"])))


def test_a_resumed_run_has_each_epoch_once(tmp_path):
    x, y = np.ones((8, 3), "float32"), np.arange(8) % 2
    model = small_model()
    model.fit(x, y, epochs=3, callbacks=[log_callback(tmp_path)], verbose=0)
    resumed = model.fit(x, y, initial_epoch=2, epochs=4, callbacks=[log_callback(tmp_path)], verbose=0)
    found = scalars(tmp_path / "train")["epoch_loss"]
    assert sorted(found) == [0, 1, 2, 3]
    assert [found[2], found[3]] == pytest.approx(resumed.history["loss"])


def test_one_callback_serves_two_fits(tmp_path):
    callback = log_callback(tmp_path)
    for epoch in (0, 1):
        callback.on_train_begin()
        callback.on_epoch_end(epoch, {"loss": 1.0})
        callback.on_train_end()
    assert scalars(tmp_path / "train") == {"epoch_loss": {0: 1.0, 1: 1.0}}


def test_an_epoch_can_be_read_before_the_run_ends(tmp_path):
    callback = log_callback(tmp_path)
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 0.5, "val_loss": float("nan"), "confusion": np.zeros((2, 2))})
    assert scalars(tmp_path / "train") == {"epoch_loss": {0: 0.5}}
    assert np.isnan(scalars(tmp_path / "validation")["epoch_loss"][0])


def test_no_graph_is_written(tmp_path):
    x, y = np.ones((8, 3), "float32"), np.arange(8) % 2
    small_model().fit(x, y, callbacks=[log_callback(tmp_path)], verbose=0)
    kinds = {event.WhichOneof("what") for event in events(tmp_path / "train")}
    assert kinds == {"file_version", "session_log", "summary"}


def test_pictures_text_and_schedule_are_written_when_the_run_is_over(tmp_path):
    write_logs(make_run(), tmp_path)
    found = values(tmp_path / "report")
    pictures = {value.tag: (step, value.image) for step, value in found if value.HasField("image")}
    assert set(pictures) == {"augmented_samples", "confusion_matrix", "learning_curves", "schedule"}
    for step, image in pictures.values():
        pixels = matplotlib.image.imread(io.BytesIO(image.encoded_image_string))
        assert step == 3
        assert pixels.shape[:2] == (image.height, image.width)
        assert (pixels[..., :3] < 0.9).any(axis=-1).mean() > 0.01
    schedule = scalars(tmp_path / "report")
    assert schedule["schedule/learning_rate"] == pytest.approx({0: 1e-3, 1: 1e-3, 2: 1e-4, 3: 1e-5})
    assert schedule["schedule/unfrozen_groups"] == {0: 1, 1: 1, 2: 2, 3: 3}
    (text,) = [value for _, value in found if value.tag == "summary"]
    assert text.metadata.plugin_data.plugin_name == "text"
    markdown = text.tensor.string_val[0].decode()
    assert "validation accuracy 80.0 %" in markdown
    assert "| backbone | MobileNetV2 |" in markdown


def test_a_report_written_again_replaces_the_one_before(tmp_path):
    write_logs(make_run(), tmp_path)
    write_logs(make_run(history={"learning_rate": [0.5]}), tmp_path)
    found = scalars(tmp_path / "report")
    assert found["schedule/learning_rate"] == {0: 0.5}
    assert found["schedule/strength"] == {}


def test_what_a_run_lacks_is_left_out(tmp_path):
    nothing = np.zeros(0, int)
    write_logs(make_run(history={}, truth=nothing, predicted=nothing, samples=0, best_epoch=None), tmp_path)
    assert [value.tag for _, value in values(tmp_path / "report")] == ["summary"]


def test_a_report_that_cannot_be_finished_leaves_no_file(tmp_path, monkeypatch):
    def fail(self, tag, markdown, step):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(EventFile, "text", fail)
    with pytest.raises(OSError, match="No space left"):
        write_logs(make_run(), tmp_path)
    assert list((tmp_path / "report").iterdir()) == []


def test_a_disk_that_is_full_is_an_os_error(tmp_path, monkeypatch):
    file = EventFile(tmp_path)

    class Full:
        def write(self, record):
            raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(file, "_file", Full())
    with pytest.raises(OSError, match="logs cannot be written: No space left"):
        file.scalars({"loss": 1.0}, 0)
