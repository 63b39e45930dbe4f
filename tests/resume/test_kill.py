"""SIGKILL at random moments, in processes of their own; `python tests/resume/kill.py` does it twenty times."""

import keras
import numpy as np
from kill import differences, main


def test_killed_and_resumed_it_ends_as_if_left_alone(capsys):
    backend = keras.backend.backend()
    assert main(["--moments=1", "--epochs=4", f"--backend={backend}", "--seed=3"]) == 0
    printed = capsys.readouterr().out
    assert "equal in all" in printed
    assert "[]" not in printed  # the kill met a process that was alive


def test_a_difference_in_the_last_bit_is_seen():
    one = {"a": np.zeros(3, "float32"), "b": np.ones(2)}
    assert differences(one, {name: value.copy() for name, value in one.items()}) == []
    assert differences(one, {**one, "a": np.array([0.0, -0.0, 0.0], "float32")}) == ["a"]
    assert differences(one, {"a": one["a"]}) == ["b"]
    assert differences(one, {**one, "b": np.ones(2, "float32")}) == ["b"]
