"""Several tasks in one fit: classes, a number and masks of the same augmented images, each with a loss of its own."""

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug.transfer import (
    Classification,
    Recipe,
    Regression,
    Segmentation,
    build_model,
    fine_tune,
    heads_keys,
    heads_loss_weights,
    heads_losses,
    heads_metrics,
)
from kerasaug.transfer.heads import StandardizedError

SIZE = 16
layers = keras.layers
ON_TRAINING_BACKEND = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX"
)


def scenes(count=32):
    """A red or green square in a dark image: its colour, its brightness, and where it is."""
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 20, (count, SIZE, SIZE, 3)).astype("float32")
    masks = np.zeros((count, SIZE, SIZE), "int32")
    colour, light = np.arange(count) % 2, rng.uniform(100, 255, count).astype("float32")
    for index in range(count):
        top, left = rng.integers(0, 6, 2)
        masks[index, top : top + 8, left : left + 8] = 1
    for channel in (0, 1):
        images[..., channel] += masks * (light * (colour == channel))[:, None, None]
    return images, {"colour": colour, "light": light[:, None] / 255, "mask": masks}


HEADS = {
    "colour": Classification(2, batch_norm=True, dropout=0),
    "light": Regression(dropout=0, loss_weight=2.0),
    "mask": Segmentation(2, filters=8, dropout=0),
}


def network(heads=HEADS):
    keras.utils.set_random_seed(3)
    images = keras.Input((SIZE, SIZE, 3))
    x = layers.Rescaling(1 / 255)(images)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="low")(x)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu", name="high")(x)
    return build_model(keras.Model(images, x, name="net"), heads)


PIPELINE = [kerasaug.layers.RandomTranslation(0.2, 0.2, seed=2), kerasaug.layers.CutMix(num_classes=2, p=0.3, seed=3)]


@pytest.fixture(scope="module")
def trained():
    images, targets = scenes()
    model = kerasaug.AugmentedModel(network(), kerasaug.Pipeline(PIPELINE), keys=heads_keys(HEADS))
    inner = model.model
    model.compile(
        keras.optimizers.Adam(0.03), heads_losses(inner), heads_loss_weights(inner), metrics=heads_metrics(inner)
    )
    before = model.evaluate(images, targets, verbose=0, return_dict=True)
    history = model.fit(images, targets, epochs=15, batch_size=16, verbose=0).history
    return before, history, model.evaluate(images, targets, verbose=0, return_dict=True)


def test_the_loss_of_each_task_falls_in_one_fit(trained):
    before, history, after = trained
    for name in HEADS:
        assert np.mean(history[f"{name}_loss"][-3:]) < 0.9 * history[f"{name}_loss"][0], name
        assert after[f"{name}_loss"] < 0.7 * before[f"{name}_loss"], name
    assert after["mask_mean_iou"] > 0.6


def test_losses_add_up_by_their_weights(trained):
    for logs in (trained[0], trained[2]):
        by_hand = logs["colour_loss"] + 2 * logs["light_loss"] + logs["mask_loss"]
        assert logs["loss"] == pytest.approx(by_hand, rel=1e-4)


def test_masks_move_with_images_and_labels_are_mixed():
    images, targets = scenes()
    images = np.round(targets["mask"][..., None] * np.ones(3) * 200).astype("float32")  # an image that is its mask
    model = kerasaug.AugmentedModel(network(), kerasaug.Pipeline(PIPELINE), keys=heads_keys(HEADS))
    x, y, _ = model.augment((images, targets))
    x, masks = keras.ops.convert_to_numpy(x), keras.ops.convert_to_numpy(y["mask"])
    assert (masks != targets["mask"]).any()
    inside = (masks[:, 1:-1, 1:-1] == 1) == (x[:, 1:-1, 1:-1, 0] > 100)
    assert inside.mean() > 0.98, "interpolation rounds a border here and there"
    colours, light = keras.ops.convert_to_numpy(y["colour"]), keras.ops.convert_to_numpy(y["light"])
    assert colours.shape == (32, 2)
    mixed = np.abs(colours[:, 1] - targets["colour"]) > 1e-6
    assert mixed.any()
    assert ((colours[:, 1] > 1e-6) & (colours[:, 1] < 1 - 1e-6)).any()
    assert (light != targets["light"])[mixed].all(), "numbers are mixed with the images they belong to"


def test_numbers_stay_what_they_are_where_they_are_no_labels():
    images, targets = scenes(8)
    keys = {**heads_keys(HEADS), "labels": ["colour"]}
    model = kerasaug.AugmentedModel(network(), kerasaug.Pipeline(PIPELINE), keys=keys)
    _, y, _ = model.augment((images, targets))
    np.testing.assert_array_equal(y["light"], targets["light"])


def test_keys_of_one_head():
    assert heads_keys(Segmentation(2)) == {"segmentation_masks": "y"}
    assert heads_keys(network(Segmentation(2, filters=4))) == {"segmentation_masks": "y"}
    assert heads_keys(Classification(2)) == {}
    with pytest.raises(ValueError, match=r"one head that takes segmentation masks.*\['a', 'b'\]"):
        heads_keys({"a": Segmentation(2), "b": Segmentation(2)})


# -- fine_tune


def tune(model, targets, **arguments):
    images, _ = scenes()
    quick = {"epochs": 1, "freeze_epochs": 0, "batch_size": 16, "verbose": 0, "base_lr": 0.02, "jit_compile": False}
    return fine_tune(model, (images, targets), (images, targets), **{"policy": "none", **quick, **arguments})


@ON_TRAINING_BACKEND
def test_fine_tune_of_several_tasks():
    """With the heads' own losses, of images that are turned over with their masks."""
    tuned = tune(network(), scenes()[1], policy=kerasaug.layers.RandomFlip(), epochs=2)
    history = tuned.history
    assert {f"val_{name}" for name in ("colour_accuracy", "light_mae", "mask_mean_iou", "loss")} <= set(history)
    assert [group.name for group in tuned.groups] == ["stride2", "stride4", "head"]
    assert history["loss"][1] < history["loss"][0]
    last = {name: values[tuned.best_epoch] for name, values in history.items()}
    total = last["val_colour_loss"] + 2 * last["val_light_loss"] + last["val_mask_loss"]
    assert last["val_loss"] == pytest.approx(total, rel=1e-4)


def numbers():
    """Two outputs of three numbers, by a model without heads of this package."""
    keras.utils.set_random_seed(3)
    given = keras.Input((3,))
    x = layers.Dense(4, activation="relu")(given)
    model = keras.Model(given, {"kind": layers.Dense(2, activation="softmax")(x), "size": layers.Dense(1)(x)})
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    return model, x, {"kind": (x[:, 0] > 0).astype("int32"), "size": x[:, 1:2]}


@ON_TRAINING_BACKEND
def test_losses_and_metrics_by_output_are_part_of_the_recipe(tmp_path):
    losses = {"kind": "sparse_categorical_crossentropy", "size": StandardizedError([0.5])}
    metrics = {"size": [keras.metrics.RootMeanSquaredError(name="rmse")], "kind": "accuracy"}
    model, x, y = numbers()
    quick = {"policy": "none", "verbose": 0, "epochs": 3, "freeze_epochs": 0, "base_lr": 0.05, "jit_compile": False}
    tuned = fine_tune(model, (x, y), (x, y), loss=losses, metrics=metrics, **quick)
    assert {"size_rmse", "kind_accuracy", "val_size_loss"} <= set(tuned.history)
    assert [group.name for group in tuned.groups] == ["block1", "head"]
    last = tuned.history["val_loss"][tuned.best_epoch]
    predicted = model.predict(x, verbose=0)
    of_kind = -np.log(np.take_along_axis(predicted["kind"], y["kind"][:, None], 1)).mean()
    assert last == pytest.approx(of_kind + (((predicted["size"] - y["size"]) / 0.5) ** 2).mean(), rel=1e-3)
    tuned.recipe.save(tmp_path / "recipe.json")
    recipe = Recipe.load(tmp_path / "recipe.json")
    assert recipe == tuned.recipe
    again = recipe.run((x, y), (x, y), model=numbers()[0], verbose=0)
    assert again.history["loss"] == tuned.history["loss"]


@ON_TRAINING_BACKEND
def test_fine_tune_of_one_number():
    _, x, y = numbers()
    given = keras.Input((3,))
    body = keras.Model(given, layers.Dense(4, activation="relu")(given), name="net")
    model = build_model(body, Regression.of(100 * y["size"], dropout=0))
    data = x, 100 * y["size"]
    tuned = fine_tune(
        model, data, data, policy="none", verbose=0, base_lr=0.05, epochs=12, freeze_epochs=0, jit_compile=False
    )
    assert tuned.history["val_mae"][-1] < tuned.history["val_mae"][0]
    assert tuned.recipe.num_classes is None


def somebody_elses():
    """A segmentation model without heads of this package."""
    keras.utils.set_random_seed(3)
    images = keras.Input((SIZE, SIZE, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(layers.Rescaling(1 / 255)(images))
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu", name="up")(x)
    return keras.Model(images, layers.Conv2D(2, 1, activation="softmax", name="pixels")(x))


@ON_TRAINING_BACKEND
def test_masks_of_any_model_move_with_its_images():
    """Every image moves by a third: were its mask left, the model would learn to look beside it."""
    images, targets = scenes()
    tuned = tune(
        somebody_elses(),
        targets["mask"],
        policy=kerasaug.layers.RandomTranslation((0.3, 0.3), (0.3, 0.3)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        epochs=15,
        base_lr=0.05,
        keep="last",
    )
    assert [group.name for group in tuned.groups] == ["stride2", "head"]
    predicted = tuned.model.predict(images, verbose=0).argmax(-1)
    assert (predicted == targets["mask"]).mean() > 0.85


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        (network, {"loss": {"colour": "mse", "size": "mse"}}, r"by the names of the model's outputs.*\['size'\]"),
        (network, {"metrics": {"size": ["mse"]}}, r"expects metrics by the names"),
        (
            lambda: keras.Model(*(lambda m: (m.input, [m.output, m.output[:, 0, 0]]))(somebody_elses())),
            {"loss": "mse", "policy": "light"},
            r"masks of one output.*name the outputs",
        ),
    ],
)
def test_what_is_refused(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        tune(model(), scenes()[1], **arguments)
