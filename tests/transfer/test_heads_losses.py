"""The losses and metrics of heads by hand: labels that are ignored, weights of samples, accuracy, IoU."""

import keras
import numpy as np
import pytest
from headless import WORDS, tokens

from kerasaug.transfer import Regression, Segmentation, TokenClassification, build_model, heads_losses
from kerasaug.transfer.heads import BinaryIoU, Crossentropy, LabelAccuracy

PREDICTED = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.5, 0.3, 0.2]], "float32")


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_crossentropy_takes_integers_and_rows(smoothing):
    labels, rows = np.array([0, 2, 1]), np.eye(3)[[0, 2, 1]]
    smooth = rows * (1 - smoothing) + smoothing / 3
    by_hand = -(smooth * np.log(PREDICTED)).sum(1).mean()
    for given in (labels, labels[:, None], rows):
        assert float(Crossentropy(smoothing)(given, PREDICTED)) == pytest.approx(by_hand, rel=1e-5)
        logits = np.log(PREDICTED) + 3
        assert float(Crossentropy(smoothing, from_logits=True)(given, logits)) == pytest.approx(by_hand, rel=1e-5)


def test_an_ignored_class_counts_nowhere():
    masks = np.array([[[0, 255], [2, 255]]])
    predicted = PREDICTED[[0, 1, 1, 2]].reshape(1, 2, 2, 3)
    head = Segmentation(3, ignore_class=255)
    by_hand = -(np.log(0.7) + np.log(0.8)) / 2
    for given in (masks, masks[..., None]):
        assert float(head.loss(given, predicted)) == pytest.approx(by_hand, rel=1e-5)
        for metric in head.metrics:
            metric.update_state(given, predicted)
            assert float(metric.result()) == pytest.approx(1.0), metric.name


@pytest.mark.parametrize("logits", [False, True])
@pytest.mark.parametrize("kind", [Segmentation, TokenClassification])
def test_an_ignored_label_of_yes_or_no_counts_nowhere(kind, logits):
    shape = (1, 2, 2) if kind is Segmentation else (1, 4)
    labels, probabilities = np.array([1, 255, 0, 1]).reshape(shape), np.array([0.8, 0.9, 0.4, 0.3], "float32")
    outputs = (np.log(probabilities / (1 - probabilities)) if logits else probabilities).reshape(*shape, 1)
    head = kind(1, logits=logits, ignore_class=255)
    by_hand = -np.log([0.8, 0.6, 0.3]).mean()
    for given in (labels, labels[..., None]):
        assert float(head.loss(given, outputs)) == pytest.approx(by_hand, rel=1e-5)
        for metric, expected in zip(head.metrics, (2 / 3, 1 / 2), strict=False):
            metric.update_state(given, outputs)
            assert float(metric.result()) == pytest.approx(expected), metric.name
    every = kind(1, logits=logits).loss(np.ones(shape), outputs)
    assert float(every) == pytest.approx(-np.log(probabilities).mean(), rel=1e-5)


@pytest.mark.parametrize("head", [Segmentation(1), Segmentation(3), Segmentation(1, ignore_class=9)])
def test_weights_of_samples_weigh_samples(head, rng):
    """As many samples as columns: NumPy's rules would weigh the columns."""
    labels, weights = rng.integers(0, 2, (3, 3, 3)), np.array([2.0, 0.0, 1.0])
    outputs = rng.uniform(0.1, 0.9, (3, 3, 3, head.num_classes)).astype("float32")
    outputs = outputs if head.num_classes == 1 else outputs / outputs.sum(-1, keepdims=True)
    each = np.array([float(head.loss(labels[i : i + 1], outputs[i : i + 1])) for i in range(3)])
    for given in (weights, weights[:, None], np.ones((3, 3, 3)) * weights[:, None, None]):
        assert float(head.loss(labels, outputs, given)) == pytest.approx((each * weights).mean(), rel=1e-5)
    pixels = rng.uniform(size=(3, 3, 3))
    ones = [
        head.loss(labels[:, i : i + 1, j : j + 1], outputs[:, i : i + 1, j : j + 1], pixels[:, i, j])
        for i in range(3)
        for j in range(3)
    ]
    assert float(head.loss(labels, outputs, pixels)) == pytest.approx(np.mean([float(one) for one in ones]), rel=1e-5)


def test_fit_weighs_samples_of_several_heads_and_masked_tokens():
    model = build_model(tokens(), {"a": TokenClassification(3, dropout=0), "b": TokenClassification(1, dropout=0)})
    model.compile(keras.optimizers.SGD(0.0), heads_losses(model))
    labels = {"a": WORDS % 3, "b": WORDS % 2}
    first = {"a": np.array([1.0, 0.0]), "b": np.array([1.0, 0.0])}
    got = model.fit(WORDS, labels, sample_weight=first, verbose=0).history["loss"][0]
    predicted = model.predict(WORDS, verbose=0)
    a = np.log(np.take_along_axis(predicted["a"][0], labels["a"][0][:, None], -1)[:3])
    b = np.log(np.where(labels["b"][0] == 1, predicted["b"][0, :, 0], 1 - predicted["b"][0, :, 0])[:3])
    assert got == pytest.approx(-(a.sum() + b.sum()) / 9, rel=1e-5)  # of nine words, three of them in the first


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_accuracy_is_weighted(shape):
    metric = LabelAccuracy()
    metric.update_state(np.array([0, 0, 0]), PREDICTED, sample_weight=np.array([1.0, 2.0, 1.0]).reshape(shape))
    assert float(metric.result()) == pytest.approx(0.5)


def test_iou_by_hand():
    masks, predicted = np.array([[[0, 0], [2, 1]]]), PREDICTED[[0, 1, 1, 2]].reshape(1, 2, 2, 3)
    metric = Segmentation(3).metrics[1]
    metric.update_state(masks, predicted)
    assert float(metric.result()) == pytest.approx(np.mean([1 / 3, 0.0, 1 / 2]))


@pytest.mark.parametrize("head", [Segmentation(1), Segmentation(3, ignore_class=9)])
def test_metrics_of_pixels_weigh_samples(head, rng):
    labels, outputs = rng.integers(0, 2, (3, 4, 4)), rng.uniform(size=(3, 4, 4, head.num_classes))
    expected = head.metrics
    for metric in expected:
        metric.update_state(labels[[0, 2, 2]], outputs[[0, 2, 2]])
    for weights in (np.array([1, 0, 2]), np.array([[1], [0], [2]])):
        for metric, wanted in zip(head.metrics, expected, strict=True):
            metric.update_state(labels[..., None], outputs, sample_weight=weights)
            assert float(metric.result()) == pytest.approx(float(wanted.result()), rel=1e-5), metric.name


@pytest.mark.parametrize("layer", [Crossentropy(0.1, True), Regression.of([1.0, 4.0]).loss])
def test_losses_are_read_again(layer):
    again = keras.losses.deserialize(keras.losses.serialize(layer))
    assert again.get_config() == layer.get_config()


def test_iou_of_yes_or_no_without_one_label():
    """One right and one wrong of label 1; the false yes at label 0 counts unless 0 is left out."""
    for ignored, expected in ((None, 1 / 3), (0, 1 / 2)):
        metric = BinaryIoU([1], ignore_class=ignored)
        metric.update_state(np.array([1, 1, 0, 0]), np.array([0.9, 0.1, 0.9, 0.1]))
        assert float(metric.result()) == pytest.approx(expected)
