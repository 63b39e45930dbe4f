"""What a hyperparameter is set to acts on the very next compiled step: measured on the weights, against NumPy."""

from collections import namedtuple

import keras
import numpy as np
import pytest

from kerasaug import AugmentedModel, Pipeline
from kerasaug.layers import MixUp, RandomBrightness, RandomFlip
from kerasaug.training.smoothing import smoothed
from kerasaug.transfer.heads import Crossentropy
from kerasaug.transfer.hyperparameters import Hyperparameters, current

RATE, DECAY, MOMENTUM = 0.1, 0.05, 0.5
X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
Y = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
IMAGES = np.random.default_rng(2).uniform(0, 1, (4, 2, 2, 1)).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[[0, 1, 2, 0]]


class Between(keras.callbacks.Callback):
    """Sets a hyperparameter before each step, and keeps the weights after it."""

    def __init__(self, name, values):
        super().__init__()
        self.name, self.values, self.weights = name, values, []

    def on_train_begin(self, logs=None):
        self.knobs = Hyperparameters(self.model, [self.name], "Between")

    def on_train_batch_begin(self, batch, logs=None):
        self.knobs.set(self.model, self.name, self.values[batch])
        assert self.knobs.get(self.model, self.name) == pytest.approx(self.values[batch])

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append(self.model.get_weights()[0].copy())


class Repeated(keras.utils.PyDataset):
    """One batch, again and again."""

    def __init__(self, batch, count):
        super().__init__()
        self.batch, self.count = batch, count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.batch


def linear(optimizer):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    model.compile(optimizer, "mse")
    return model


def augmented(layer, loss="categorical_crossentropy"):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense(3, "softmax", use_bias=False)
    network = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), dense])
    model = AugmentedModel(network, Pipeline([layer]))
    model.compile(keras.optimizers.SGD(RATE), loss)
    return model


def seen(model, batch, name, values):
    start, callback = model.get_weights()[0], Between(name, values)
    model.fit(Repeated(batch, len(values)), callbacks=[callback], verbose=0)
    return start, callback.weights


def same(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("learning_rate", [0.1, 0.0, 0.4, 0.01]),
        ("weight_decay", [0.05, 0.0, 2.0, 0.5]),
        ("momentum", [0.5, 0.9, 0.1, 0.0]),
    ],
)
def test_the_optimizers(name, values):
    start, got = seen(linear(keras.optimizers.SGD(RATE, MOMENTUM, weight_decay=DECAY)), (X, Y), name, values)
    w, velocity = start, np.zeros_like(start)
    for value, one in zip(values, got, strict=True):
        now = {"learning_rate": RATE, "weight_decay": DECAY, "momentum": MOMENTUM, name: value}
        gradient = 2 * X.T @ (X @ w - Y) / Y.size
        velocity = now["momentum"] * velocity - now["learning_rate"] * gradient
        w = w * (1 - now["weight_decay"] * now["learning_rate"]) + velocity
        same(one, w)


def test_beta_1_of_adam():
    values = [0.9, 0.5, 0.8]
    start, got = seen(linear(keras.optimizers.Adam(RATE)), (X, Y), "beta_1", values)
    w, m, v = start, 0.0, 0.0
    for step, (beta, one) in enumerate(zip(values, got, strict=True), start=1):
        gradient = 2 * X.T @ (X @ w - Y) / Y.size
        m, v = beta * m + (1 - beta) * gradient, 0.999 * v + 0.001 * gradient**2
        w = w - RATE * np.sqrt(1 - 0.999**step) / (1 - beta**step) * m / (np.sqrt(v) + 1e-7)
        same(one, w)


def softmax_step(w, images, labels):
    flat = images.reshape(4, -1)
    scores = np.exp(flat @ w)
    return w - RATE * flat.T @ (scores / scores.sum(1, keepdims=True) - labels) / 4


def test_strength():
    values = [0.0, 1.0, 0.5]
    layer = RandomBrightness((0.5, 0.5), value_range=(0, 1), seed=1)
    model = augmented(layer)
    w, got = seen(model, (IMAGES, ONE_HOT), "strength", values)
    for value, one in zip(values, got, strict=True):
        w = softmax_step(w, np.clip(IMAGES + 0.5 * value, 0, 1), ONE_HOT)
        same(one, w)


def test_label_smoothing():
    values = [0.0, 0.3, 0.1]
    w, got = seen(augmented(RandomFlip(strength=0.0)), (IMAGES, ONE_HOT), "label_smoothing", values)
    for value, one in zip(values, got, strict=True):
        w = softmax_step(w, IMAGES, ONE_HOT * (1 - value) + value / 3)
        same(one, w)


def test_mix_probability():
    values = [0.0, 1.0, 0.0]
    w, got = seen(augmented(MixUp(alpha=1.0, seed=2)), (IMAGES, ONE_HOT), "mix_probability", values)
    same(got[0], softmax_step(w, IMAGES, ONE_HOT))
    assert np.abs(got[1] - softmax_step(got[0], IMAGES, ONE_HOT)).max() > 1e-3
    same(got[2], softmax_step(got[1], IMAGES, ONE_HOT))


def test_mix_probability_is_a_share_of_the_samples():
    layer = MixUp(alpha=1.0, seed=2, p=0.8)
    images, labels = np.zeros((2000, 1, 1, 1), "float32"), np.eye(4, dtype="float32")[np.arange(2000) % 4]
    chosen = []
    for probability in (1.0, 0.5, 0.0):
        layer.mix_probability = probability
        drawn = layer.draw({"images": images, "labels": labels}, seed=5)["chosen"]
        chosen.append(float(np.mean(keras.ops.convert_to_numpy(drawn))))
    np.testing.assert_allclose(chosen, [0.8, 0.4, 0.0], atol=0.035)  # three standard deviations


def test_smoothing_is_of_training_alone():
    model = augmented(RandomFlip(strength=0.0))
    before = model.evaluate(IMAGES, ONE_HOT, verbose=0)
    model.label_smoothing = 0.5
    assert model.evaluate(IMAGES, ONE_HOT, verbose=0) == before
    again = AugmentedModel.from_config(model.get_config())
    assert current(again, "label_smoothing") == 0.5


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryCrossentropy()])
def test_smoothing_of_yes_and_no(loss):
    """Keras's own smoothing is the oracle."""
    labels, predicted = np.array([[0.0, 1.0, 1.0]], "float32"), np.array([[0.2, 0.7, 0.4]], "float32")
    model = augmented(RandomFlip(), loss)
    model.label_smoothing = 0.2
    got = model.compute_loss(y=labels, y_pred=keras.ops.convert_to_tensor(predicted))
    want = keras.losses.BinaryCrossentropy(label_smoothing=0.2)(labels, predicted)
    assert float(got) == pytest.approx(float(want), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "optimizer", "message"),
    [
        ("lerning_rate", "sgd", "Did you mean 'learning_rate'"),
        ("momentum", "sgd", r"SGD, which has none. Compile with keras.optimizers.SGD\(momentum=0.9\)"),
        ("momentum", "adagrad", "Adagrad, which has none"),
        ("strength", "sgd", "AugmentedModel"),
        ("mix_probability", "sgd", "MixUp"),
        ("label_smoothing", "sgd", "AugmentedModel"),
        ("lr", keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 5)), "CosineDecay, which gives it"),
    ],
)
def test_what_cannot_be_set_is_refused(name, optimizer, message):
    with pytest.raises(ValueError, match=message):
        Hyperparameters(linear(optimizer), [name], "Knobs")


def test_smoothing_of_integers_by_a_loss_that_takes_both():
    """Against Keras's own smoothing of one-hot rows; two outputs, of which one has another loss."""
    integers, predicted = np.array([2, 0]), np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]], "float32")
    model = augmented(RandomFlip(), {"kind": Crossentropy(), "age": "mse"})
    model.label_smoothing = 0.3
    labels, outputs = {"kind": integers, "age": np.ones((2, 1))}, {"kind": predicted, "age": np.zeros((2, 1))}
    got = smoothed(labels, outputs, model.loss, model.label_smoothing)
    np.testing.assert_array_equal(got["age"], labels["age"])
    want = keras.losses.CategoricalCrossentropy(label_smoothing=0.3)(np.eye(3)[integers], predicted)
    assert float(Crossentropy()(got["kind"], predicted)) == pytest.approx(float(want), rel=1e-6)


class Own(keras.losses.CategoricalCrossentropy):
    """A loss of the user's own."""


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ({"one": "categorical_crossentropy", "two": "mse"}, list),
        (["categorical_crossentropy", "mse"], dict),
        ([Own(), "mse"], list),
    ],
)
def test_labels_and_losses_may_be_lists_and_dicts(losses, labels):
    rows, numbers = np.eye(3, dtype="float32")[[0, 2]], np.ones((2, 1), "float32")
    given = {"one": rows, "two": numbers} if labels is dict else [rows, numbers]
    got = smoothed(given, given, losses, 0.3, ["one", "two"])
    got = list(got.values()) if labels is dict else got
    np.testing.assert_allclose(got[0], rows * 0.7 + 0.1, rtol=1e-6)
    np.testing.assert_array_equal(got[1], numbers)


Pair = namedtuple("Pair", "alpha zeta")


@pytest.mark.parametrize("losses", ["categorical_crossentropy", ["categorical_crossentropy", "mse"]])
@pytest.mark.parametrize("labels", [dict, list, Pair._make])
def test_outputs_of_a_dict_go_by_its_keys(losses, labels):
    """Keras takes lists in the order of sorted keys; the layers behind the outputs have other names."""
    rows, others = np.eye(3, dtype="float32")[[0, 2]], np.eye(3, dtype="float32")[[1, 1]]
    given = {"zeta": others, "alpha": rows} if labels is dict else labels([rows, others])
    got = smoothed(given, {"zeta": others, "alpha": rows}, losses, 0.3, ["dense", "dense_1"])
    assert type(got) is type(given)
    alpha, zeta = (got["alpha"], got["zeta"]) if labels is dict else got
    np.testing.assert_allclose(alpha, rows * 0.7 + 0.1, rtol=1e-6)
    np.testing.assert_allclose(zeta, others if isinstance(losses, list) else others * 0.7 + 0.1, rtol=1e-6)


def test_smoothing_may_be_set_before_compiling():
    model = AugmentedModel(augmented(RandomFlip()).model, Pipeline([RandomFlip()]))
    model.label_smoothing = 0.1
    assert current(model, "label_smoothing") == pytest.approx(0.1)


def test_labels_of_which_one_is_ignored_stay():
    """No row can stand for a class that is none."""
    labels, predicted = {"kind": np.array([2, 255]), "age": np.eye(3)[[0, 1]]}, np.full((2, 3), 1 / 3, "float32")
    losses = {"kind": Crossentropy(ignore_class=255), "age": Crossentropy()}
    got = smoothed(labels, {"kind": predicted, "age": predicted}, losses, 0.3)
    np.testing.assert_array_equal(got["kind"], labels["kind"])
    np.testing.assert_allclose(got["age"], labels["age"] * 0.7 + 0.1, rtol=1e-6)


def test_one_output_whose_loss_stands_in_a_dict():
    rows = np.eye(3, dtype="float32")
    got = smoothed(rows, rows, {"out": "categorical_crossentropy"}, 0.3, ["out"])
    np.testing.assert_allclose(got, rows * 0.7 + 0.1, rtol=1e-6)


def test_a_smoothing_that_nothing_takes_is_refused():
    model = augmented(RandomFlip(), "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="AugmentedModel: expected a categorical or binary crossentropy"):
        model.label_smoothing = 0.1
    model = AugmentedModel(model.model, model.pipeline, label_smoothing=0.1)
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="Compile with 'categorical_crossentropy'"):
        model.fit(IMAGES, [0, 1, 2, 0], verbose=0)


def test_mix_probability_is_saved():
    layer = MixUp(num_classes=3)
    assert "mix_probability" not in layer.get_config()
    layer.mix_probability = 0.25
    assert float(MixUp.from_config(layer.get_config()).mix_probability) == 0.25


def test_smoothing_of_integers_is_refused():
    with pytest.raises(ValueError, match="Compile with 'categorical_crossentropy'"):
        Hyperparameters(augmented(RandomFlip(), "sparse_categorical_crossentropy"), ["label_smoothing"], "Knobs")


@pytest.mark.parametrize(
    ("name", "value"), [("lr", -1.0), ("wd", float("nan")), ("mom", 1.5), ("learning_rate", float("inf"))]
)
def test_values_out_of_range_are_refused(name, value):
    model = linear(keras.optimizers.SGD(RATE, MOMENTUM))
    knobs = Hyperparameters(model, [name], "Knobs")
    with pytest.raises(ValueError, match=f"Knobs: expected .* Received: {value}"):
        knobs.set(model, name, value)
