"""What counts as caught: a test that failed, and not tests that could not run."""

import pytest
from workplace import Outcome, failures_in

SUMMARY = """\
=========================== short test summary info ============================
FAILED tests/a.py::test_one[a - b] - AssertionError: 1 != 2
FAILED tests/a.py::test_two
ERROR tests/b.py::test_three - ValueError: expected a - b
ERROR tests/c.py - ImportError: cannot import name 'd'
"""


def outcome(code, *failures):
    return Outcome(code, failures, "", 1.0)


def test_the_summary_of_pytest_is_read():
    assert failures_in(SUMMARY) == (
        ("tests/a.py::test_one[a - b]", "AssertionError: 1 != 2"),
        ("tests/a.py::test_two", ""),
        ("tests/b.py::test_three", "ValueError: expected a - b"),
    )


@pytest.mark.parametrize("message", ["AssertionError: ", "ValueError: expected", "Failed: DID NOT RAISE", ""])
def test_a_test_that_failed_has_caught_it(message):
    assert outcome(1, ("tests/a.py::test_one", message)).caught_by == "tests/a.py::test_one"


@pytest.mark.parametrize("code", [None, 0, 2, 3, 4, 5, -11])
def test_nothing_is_caught_where_pytest_did_not_end_with_failed_tests(code):
    assert outcome(code, ("tests/a.py::test_one", "AssertionError: ")).caught_by is None


@pytest.mark.parametrize("message", ["ImportError: no name", "ModuleNotFoundError: No module", "NameError: name 'x'"])
def test_code_that_cannot_be_imported_proves_nothing(message):
    assert outcome(1, ("tests/a.py::test_one", message)).caught_by is None


def test_passing_is_not_ending_early():
    assert outcome(0).passed
    assert not outcome(5).passed
