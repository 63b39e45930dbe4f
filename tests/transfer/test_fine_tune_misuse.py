"""What would train without a word, and mean nothing."""

import keras
import numpy as np
import pytest

from kerasaug.transfer import fine_tune

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (8, 8, 8, 3)).astype("float32")
LABELS = np.arange(8) % 2


def classifier(width=2, activation="softmax"):
    return keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(width, activation=activation)]
    )


def tune(model=None, train=(IMAGES, LABELS), *more, **arguments):
    return fine_tune(
        model or classifier(), train, *more, **{"epochs": 1, "freeze_epochs": 0, "verbose": 0, **arguments}
    )


@pytest.mark.parametrize("images", [IMAGES / 255, IMAGES / 127.5 - 1])
def test_images_that_are_scaled_already_are_refused(images):
    with pytest.raises(ValueError, match=r"images in \[0, 255\].*values from"):
        tune(train=(images, LABELS))
    tune(train=(images, LABELS), policy="none")


def test_grey_images_without_a_channel_axis_are_refused():
    model = keras.Sequential([keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    with pytest.raises(ValueError, match="of rank 4"):
        tune(model, (IMAGES[..., 0], LABELS))


@pytest.mark.parametrize("labels", [LABELS, np.eye(2, dtype="float32")[LABELS]])
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_by_name_is_that_of_the_labels_kind(labels, name):
    bright = np.where(LABELS[:, None, None, None] > 0, 250.0, 5.0) + np.zeros_like(IMAGES)
    model = classifier()
    tuned = tune(model, (bright, labels), (bright, labels), metrics=[name], policy="none", keep="last")
    right = (model.predict(bright, verbose=0).argmax(axis=-1) == LABELS).mean()
    np.testing.assert_allclose(tuned.history[f"val_{name}"][-1], right)


@pytest.mark.parametrize("shape", [(8, 4, 4, 3), (8, 8, 8, 1)])
def test_images_that_the_model_cannot_take_are_refused(shape):
    with pytest.raises(ValueError, match=r"takes, \(8, 8, 3\).*Resize them"):
        tune(train=(np.zeros(shape, "uint8"), LABELS))


def test_endless_validation_data_are_refused():
    import tensorflow as tf

    endless = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(4).repeat()
    with pytest.raises(ValueError, match="come to an end"):
        tune(None, (IMAGES, LABELS), endless)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(LABELS + 5, "from 0 to 1"), (np.eye(2, dtype="float32")[LABELS], "labels of one kind")],
)
def test_validation_labels_are_looked_at_before_training(labels, message):
    import tensorflow as tf

    for validation in ((IMAGES, labels), tf.data.Dataset.from_tensor_slices((IMAGES, labels)).batch(4)):
        with pytest.raises(ValueError, match=message):
            tune(None, (IMAGES, LABELS), validation)


def test_all_classes_are_counted_whatever_the_length_of_an_epoch():
    import tensorflow as tf

    from kerasaug.transfer.inputs import inspect

    by_class = tf.data.Dataset.from_tensor_slices((IMAGES, np.arange(8) // 2)).batch(2)
    found = inspect(by_class, 2, steps_per_epoch=2, whole=True)
    assert (found.labels.max(), found.steps) == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": "gone.weights.h5"}, "with the name of a network"),
        ({"batch_size": 0}, "batch_size"),
        ({"loss": "mse", "label_smoothing": 0.1}, "label_smoothing"),
        ({"classes": "ab"}, "list of their names"),
    ],
)
def test_arguments_that_would_do_nothing_are_refused(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        tune(**arguments)


def test_numpy_numbers_and_an_optimizer_with_a_schedule_are_taken():
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    numbers = {"epochs": np.int64(1), "base_lr": np.float32(1e-3), "classes": np.int64(2)}
    tuned = tune(optimizer=keras.optimizers.SGD(schedule), **numbers)
    assert type(tuned.recipe.epochs) is int


def test_booleans_are_labels_of_a_yes_or_no_head():
    assert len(tune(classifier(1, "sigmoid"), (IMAGES, LABELS == 1)).history["loss"]) == 1
