import keras
import numpy as np
import pytest

from kerasaug.transfer.network import quicken_statistics


def network():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
    return keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(momentum=0.8), inner])


@pytest.mark.parametrize(
    ("steps", "momenta"),
    [(80, (0.75, 0.75)), (200, (0.8, 0.9)), (100_000, (0.8, 0.99)), (10, (0.5, 0.5))],  # 1 - 20 / steps
)
def test_momentum_suits_the_number_of_steps(steps, momenta):
    model = network()
    quicken_statistics(model, steps)
    found = (model.layers[0].momentum, model.layers[1].layers[0].momentum)
    np.testing.assert_allclose(found, momenta)
