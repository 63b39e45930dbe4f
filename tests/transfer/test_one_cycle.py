"""OneCycle against fastai's published values and its formula, and the two cycles of fine_tune by hand."""

import math

import keras
import numpy as np
import pytest

from kerasaug.transfer import OneCycle
from kerasaug.transfer.one_cycle import InTurn, fine_tune_schedule


def rates(schedule, steps):
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]


def fastai(peak, steps, pct_start, div, div_final):
    """fastai's `combined_cos(pct_start, peak / div, peak, peak / div_final)` at the start of each step."""

    def annealed(start, end, position):
        return start + (1 + math.cos(math.pi * (1 - position))) * (end - start) / 2

    for step in range(steps):
        position = step / steps
        if position < pct_start:
            yield annealed(peak / div, peak, position / pct_start)
        else:
            yield annealed(peak, peak / div_final, (position - pct_start) / (1 - pct_start))


def test_values_that_fastai_publishes():
    # Its notebook 14_callback.schedule: combined_cos(0.25, 0.5, 1., 0.) at 0, 0.1, 0.25, 0.5 and 1.
    schedule = OneCycle(peak=1.0, steps=100, pct_start=0.25, div=2.0, div_final=1e9)
    np.testing.assert_allclose(
        rates(schedule, [0, 10, 25, 50, 100]), [0.5, 0.67275, 1.0, 0.75, 0.0], rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize(("pct_start", "div"), [(0.25, 25.0), (0.99, 25.0), (0.3, 5.0)])
def test_every_step_by_fastai_s_formula(pct_start, div):
    schedule = OneCycle(0.003, 47, pct_start, div)
    expected = list(fastai(0.003, 47, pct_start, div, 1e5))
    np.testing.assert_allclose(rates(schedule, range(47)), expected, rtol=1e-4)


def test_stays_at_its_last_rate():
    assert rates(OneCycle(1.0, 4, div_final=100.0), [4, 5, 1000]) == pytest.approx([0.01] * 3, rel=1e-5)


def test_two_cycles_by_hand():
    # Frozen: 2 steps, 0.1/25 and p = 0.5 of a rise that ends at 0.99. Free: 4 steps, half the peak, pct_start 0.5.
    schedule = fine_tune_schedule(0.1, 2, 4, pct_start=0.5, div=5.0)
    middle = 0.004 + 0.096 * (1 - math.cos(math.pi * 0.5 / 0.99)) / 2
    low, high = 0.05 / 1e5, 0.05
    expected = [0.004, middle, 0.01, (0.01 + high) / 2, high, (high + low) / 2, low, low]
    np.testing.assert_allclose(rates(schedule, range(8)), expected, rtol=1e-5)


@pytest.mark.parametrize(("frozen", "free", "first"), [(0, 3, 0.05 / 5), (3, 0, 0.1 / 25)])
def test_one_cycle_alone(frozen, free, first):
    schedule = fine_tune_schedule(0.1, frozen, free)
    assert len(schedule.cycles) == 1
    assert rates(schedule, [0]) == pytest.approx([first])


@pytest.mark.parametrize("schedule", [OneCycle(0.1, 10, 0.4, 3.0, 50.0), fine_tune_schedule(0.1, 3, 7)])
def test_survives_serialisation(schedule):
    config = keras.optimizers.schedules.serialize(schedule)
    again = keras.optimizers.schedules.deserialize(config)
    assert isinstance(again, (OneCycle, InTurn))
    assert rates(again, range(11)) == rates(schedule, range(11))


@pytest.mark.parametrize(
    "wrong",
    [{"peak": 0.0}, {"steps": 0}, {"pct_start": 0.0}, {"pct_start": 1.0}, {"div": -1.0}, {"div_final": 0.0}],
)
def test_arguments_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"OneCycle: expected .*{next(iter(wrong))}="):
        OneCycle(**{"peak": 0.1, "steps": 10, **wrong})
