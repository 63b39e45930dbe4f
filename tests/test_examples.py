"""Every example in a public docstring runs as it stands."""

import inspect
import re
import shlex
import textwrap
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasaug
from kerasaug import cli

TORCH = keras.backend.backend() == "torch"


def _public():
    """Everything that `__all__` of the package and of its public modules names."""
    modules = [one for name in kerasaug.__all__ if isinstance(one := getattr(kerasaug, name), types.ModuleType)]
    for module in [kerasaug, *modules]:
        for name in module.__all__:
            value = getattr(module, name)
            if not isinstance(value, types.ModuleType):
                yield f"{module.__name__}.{name}", value


def _blocks(text):
    return [textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)]


NAMED = {value: name for name, value in _public()}
NO_EXPORT = pytest.mark.xfail(
    TORCH, raises=RuntimeError, strict=True, reason="a SavedModel comes from TensorFlow or JAX"
)
EXAMPLES = [
    pytest.param(block, id=f"{name}-{i}", marks=[NO_EXPORT] if value is kerasaug.export_savedmodel else [])
    for value, name in NAMED.items()
    for i, block in enumerate(_blocks(inspect.getdoc(value) or ""))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_docstring_example_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "<example>", "exec"), {"np": np, "keras": keras, "kerasaug": kerasaug})


def test_every_public_object_has_an_example():
    without = {name for value, name in NAMED.items() if not _blocks(inspect.getdoc(value) or "")}
    assert without == {"kerasaug.Augmentation", "kerasaug.ExportError"}  # an abstract class, an error


ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one backend is enough for a large network")
@pytest.mark.parametrize("index", range(len(_blocks(README))))
def test_the_readme_s_examples_run(index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(_blocks(README)[index], "<README>", "exec"), {})
    assert list((tmp_path / "saved_models").glob("*/1/saved_model.pb"))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="a minute of compiling what other tests compile small"
)
def test_the_guide_to_transfer_learning_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    blocks = _blocks((ROOT / "docs" / "transfer.md").read_text())
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "<docs/transfer.md>", "exec"), namespace)
    assert (tmp_path / "report.png").is_file()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other tests compile the same on every backend")
def test_the_guide_to_text_runs():
    namespace = {}
    blocks = _blocks((ROOT / "docs" / "text.md").read_text())
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "<docs/text.md>", "exec"), namespace)
    before, after = namespace["batch"], {name: np.asarray(value) for name, value in namespace["augmented"].items()}
    labels = dict(zip(before["token_ids"].ravel().tolist(), before["token_labels"].ravel().tolist(), strict=True))
    assert (after["token_ids"] != before["token_ids"]).any()
    for token, label in zip(after["token_ids"].ravel().tolist(), after["token_labels"].ravel().tolist(), strict=True):
        assert label == labels[token]
    assert len(namespace["versions"]) == 4


def test_the_readme_s_commands_exist():
    """`.ci/run` runs the one that tests; here every other is at least understood."""
    commands = re.findall(r"\.venv/bin/kerasaug ([^\n`]+)", README)
    assert len(commands) >= 3
    for command in commands:
        cli.parser().parse_args(shlex.split(command))
