"""Labels and heads: which loss and metric they get, by oracles of Keras, and what is refused."""

import keras
import numpy as np
import pytest
from fine_tuning import network, pictures, tune

import kerasaug
from kerasaug.transfer.heads import Crossentropy
from kerasaug.transfer.objective import (
    Head,
    check_labels,
    classes_in,
    head_of,
    objective,
)

SPARSE, ROWS = np.array([0, 2, 1]), np.eye(3, dtype="float32")
PREDICTED = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.5, 0.3, 0.2]], "float32")


def value(loss, y_true, y_pred):
    return float(keras.ops.convert_to_numpy(loss(y_true, y_pred)))


def crossentropy(rows, predicted, smoothing=0.0):
    """By hand."""
    rows = rows * (1 - smoothing) + smoothing / rows.shape[1]
    return float(-(rows * np.log(predicted)).sum(axis=1).mean())


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("activation", ["softmax", "linear"])
@pytest.mark.parametrize("kind", ["sparse", "column", "one-hot", "mixed"])
def test_loss_and_accuracy_by_hand(kind, activation, smoothing):
    labels = {"sparse": SPARSE, "column": SPARSE[:, None], "one-hot": ROWS[SPARSE], "mixed": SPARSE}[kind]
    loss, accuracy = objective(Head(3, activation), labels, kind == "mixed", smoothing)
    given = ROWS[SPARSE] if kind == "mixed" else labels
    predicted = PREDICTED if activation == "softmax" else np.log(PREDICTED) + 5.0
    assert value(loss, given, predicted) == pytest.approx(crossentropy(ROWS[SPARSE], PREDICTED, smoothing), rel=1e-5)
    accuracy.update_state(given, predicted)
    assert accuracy.name == "accuracy"
    assert float(accuracy.result()) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("width", "activation"), [(1, "sigmoid"), (1, "linear"), (2, "sigmoid")])
def test_yes_or_no(width, activation):
    labels = np.array([[1, 0], [0, 0], [1, 1], [0, 1]])[:, :width]
    predicted = np.array([[0.9, 0.2], [0.4, 0.3], [0.8, 0.4], [0.6, 0.9]], "float32")[:, :width]
    loss, accuracy = objective(Head(width, activation), labels, False, 0.0)
    given = predicted if activation == "sigmoid" else np.log(predicted / (1 - predicted))
    by_hand = -np.log(np.where(labels == 1, predicted, 1 - predicted)).mean()
    assert value(loss, labels, given) == pytest.approx(by_hand, rel=1e-4)
    accuracy.update_state(labels, given)
    assert float(accuracy.result()) == pytest.approx(((predicted > 0.5) == labels).mean())


def test_smoothed_crossentropy_survives_serialisation():
    loss = keras.losses.deserialize(keras.losses.serialize(Crossentropy(0.2, from_logits=True)))
    assert isinstance(loss, Crossentropy)
    assert value(loss, SPARSE, np.log(PREDICTED)) == pytest.approx(crossentropy(ROWS[SPARSE], PREDICTED, 0.2), rel=1e-5)


def stacked(*layers):
    return keras.Sequential([keras.Input((4,)), *layers])


@pytest.mark.parametrize(
    ("layers", "activation"),
    [
        ([keras.layers.Dense(3, "softmax")], "softmax"),
        ([keras.layers.Dense(3)], "linear"),
        ([keras.layers.Dense(3), keras.layers.Softmax()], "softmax"),
        ([keras.layers.Dense(3), keras.layers.Activation("sigmoid")], "sigmoid"),
        ([stacked(keras.layers.Dense(3, "softmax"))], "softmax"),
        ([keras.layers.Dense(3, "tanh")], None),
        ([keras.layers.Dense(3), keras.layers.Dropout(0.1)], None),
    ],
)
def test_the_activation_is_seen(layers, activation):
    assert head_of(stacked(*layers)) == Head(3, activation)


def test_an_operation_without_a_layer_is_not_guessed_at():
    images = keras.Input((4,))
    model = keras.Model(images, keras.ops.softmax(keras.layers.Dense(3)(images)))
    assert head_of(model).activation is None
    with pytest.raises(ValueError, match=r"probabilities or logits.*Pass `loss` and `metrics`"):
        objective(head_of(model), SPARSE, False, 0.0)


@pytest.mark.parametrize(("labels", "classes"), [(np.array([0, 4, 2]), 5), (np.array([[1], [2]]), 3), (ROWS, 3)])
def test_classes_are_counted(labels, classes):
    assert classes_in(labels) == classes


@pytest.mark.parametrize(
    ("labels", "head", "message"),
    [
        (np.array([0, 3]), Head(3, "softmax"), "labels from 0 to 2, for the model's 3 outputs.*from 0 to 3"),
        (np.array([-1, 2]), Head(3, "softmax"), "from -1 to 2"),
        (np.array([0.0, 1.0]), Head(3, "softmax"), "dtype float64 and shape .2,.*Number the classes"),
        (np.array(["cat", "dog"]), Head(3, "softmax"), "integers from 0.*dtype <U3"),
        (np.array([True, False]), Head(3, "softmax"), "dtype bool"),
        (np.zeros((2, 2), "float32"), Head(3, "softmax"), "as wide as the model's output, 3.*width 2"),
        (np.zeros((2, 4, 4)), Head(3, "softmax"), "integers from 0"),
        (np.array([0, 2]), Head(1, "sigmoid"), "labels of 0 and 1, 1 an image.*from 0 to 2"),
        (np.array([0, 1]), Head(2, "sigmoid"), "labels of 0 and 1, 2 an image"),
        (np.array(["a", "b"]), Head(1, "sigmoid"), "labels of 0 and 1"),
    ],
)
def test_labels_that_do_not_fit(labels, head, message):
    with pytest.raises(ValueError, match=message):
        check_labels(labels, head)


@pytest.mark.parametrize(
    ("classes", "activation", "encode"),
    [(1, "sigmoid", lambda labels: labels), (2, None, lambda labels: np.eye(2, dtype="float32")[labels])],
)
def test_they_train(classes, activation, encode):
    images, labels = pictures(16)
    data = images, encode(labels)
    tuned = tune(network(classes, activation), data, data, label_smoothing=0.1)
    assert {"accuracy", "val_accuracy"} <= set(tuned.history)
    assert np.isfinite(tuned.history["loss"]).all()


def test_mixed_labels_are_encoded_in_training_and_validation():
    mix = kerasaug.layers.MixUp(num_classes=2)
    tuned = tune(train=pictures(16), validation=pictures(16), policy=mix, label_smoothing=0.1, freeze_epochs=0)
    assert {"accuracy", "val_accuracy"} <= set(tuned.history)
    model, (images, labels) = tuned.model, pictures(16)
    expected = crossentropy(np.eye(2)[labels], model.predict(images, verbose=0), 0.1)
    assert tuned.history["val_loss"] == pytest.approx([expected], rel=1e-4)
