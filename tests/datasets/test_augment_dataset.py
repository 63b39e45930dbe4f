"""Draws that repeat, however a dataset is mapped."""

import numpy as np
import tensorflow as tf

import kerasaug

layers = kerasaug.layers


def _pipeline():
    return kerasaug.Pipeline([layers.RandomFlip(), layers.RandomBrightness(0.5), layers.MixUp(num_classes=6)])


def _dataset():
    images = np.random.default_rng(0).uniform(0, 255, (24, 4, 6, 3)).astype("float32")
    return tf.data.Dataset.from_tensor_slices((images, np.arange(24) % 6)).batch(4)


def _epochs(parallel, seed=3):
    dataset = kerasaug.augment_dataset(_dataset(), _pipeline(), seed=seed, num_parallel_calls=parallel)
    return [[(x.numpy(), y.numpy()) for x, y in dataset] for _ in range(2)]


def test_the_number_of_parallel_calls_changes_nothing():
    one, many = _epochs(1), _epochs(4)
    for (x, y), (other_x, other_y) in zip(one[0] + one[1], many[0] + many[1], strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


def test_epochs_batches_and_seeds_differ():
    first, second = _epochs(2)
    assert not np.array_equal(first[0][0], second[0][0])
    assert not np.array_equal(first[0][0], _epochs(2, seed=4)[0][0][0])
    flat = tf.data.Dataset.from_tensors(np.full((4, 4, 6, 3), 100.0, "float32")).repeat(3)
    brighter = [x.numpy() for x in kerasaug.augment_dataset(flat, layers.RandomBrightness(0.3))]
    assert len({float(one) for x in brighter for one in x[:, 0, 0, 0]}) == 12


def test_dicts_and_unbatched_samples():
    dataset = _dataset().unbatch().map(lambda x, y: {"image": x, "id": y})
    layer = layers.RandomFlip("horizontal", keys={"images": "image"})
    pairs = zip(dataset, kerasaug.augment_dataset(dataset, layer), strict=True)
    flipped = 0
    for before, after in pairs:
        assert int(before["id"]) == int(after["id"])
        was, now = before["image"].numpy(), after["image"].numpy()
        assert np.array_equal(now, was) or np.array_equal(now, was[:, ::-1])
        flipped += not np.array_equal(now, was)
    assert 4 <= flipped <= 20


def test_a_plain_parallel_map_gives_every_element_its_own_draw():
    flat = tf.data.Dataset.from_tensors(np.full((2, 4, 6, 3), 100.0, "float32")).repeat(32)
    brighter = flat.map(layers.RandomBrightness(0.3, seed=5), num_parallel_calls=8)
    values = [float(one) for x in brighter for one in x.numpy()[:, 0, 0, 0]]
    assert len(set(values)) == 64
