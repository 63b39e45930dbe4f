"""No arm may train longer than another, nor shorter."""

import pytest

from kerasaug.finetune.comparison.arms import FROZEN, SCRATCH
from kerasaug.finetune.comparison.experiment import Result, check_equal
from kerasaug.finetune.comparison.settings import Settings

SETTINGS = Settings(seeds=(0,), epochs=2, steps_per_epoch=5)


def result(arm, steps):
    return Result(arm, 0, train=1.0, validation=0.5, test=0.5, steps=steps, seconds=1.0, weights=[])


@pytest.mark.parametrize("steps", [9, 11])
def test_a_step_more_or_less_is_refused(steps):
    check_equal([result(SCRATCH, 10), result(FROZEN, 10)], SETTINGS)
    with pytest.raises(RuntimeError, match=rf"expected 10 steps of every run\. Received: {steps} in arm 'frozen'"):
        check_equal([result(SCRATCH, 10), result(FROZEN, steps)], SETTINGS)
