"""The picture of a fine-tuning: what stands in it."""

import keras
import numpy as np
import pytest
from PIL import Image

from kerasaug.transfer import Classification, FineTuned, MultiLabel, Recipe, Regression, build_model
from kerasaug.transfer.policies import policy_config
from kerasaug.transfer.report import _answers

LABELS = np.array([0, 1, 2, 1])
IMAGES = np.arange(4 * 8 * 8 * 3, dtype="float32").reshape(4, 8, 8, 3) % 256


class Answers(keras.layers.Layer):
    """The same answer for every image."""

    def __init__(self, table):
        super().__init__()
        self.table = table

    def call(self, images):
        return images[:, 0, 0, :1] * 0 + keras.ops.convert_to_tensor(self.table)


class Endless(keras.utils.PyDataset):
    """One image again and again."""

    num_batches = None

    def __getitem__(self, index):
        return IMAGES[:1], LABELS[:1]


class Two(keras.utils.PyDataset):
    """The images in two batches."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return IMAGES[2 * index : 2 * index + 2], self.labels[2 * index : 2 * index + 2]


def tuned(row, **recipe):
    table = np.asarray([row], "float32")
    model = keras.Sequential([keras.Input((8, 8, 3)), Answers(table)])
    history = {"loss": [2.0, 1.0], "val_loss": [2.0, 1.5], "learning_rate": [0.1, 0.01], "unfrozen_groups": [1, 2]}
    return FineTuned(model, history, Recipe(num_classes=len(row), **recipe), [], 1, 2.0)


def titles(figure):
    parts = [figure, *figure.subfigs]
    return [axes.get_title(loc="left") for part in parts for axes in part.axes]


def texts(figure):
    found = [text.get_text() for part in (figure, *figure.subfigs) for text in part.texts]
    return [*found, figure.get_suptitle()]


def test_curves_alone():
    figure = tuned([0.1, 0.7, 0.2]).report(title="birds")
    assert titles(figure) == ["Loss", "Learning rate", "Unfrozen groups"]
    assert "birds" in texts(figure)


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("batches", [False, True])
def test_accuracy_and_file(tmp_path, one_hot, batches):
    labels = np.eye(3)[LABELS] if one_hot else LABELS
    data = Two(labels) if batches else (IMAGES, labels)
    result = tuned([0.1, 0.7, 0.2], class_names=("ant", "bee", "fly"), pipeline=policy_config("light", 3))
    figure = result.report(tmp_path / "new" / "report.png", data, (IMAGES[:2], labels[:2]))
    assert any("accuracy 50.0 %" in text and "2 of 4" in text for text in texts(figure))
    assert "Confusion matrix" in titles(figure)
    with Image.open(tmp_path / "new" / "report.png") as picture:
        assert picture.size == (1760, 990)


def test_one_sigmoid():
    figure = tuned([0.9]).report(validation=(IMAGES, np.array([1, 1, 1, 0])))
    assert any("accuracy 75.0 %" in text for text in texts(figure))


def of_head(head, bias, name="head"):
    """A model with one head of `build_model` that answers its bias."""
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.GlobalAveragePooling2D()])
    model = build_model(backbone, head)
    model.get_layer(f"{name}_dense").set_weights([np.zeros((3, len(bias))), np.array(bias)])
    return FineTuned(model, {"loss": [1.0]}, Recipe(num_classes=len(bias)), [], 1, 2.0)


@pytest.mark.parametrize("bias", [[0.3], [1.0, 2.0, -3.0]])
def test_logits_become_probabilities(bias):
    result = of_head(Classification(len(bias), logits=True, dropout=0), bias)
    exponents = np.exp(bias if len(bias) > 1 else [0.0, *bias])
    labels = np.array([1, 0, 1, 0])
    np.testing.assert_allclose(_answers(result, (IMAGES, labels))[1][0], exponents / exponents.sum(), rtol=1e-5)


@pytest.mark.parametrize(
    ("head", "labels", "message"),
    [
        (MultiLabel(3), np.eye(3)[[0, 1, 2, 2]], "MultiLabel"),
        (Regression(3), np.ones((4, 3)), "Regression"),
        (Classification(3), np.array([0, 1, 2, 3]), "labels of shape"),
        (Classification(1, logits=True), np.array([0.5, 1, 0, 1]), "labels of shape"),
    ],
)
def test_what_has_not_one_class_an_image_is_refused(head, labels, message):
    with pytest.raises(ValueError, match=f"one class each.*{message}"):
        of_head(head, [0.0] * head.width).report(validation=(IMAGES, labels))


def test_endless_validation_is_refused():
    with pytest.raises(ValueError, match="come to an end"):
        tuned([0.5, 0.5]).report(validation=Endless())


def test_what_is_no_classifier_is_refused():
    with pytest.raises(ValueError, match="Leave `validation` out"):
        tuned([0.5, 0.5]).report(validation=(IMAGES, IMAGES))


def test_labels_and_outputs_by_name():
    result = of_head({"kind": Classification(3)}, [0.0, 1.0, 0.0], "kind")
    truth, probabilities = _answers(result, (IMAGES, {"kind": LABELS}))
    np.testing.assert_array_equal(truth, LABELS)
    assert probabilities.shape == (4, 3)
    assert len(_answers(result, iter([(IMAGES, LABELS)]))[0]) == 4
    with pytest.raises(ValueError, match=r"labels of \['kind', 'size'\]"):
        _answers(result, (IMAGES, {"kind": LABELS, "size": LABELS}))


@pytest.mark.parametrize("data", [(IMAGES[:0], LABELS[:0]), (IMAGES, None), iter(()), (one for one in ())])
def test_validation_without_labels_or_batches_is_refused(data):
    with pytest.raises(ValueError, match=r"expects (labels|at least one)"):
        tuned([0.5, 0.5]).report(validation=data)


def test_a_subclassed_model_has_curves():
    class Own(keras.Model):
        def call(self, images):
            return images

    assert titles(FineTuned(Own(), {"loss": [1.0]}, Recipe(num_classes=3), [], 1, 2.0).report()) == ["Loss"]
