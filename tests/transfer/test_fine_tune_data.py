"""The data that fine_tune takes, and what it can tell of them beforehand."""

import keras
import numpy as np
import pytest
from fine_tuning import SIZE, network, pictures, same_weights, tune

from kerasaug.transfer.inputs import inspect

ON_TRAINING_BACKEND = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX"
)
IMAGES, LABELS = pictures(20, classes=3)


def dataset(batch=8, images=IMAGES, labels=LABELS):
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((images, labels)).batch(batch)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return IMAGES[8 * index : 8 * index + 8], LABELS[8 * index : 8 * index + 8]


def generator():
    while True:
        yield IMAGES[:8], LABELS[:8]


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda: (IMAGES, LABELS), 3),
        (lambda: [IMAGES, list(LABELS), np.ones(20)], 3),
        (dataset, 3),
        (lambda: dataset().filter(lambda x, y: True), 3),
        (Batches, 3),
        (lambda: dataset().repeat(), None),
        (generator, None),
    ],
)
def test_shapes_labels_and_steps(make, steps):
    found = inspect(make(), 8)
    assert found.steps == steps
    if make is not generator:
        assert found.image_shape == (SIZE, SIZE, 3)
        assert set(found.labels) == {0, 1, 2}
    assert inspect(make(), 8, steps_per_epoch=5).steps == 5


@pytest.mark.parametrize("make", [dataset, Batches])
def test_the_whole_is_read_where_all_labels_count(make):
    np.testing.assert_array_equal(inspect(make(), 8, whole=True).labels, LABELS)
    assert len(inspect(make(), 8).labels) == 8


def test_a_dataset_is_gone_through_once():
    passes = []

    class Counted:
        def __iter__(self):
            passes.append(1)
            return iter([(IMAGES[:8], LABELS[:8])] * 2)

    assert inspect(Counted(), 8, whole=True).steps == 2
    assert inspect(Counted(), 8, steps_per_epoch=2).steps == 2
    assert len(passes) == 2


def test_sizes_that_differ_are_not_known():
    ragged = [(IMAGES[:2], LABELS[:2]), (IMAGES[:2, :4], LABELS[:2])]
    import tensorflow as tf

    spec = (tf.TensorSpec((None, None, None, 3)), tf.TensorSpec((None,), tf.int32))
    images = tf.data.Dataset.from_generator(lambda: iter(ragged), output_signature=spec)
    assert inspect(images, 8).image_shape == (None, None, 3)
    assert inspect(images, 8).steps == 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: (IMAGES, None), "expects labels"),
        (lambda: (IMAGES[:0], LABELS[:0]), "at least one image"),
        (lambda: (IMAGES, LABELS[:5]), "20 images and labels of shape .5,"),
        (lambda: ([[1.0]], LABELS), "images as an array"),
        (lambda: dataset().map(lambda x, y: x), "batches .images, labels"),
        (lambda: dataset().unbatch(), r"single images, of shape .*dataset\.batch"),
        (lambda: dataset().take(0), "at least one batch"),
        (lambda: dataset().filter(lambda x, y: False), "at least one batch"),
    ],
)
def test_data_that_cannot_be_learned_from(make, message):
    with pytest.raises(ValueError, match=message):
        inspect(make(), 8)


def test_an_endless_dataset_is_not_read():
    with pytest.raises(ValueError, match=r"endless.*`classes` and `steps_per_epoch`"):
        inspect(dataset().repeat(), 8, whole=True)


@ON_TRAINING_BACKEND
@pytest.mark.parametrize("make", [lambda: dataset().repeat(), generator])
def test_steps_have_to_be_told(make):
    with pytest.raises(ValueError, match=r"how many batches an epoch has. Pass `steps_per_epoch`"):
        tune(network(3), make())


@ON_TRAINING_BACKEND
@pytest.mark.filterwarnings("error:.*shuffle:UserWarning")
def test_datasets_of_every_kind_train():
    ends = []
    for train, steps in ((dataset(), None), (dataset().repeat(), 3), (Batches(), None), (generator(), 3)):
        tuned = tune(network(3, dropout=0.0), train, steps_per_epoch=steps, freeze_epochs=0)
        assert len(tuned.history["loss"]) == 1
        ends.append(tuned.model)
    assert same_weights(ends[0], ends[1]), "the same batches in the same order"
    assert not same_weights(ends[0], ends[3])


@ON_TRAINING_BACKEND
def test_sample_weights_count():
    weights = (LABELS != 0).astype("float32")
    first = tune(network(3, dropout=0.0), (IMAGES, LABELS, weights), freeze_epochs=0)
    changed = np.where(LABELS[:, None, None, None] == 0, 99.0, IMAGES).astype("float32")
    second = tune(network(3, dropout=0.0), (changed, LABELS, weights), freeze_epochs=0)
    for one, other in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
