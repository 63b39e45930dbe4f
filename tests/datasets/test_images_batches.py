"""Orders that differ from one iteration to the next, and repeat in a new dataset."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasaug.datasets import batches, batching


def numbers(count=23):
    return tf.data.Dataset.range(count)


def order(dataset):
    return np.concatenate(list(dataset.as_numpy_iterator())).tolist()


def orders(dataset, count=3):
    return [order(dataset) for _ in range(count)]


@pytest.mark.parametrize("seed", [0, 7, -1, 2**31 - 2, 2**40])
def test_the_third_iteration_of_two_builds_is_equal_and_iterations_differ(seed):
    first, second = (orders(batches(numbers(), 4, shuffle=True, seed=seed)) for _ in range(2))
    assert first == second
    assert all(sorted(one) == list(range(23)) for one in first)
    assert len({tuple(one) for one in first}) == 3


def test_the_global_seed_has_no_part_in_it_and_is_left_alone():
    found, drawn = [], []
    for seed in (1, 2):
        tf.random.set_seed(seed)
        found.append(orders(batches(numbers(), 4, shuffle=True, seed=5)))
        drawn.append(float(tf.random.uniform([])))
    assert found[0] == found[1]
    tf.random.set_seed(2)
    assert drawn[1] == float(tf.random.uniform([]))


def test_seeds_differ():
    assert len({tuple(order(batches(numbers(), 4, shuffle=True, seed=seed))) for seed in range(20)}) == 20


def test_every_place_is_as_likely():
    # 2000 shuffles of 5: each number is in each place 400 times on average, with a deviation of 18.
    dataset = batches(numbers(5), 5, shuffle=True, seed=1).repeat(2000)
    places = np.array(list(dataset.as_numpy_iterator()))
    counts = np.array([[np.sum(places[:, place] == number) for place in range(5)] for number in range(5)])
    assert np.abs(counts - 400).max() < 90


def test_going_on_after_some_iterations():
    whole = orders(batches(numbers(), 4, shuffle=True, seed=2), 5)
    assert orders(batches(numbers(), 4, shuffle=True, seed=2, iteration=2), 3) == whole[2:]


def test_a_variable_says_which_iteration_comes():
    whole = orders(batches(numbers(), 4, shuffle=True, seed=2), 3)
    iteration = tf.Variable(0, dtype="int64")
    dataset = batches(numbers(), 4, shuffle=True, seed=2, iteration=iteration)
    assert orders(dataset, 2) == whole[:2]
    assert int(iteration) == 2
    iteration.assign(1)
    assert orders(dataset, 2) == whole[1:]


def test_a_callback_can_tie_the_order_to_the_epoch():
    iteration = tf.Variable(0, dtype="int64")
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            iteration.assign(epoch)
            seen.append([])

    def note(x):
        if seen:
            seen[-1].append(x.tolist())
        return x

    def sample(x):
        x = tf.numpy_function(note, [x], x.dtype)
        x = tf.ensure_shape(x, (None, 1))
        return x, x

    def fit(first, last):
        examples = numbers(6).map(lambda x: tf.cast(x, "float32")[None])
        data = batches(examples, 3, shuffle=True, seed=4, iteration=iteration).map(sample)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(data, initial_epoch=first, epochs=last, verbose=0, shuffle=False, callbacks=[Watch()])

    fit(0, 4)
    whole = list(seen)
    seen.clear()
    fit(2, 4)
    assert seen == whole[2:]
    assert whole[0] != whole[1]


@pytest.mark.parametrize(("drop", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])])
def test_sizes_and_cardinality(drop, sizes):
    for shuffle in (True, False):
        dataset = batches(numbers(10), 4, shuffle=shuffle, drop_remainder=drop)
        assert [len(batch) for batch in dataset.as_numpy_iterator()] == sizes
        assert int(dataset.cardinality()) == len(sizes)


def test_without_shuffling_the_order_is_that_of_the_dataset():
    assert orders(batches(numbers(), 4, shuffle=False, seed=3), 2) == [list(range(23))] * 2


def test_pairs_stay_together():
    pairs = tf.data.Dataset.from_tensor_slices((np.arange(12), np.arange(12) * 10))
    for x, y in batches(pairs, 5, shuffle=True):
        np.testing.assert_array_equal(x * 10, y)


def test_a_buffer_of_limited_size(monkeypatch):
    monkeypatch.setattr(batching, "SHUFFLE_LIMIT", 4 * 100)
    examples = numbers(50).map(lambda number: tf.repeat(tf.cast(number, "int32"), 25))
    found = [
        int(batch[0])
        for batch in batches(examples.map(lambda x: tf.ensure_shape(x, [25])), 1, True).map(lambda x: x[0])
    ]
    assert sorted(found) == list(range(50))
    assert found != list(range(50))
    assert all(number <= place + 3 for place, number in enumerate(found))


def test_one_example_and_none():
    assert order(batches(numbers(1), 4, shuffle=True)) == [0]
    assert int(batches(numbers(0), 4, shuffle=True).cardinality()) == 0


@pytest.mark.parametrize("size", [0, -1, 2.0, None])
def test_batch_sizes_that_are_none(size):
    with pytest.raises(ValueError, match=r"batches: expected batch_size, a positive integer. Received"):
        batches(numbers(), size, shuffle=True)


def test_datasets_without_a_known_end():
    with pytest.raises(ValueError, match="Received one whose cardinality is unknown; say how many"):
        batches(numbers().filter(lambda number: number > 3), 4, shuffle=True)
    with pytest.raises(ValueError, match="cardinality is infinite"):
        batches(numbers().repeat(), 4, shuffle=True)
