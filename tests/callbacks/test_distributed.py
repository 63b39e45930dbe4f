"""Unfreezing, rates of groups, L2-SP and live hyperparameters on two devices: as on one."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

CASES = {
    "tensorflow": {"averages", "converted in fit", "mixed"},
    "jax": {"averages", "converted in fit", "mixed", "accumulation", "several steps"},
}
TOLERANCE = {"mixed": 5e-3}  # sums of half-precision numbers in another order


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras distributes on TensorFlow and JAX")
def test_two_devices_train_as_one():
    script = Path(__file__).with_name("distributed_fits.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env={**os.environ}, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line.split("\t")[1:] for line in done.stdout.splitlines() if line.startswith("differs\t")]
    assert {case for case, *_ in lines} == CASES[keras.backend.backend()]
    for case, *differences in lines:
        assert max(map(float, differences)) < TOLERANCE.get(case, 5e-6), (case, differences)
