import keras
import numpy as np
import pytest
from tunable import L, moved, outputs, values

from kerasaug.transfer import linear_probe_then_fine_tune


def network(units=3, activation="softmax", seed=1):
    keras.utils.set_random_seed(seed)
    body = L.Dense(5, activation="tanh", name="body")
    return keras.Sequential(
        [keras.Input((4,)), body, L.Dropout(0.2), L.Dense(units, activation=activation, name="top")]
    )


def data(classes=3):
    rng = np.random.default_rng(0)
    labels = np.arange(48) % classes
    return (rng.normal(size=(48, 4)) + labels[:, None] * [1, -1, 0.5, 0]).astype("float32"), labels


def test_the_head_first_and_then_everything_at_its_own_rate():
    model, snapshots = network(), []
    before = values(model)
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: snapshots.append(values(model)))
    history = linear_probe_then_fine_tune(
        model, data(), probe_epochs=2, epochs=1, probe_lr=0.01, lr=1e-4, callbacks=[watch], verbose=0
    ).history
    assert history["unfrozen_groups"] == [1, 1, 2]
    np.testing.assert_allclose(history["learning_rate"], [0.01, 0.01, 1e-4], rtol=1e-6)
    assert moved(before, snapshots[1]) == {"top/kernel", "top/bias"}
    assert moved(snapshots[1], snapshots[2]) == {"body/kernel", "body/bias", "top/kernel", "top/bias"}
    change = max(np.abs(snapshots[2][path] - snapshots[1][path]).max() for path in snapshots[1])
    assert change <= 2 * 1.1e-4  # two steps of Adam, each at most the rate; weight decay is far less


class Batches(keras.utils.PyDataset):
    """Arrays, sixteen rows at a time."""

    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return tuple(part[16 * index : 16 * index + 16] for part in self.arrays)


def test_a_dataset_trains_as_its_arrays_with_weights_and_in_the_order_asked_for():
    arrays = (*data(), np.linspace(0, 2, 48).astype("float32"))
    after = []
    for train in (arrays, Batches(arrays), arrays[:2]):
        model = network()
        linear_probe_then_fine_tune(
            model, train, probe_epochs=0, epochs=1, lr=0.01, batch_size=16, verbose=0, shuffle=False
        )
        after.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    np.testing.assert_allclose(after[1], after[0], rtol=1e-5, atol=1e-6)
    assert np.abs(after[2] - after[0]).max() > 1e-3  # without weights


@pytest.mark.parametrize(("classes", "units", "activation"), [(3, 3, "softmax"), (2, 2, "softmax"), (2, 1, "sigmoid")])
def test_the_solved_probe_is_scikit_learn_s(classes, units, activation):
    linear = pytest.importorskip("sklearn.linear_model")
    model, (x, labels) = network(units, activation), data(classes)
    features = np.tanh(x @ model.get_layer("body").get_weights()[0])  # the bias is zero
    expected = linear.LogisticRegression(C=2.0, max_iter=1000).fit(features, labels).predict_proba(features)
    given = np.eye(classes)[labels] if units > 1 else labels.astype("float32")
    history = linear_probe_then_fine_tune(model, (x, given), probe="logistic", epochs=0, C=2.0, verbose=0)
    assert history.epoch == []
    np.testing.assert_allclose(outputs(model, x), expected if units > 1 else expected[:, 1:], atol=2e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probe": "svm"}, "'fit' or 'logistic'"),
        ({"lr": 0}, "above 0"),
        ({"probe_epochs": -1}, "from 0"),
    ],
)
def test_misuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        linear_probe_then_fine_tune(network(), data(), **arguments)


def test_heads_that_cannot_be_solved():
    x, labels = data()
    with pytest.raises(ValueError, match="one Dense layer"):
        linear_probe_then_fine_tune(network(activation="relu"), (x, labels), probe="logistic")
    with pytest.raises(ValueError, match="every one of the 3 classes"):
        linear_probe_then_fine_tune(network(), (x, labels * 0), probe="logistic")


if keras.backend.backend() == "tensorflow":  # the others' tensors hold no strings

    def test_models_of_strings():
        import tensorflow as tf

        words = L.TextVectorization(vocabulary=["good", "bad"], output_sequence_length=2)
        head = L.Dense(2, activation="softmax")
        model = keras.Sequential(
            [keras.Input((1,), dtype="string"), words, L.Embedding(4, 3), L.GlobalAveragePooling1D(), head]
        )
        train = tf.constant([["good"], ["bad"]] * 4), np.arange(8) % 2
        history = linear_probe_then_fine_tune(model, train, probe_epochs=1, epochs=1, verbose=0).history
        assert history["unfrozen_groups"][0] == 1
