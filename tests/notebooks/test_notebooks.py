"""Every notebook runs as it stands, small, in a fresh kernel on the backend under test."""

import os
import sys
from pathlib import Path

import keras
import nbformat
import pytest
from clean_notebooks import NOTEBOOKS
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

REPOSITORY = Path(__file__).parents[2]
IGNORED = {REPOSITORY / name for name in (".hypothesis", ".pytest_cache")}  # of tests that run beside this one
SECONDS = 600  # for one cell, on a machine that has other things to do


def _files():
    """What lies at the top of the repository and in the folders that a notebook might write to."""
    folders = ("notebooks", "saved_models")
    return {*REPOSITORY.iterdir(), *(path for name in folders for path in (REPOSITORY / name).rglob("*"))} - IGNORED


@pytest.fixture
def kernel_environment(monkeypatch, tmp_path):
    """What the kernel inherits: the backend, the small setting, and this environment's commands."""
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    monkeypatch.setenv("KERASAUG_SMOKE", "1")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))  # no profile and no kernel of the user's
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    # Notebooks train one model several times: JAX then compiles it once, as TensorFlow does not.
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "compiled"))
    monkeypatch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="a SavedModel comes from TensorFlow or JAX")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path, kernel_environment):
    before = _files()
    workplace = tmp_path / "workplace"
    workplace.mkdir()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(workplace)}}
    )
    try:
        client.execute()
    except CellExecutionError as error:
        pytest.fail(f"{path.name}: {error}", pytrace=False)  # it shows the cell and its traceback
    printed = "".join(
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stdout"
    )
    assert f"on {keras.backend.backend()} with" in printed
    assert _files() == before
