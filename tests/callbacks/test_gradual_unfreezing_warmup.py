"""The warm-up of groups that GradualUnfreezing unfreezes late."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import ops
from unfrozen import BATCH, Record, data_from, fit, gradients, linear_model

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import finetune_optimizer


@pytest.fixture
def data(rng):
    return data_from(rng)


def test_ramp_counts_from_the_unfreezing(data):
    model = linear_model()
    model.compile(finetune_optimizer(keras.optimizers.Adam(0.1), model, learning_rate=slice(0.02, 0.1)), "mse")
    scales = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            scales.append(ops.convert_to_numpy(self.model.optimizer.group_scales()).tolist())

    fit(model, data, [GradualUnfreezing(every=2, warmup_steps=4), Look()], epochs=5)
    body = np.array([scale[0] for scale in scales[4:]])
    np.testing.assert_allclose(body, 0.2 * np.array([0.25, 0.5, 0.75, 1.0, 1.0, 1.0]), rtol=1e-6)
    assert {scale[1] for scale in scales} == {1.0}


def test_refrozen_group_ramps_again_and_late_adam_step_stays_short(data):
    model = linear_model()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    record = Record()
    fit(model, data, [GradualUnfreezing(schedule={0: -1, 1: 0, 2: -1, 3: 0}, warmup_steps=1000), record])
    starts = ops.convert_to_numpy(model.optimizer._unfrozen_at).tolist()
    assert starts == [6, 0]
    body = [np.abs(new[0] - old[0]).max() for old, new in pairwise(record.weights)]
    assert body[0] == body[2] == 0
    assert 0 < body[1] < 0.01  # unramped, Adam would move it by more than its rate, 0.1
    assert 0 < body[3] < 0.01


def test_no_ramp_for_a_group_that_trains_in_the_first_update(data):
    """Four steps make an update, the first of which is in the second epoch: no slot is older than the body's."""
    model = linear_model()
    source = keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)
    model.compile(finetune_optimizer(source, model), "mse")
    before = model.get_weights()
    fit(model, data, [GradualUnfreezing(warmup_steps=1000)], epochs=2)
    steps = [gradients(before, *(part[begin : begin + BATCH] for part in data)) for begin in (0, BATCH)]
    for index, (old, new) in enumerate(zip(before, model.get_weights(), strict=True)):
        epochs = 1 if index < 2 else 2  # in which the layer's gradients are added up
        expected = old - 0.1 * epochs * sum(step[index] for step in steps) / 4
        np.testing.assert_allclose(new, expected, rtol=1e-4, atol=1e-6)
