"""The warm-up of groups that GradualUnfreezing unfreezes late."""

from itertools import pairwise

import keras
import numpy as np
import pytest
from keras import ops
from unfrozen import Record, data_from, fit, linear_model

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
