"""Examples in the docstrings of the ops on strings run as they stand."""

import inspect
import re
import textwrap

import pytest

from kerasaug.text import strings

NAMES = [name for name in strings.__all__ if name != "StringOp"]  # a base


@pytest.mark.parametrize("name", NAMES)
def test_example_runs(name):
    text = inspect.getdoc(getattr(strings, name))
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(textwrap.dedent(block), name, "exec"), {})


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_described(name):
    value = getattr(strings, name)
    section = inspect.getdoc(value).partition("Args:")[2].partition("\n\n")[0]
    parameters = inspect.signature(value).parameters
    assert re.findall(r"^    \**(\w+):", section, re.MULTILINE) == list(parameters)
