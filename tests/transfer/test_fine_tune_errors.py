"""What fine_tune refuses: one line that names the argument and says what to do."""

import keras
import numpy as np
import pytest
from fine_tuning import SIZE, network, pictures, tune

import kerasaug
from kerasaug.transfer import fine_tune
from kerasaug.transfer.resolve import resolve_objective

IMAGES, LABELS = pictures(8)
MOBILENET = {"model": "MobileNet", "weights": None}


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.top = keras.layers.Dense(2, activation="softmax")

    def call(self, images):
        return self.top(keras.ops.mean(images, axis=(1, 2)))


def subclassed():
    model = Subclassed()
    model(IMAGES)
    return model


def unregistered(y_true, y_pred):
    return y_pred


def generator():
    yield IMAGES, LABELS


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": 3}, TypeError, "keras.Model, or a name that load_backbone takes.*int"),
        ({"model": "mobilenetv9"}, ValueError, "Did you mean MobileNet"),
        ({"model": keras.Sequential([keras.layers.Dense(2)])}, ValueError, "expects a built model"),
        (
            {"model": lambda: kerasaug.AugmentedModel(network(), kerasaug.layers.RandomFlip())},
            TypeError,
            r"model=yours\.model, policy=yours\.pipeline",
        ),
        ({"model": subclassed, "loss": "mse"}, ValueError, "layer_groups: .*splitter"),
        ({"model": lambda: network(3), "classes": ["a", "b"]}, ValueError, "for each of 2 classes. Received .* 3"),
        ({"classes": ["a", "a"]}, ValueError, "a name of its own"),
        ({"train": (IMAGES, LABELS + 1)}, ValueError, "labels from 0 to 1, for the model's 2 outputs.*from 1 to 2"),
        ({"train": (IMAGES, LABELS * 1.5)}, ValueError, "labels that are integers"),
        ({"train": (IMAGES, None)}, ValueError, "expects labels"),
        ({"validation": (IMAGES, LABELS + 5)}, ValueError, "from 5 to 6"),
        ({"keep": "best"}, ValueError, "validation data with keep='best'"),
        ({"epochs": -1}, ValueError, "epochs, an integer"),
        ({"epochs": 0, "freeze_epochs": 0}, ValueError, "epochs or freeze_epochs of at least 1"),
        ({"policy": "strng"}, ValueError, "Did you mean 'strong'"),
        ({"policy": 3}, TypeError, "fine_tune expects policy"),
        ({"optimizer": "adamm"}, ValueError, "Did you mean 'adam"),
        ({"optimizer": keras.optimizers.Adam}, TypeError, "Received: Adam"),
        ({"mixed_precision": True}, ValueError, "precision of a model that is built.*set_dtype_policy"),
        ({"image_size": 32}, ValueError, "image_size and backbone_args with the name"),
        ({"loss": unregistered}, ValueError, "cannot keep the loss.*register_keras_serializable"),
        ({"loss": keras.losses.Huber(0.5)}, ValueError, "loss Huber in a recipe.*differs in delta"),
        ({"callbacks": [keras.callbacks.ReduceLROnPlateau()]}, ValueError, "callbacks with ReduceLROnPlateau"),
        (MOBILENET | {"train": (IMAGES, LABELS * 0)}, ValueError, "at least two classes"),
        (MOBILENET | {"train": generator}, ValueError, "cannot see the labels.*`classes`"),
        (MOBILENET | {"train": generator, "classes": 2}, ValueError, "the size of the images.*`image_size`"),
        (MOBILENET | {"train": (IMAGES[..., 0], LABELS)}, ValueError, "height, width, channels.*shape .8, 8."),
        (MOBILENET | {"mixed_precision": "half"}, ValueError, "mixed_precision to be one of"),
        (MOBILENET | {"weights": "/nowhere.weights.h5"}, FileNotFoundError, "no weights file"),
    ],
)
def test_what_is_refused(arguments, error, message):
    model = arguments.get("model", network)
    train = arguments.get("train", (IMAGES, LABELS))
    rest = {name: value for name, value in arguments.items() if name not in ("model", "train")}
    with pytest.raises(error, match=message):
        tune(
            model() if callable(model) and not isinstance(model, keras.Model) else model,
            train() if callable(train) else train,
            **rest,
        )


def test_nothing_is_touched_when_refused():
    model = network()
    before = model.get_weights()
    with pytest.raises(ValueError, match="labels from 0 to 1"):
        fine_tune(model, (IMAGES, LABELS + 1), verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert model.input_shape == (None, SIZE, SIZE, 3)


class Ragged:
    """What tells a `tf.RaggedTensor` from other tensors, on every backend."""

    shape, row_splits = (2, None, None, 3), ()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.array(["a.png", "b.png"]), "images to be numbers. Received: dtype .*load_images"),
        (Ragged(), "images of one size. Received: a ragged tensor. Resize them"),
    ],
)
def test_images_that_are_none(images, message):
    with pytest.raises(ValueError, match=message):
        fine_tune(network(), (images, np.array([0, 1])), verbose=0)


@keras.saving.register_keras_serializable("tests")
class Doubled(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return 2 * keras.losses.mean_squared_error(y_true, y_pred)

    def get_config(self):
        return {"reduction": self.reduction}


def test_losses_that_do_not_say_their_names_are_kept():
    assert resolve_objective(Doubled(), None)["loss"]["config"] == {"reduction": "sum_over_batch_size"}
