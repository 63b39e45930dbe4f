"""How many epochs of data a resumed run passes over, told by data whose order differs from epoch to epoch."""

import pytest
from test_backup import X, Y, interrupted_equals_alone


def shuffled(initial_epoch):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(20, seed=3).repeat().batch(6)
    return {"x": dataset, "steps_per_epoch": 3, "initial_epoch": initial_epoch, "shuffle": False}


@pytest.mark.parametrize("initial_epoch", [0, 1])
def test_as_many_as_the_run_before_has_drawn(tmp_path, initial_epoch):
    alone, _ = interrupted_equals_alone(tmp_path, stop=3, data=lambda: shuffled(initial_epoch))
    assert len(alone[1]["loss"]) == 4 - initial_epoch
