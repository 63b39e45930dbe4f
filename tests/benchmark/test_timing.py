"""Who is called when, what a timing is, and what becomes of one that raises."""

import os
import time

import keras
import numpy as np
import pytest

from kerasaug.benchmark import timing
from kerasaug.benchmark.failures import LONGEST, hushed, reason
from kerasaug.benchmark.timing import Timing, in_turns


def test_contenders_take_turns_after_a_first_call():
    calls = []
    figures = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert calls == ["a", "b"] + ["a", "a", "b", "b"] * 3  # of each pair, the second is timed
    assert {name: len(figure.calls) for name, figure in figures.items()} == {"a": 3, "b": 3}


def test_one_that_raises_is_reported_and_the_others_go_on():
    calls = []

    def fails():
        calls.append("fails")
        raise ValueError("two\n  lines")

    found = in_turns({"bad": fails, "good": lambda: calls.append("good")}, rounds=2)
    assert calls == ["fails"] + ["good"] * 5
    assert (found["bad"].error, found["bad"].milliseconds) == ("ValueError: two lines", None)
    assert found["good"].error is None
    assert found["good"].milliseconds >= 0


def test_one_that_raises_later_has_no_figure():
    counts = iter([1, 1, 1])
    found = in_turns({"late": lambda: next(counts)}, rounds=5)["late"]
    assert found.calls
    assert (found.error, found.milliseconds) == ("StopIteration", None)


@pytest.fixture
def clock(monkeypatch):
    """A clock that a contender can move."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def lasting(*seconds):
        left = iter(seconds)

        def call():
            now[0] += next(left, seconds[-1])

        return call

    return lasting


def test_the_median_of_the_timed_calls_alone_in_milliseconds(clock):
    found = in_turns({"one": clock(9.0, 7.0, 0.1, 7.0, 0.5, 7.0, 0.2)}, rounds=3)["one"]
    assert found.first == 9.0
    assert found.calls == pytest.approx([100.0, 500.0, 200.0])
    assert found.milliseconds == pytest.approx(200.0)


def test_a_slow_one_is_timed_less_often(clock):
    found = in_turns({"slow": clock(3.0), "quick": clock(0.5)}, rounds=9, seconds=2.0)
    assert len(found["slow"].calls) == timing.FEWEST
    assert len(found["quick"].calls) == 4


def test_a_timing_of_several_calls_is_that_of_one(clock):
    found = in_turns({"mapped": clock(0.0, 0.0, 1.0, 2.0, 3.0)}, rounds=1, calls=3)["mapped"]
    assert found.calls == pytest.approx([2000.0])


def test_waiting_reaches_every_tensor_and_passes_by_what_is_none():
    class Late:
        def __init__(self):
            self.waited = False

        def block_until_ready(self):
            self.waited = True

    tensors = [Late(), Late()]
    timing.wait(
        {
            "images": tensors[0],
            "other": [tensors[1], None, "text", keras.ops.ones((2, 2)), keras.ops.ones(3), np.float32(1)],
        }
    )
    assert all(tensor.waited for tensor in tensors)


def test_nothing_was_timed():
    assert Timing(error="no").milliseconds is None


def test_an_op_that_xla_lacks_is_named():
    page = (
        "Detected unsupported operations when trying to compile graph: ImageProjectiveTransformV3 (No registered "
        "'ImageProjectiveTransformV3' OpKernel for XLA_CPU_JIT devices) {{node x}} RandomGamma (No registered "
        "'RandomGamma' OpKernel for XLA_CPU_JIT devices)\nThe op is created at: ..."
    )
    expected = "does not compile: XLA has no kernel for ImageProjectiveTransformV3, RandomGamma"
    assert reason(RuntimeError(page)) == expected


def test_keras_s_frame_around_an_error_is_taken_off():
    text = (
        'in user code:\n\n    File "a.py", line 3, in f  *\n        call()\n\n    ValueError: Exception encountered '
        "when calling X.call().\n\n    \x1b[1mWrong mode.\x1b[0m\n\n    Arguments received by X.call():\n      • a=1"
    )
    assert reason(ValueError(text)) == "ValueError: Exception encountered when calling X.call(). Wrong mode."


def test_a_long_reason_is_cut():
    assert len(reason(ValueError("word " * 100))) == LONGEST


def test_what_is_written_past_python_is_hushed_and_no_longer(capfd):
    with hushed():
        os.write(2, b"a page of XLA's")
    os.write(2, b"later")
    assert capfd.readouterr().err == "later"
