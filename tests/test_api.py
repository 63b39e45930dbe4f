"""Rules that every public layer obeys, so that changing an import from Keras is enough."""

import ast
import inspect
import re
from pathlib import Path

import keras
import pytest

import kerasaug
from kerasaug import layers

PUBLIC = [getattr(layers, name) for name in layers.__all__]
SHARED = [cls for cls in PUBLIC if hasattr(keras.layers, cls.__name__)]
OPS = [cls for cls in PUBLIC if cls is not kerasaug.Pipeline]
SECTIONS = ["Args:", "Input shape:", "Output shape:", "Example:"]
KEYWORDS = ("self", "args", "kwargs", "name", "dtype")

each = pytest.mark.parametrize("cls", PUBLIC, ids=lambda cls: cls.__name__)


def _arguments(cls):
    parameters = inspect.signature(cls.__init__).parameters.values()
    return {one.name: one.default for one in parameters if one.name not in KEYWORDS}


@pytest.mark.parametrize("cls", SHARED, ids=lambda cls: cls.__name__)
def test_arguments_are_keras_in_order_and_default(cls):
    expected = _arguments(getattr(keras.layers, cls.__name__))
    received = list(_arguments(cls).items())[: len(expected)]
    assert [name for name, _ in received] == list(expected)
    for name, default in received:
        wanted = expected[name]
        same = tuple(default) == tuple(wanted) if isinstance(wanted, tuple | list) else default == wanted
        assert same, f"{name}={default!r}; Keras has {wanted!r}"


def test_every_keras_layer_is_found():
    assert {"RandomFlip", "RandomRotation", "MixUp", "CutMix", "Solarization"} <= {cls.__name__ for cls in SHARED}


@each
def test_docstrings_have_their_sections(cls):
    text = inspect.getdoc(cls)
    sections = [*SECTIONS, "Reference:"] if cls is not kerasaug.Pipeline else SECTIONS
    assert [section for section in sections if f"\n{section}" not in text] == []
    assert cls is kerasaug.Pipeline or re.search(r"^Targets: ", text, re.MULTILINE), "say which targets it moves"
    assert text.splitlines()[0].endswith((".", ":"))
    assert len(text.splitlines()[0]) <= 120


@each
def test_docstrings_describe_every_argument(cls):
    section = inspect.getdoc(cls).partition("Args:")[2].partition("Input shape")[0]
    assert re.findall(r"^    \**(\w+):", section, re.MULTILINE) == [*_arguments(cls), "kwargs"]


# Ops that are several of their papers' ops, or make targets besides; what could be taken out of them stands in ops.
LARGER = {
    "EasyDataAugmentation": 93,
    "EmbeddingMixUp": 72,
    "RandomMasking": 132,
    "RandomSequenceCrop": 117,
    "SpanCorruption": 201,
    "TfIdfReplacement": 71,
}


@pytest.mark.parametrize("cls", OPS, ids=lambda cls: cls.__name__)
def test_an_op_is_under_60_lines_of_code(cls):
    source = Path(inspect.getsourcefile(cls)).read_text()
    assert len(_code_lines(source)) < LARGER.get(cls.__name__, 60)


def _code_lines(source):
    """Lines that hold code: no docstring, no comment, no blank line."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstrings |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(source.splitlines(), start=1)
    return [i for i, line in lines if i not in docstrings and line.strip() and not line.strip().startswith("#")]


def test_code_lines_are_counted_without_docstrings_comments_and_blanks():
    source = '"""Doc.\n\nMore."""\n\n# why\nx = 1\ndef f():\n    """Doc."""\n    return (\n        x\n    )\n'
    assert _code_lines(source) == [6, 7, 9, 10, 11]


@each
def test_layers_are_registered_under_the_package(cls):
    assert keras.saving.get_registered_name(cls) == f"kerasaug>{cls.__name__}"


def test_every_public_name_exists_and_is_documented():
    for name in kerasaug.__all__:
        assert inspect.getdoc(getattr(kerasaug, name)), name
    assert list(layers.__all__) == sorted(layers.__all__)
