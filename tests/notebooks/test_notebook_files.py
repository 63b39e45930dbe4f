"""Notebooks are stored clean, begin alike, and use kerasaug as its users may."""

import nbformat
import pytest
from clean_notebooks import NOTEBOOKS, cleaned
from notebook_code import code_of, is_public, used_names

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_the_notebooks_are_these():
    assert [path.stem for path in NOTEBOOKS] == [
        "01_finetune_images",
        "02_layers_and_pipelines",
        "03_callbacks_and_schedules",
    ]


@every_notebook
def test_notebook_is_stored_clean(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert notebook == cleaned(path), "run `python tests/notebooks/clean_notebooks.py`"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}
    assert notebook.metadata.kernelspec.name == "python3"


@every_notebook
def test_notebook_begins_with_title_badge_and_backend(path):
    first, _, install, start = nbformat.read(path, as_version=4).cells[:4]
    colab = f"https://colab.research.google.com/github/kerasaug/kerasaug/blob/main/notebooks/{path.name}"
    assert first.source.startswith("# ")
    assert "minute" in first.source
    assert colab in first.source
    assert colab in (path.parent / "README.md").read_text()
    assert "import keras" not in install.source
    assert install.source.index('setdefault("KERAS_BACKEND"') < install.source.index("%pip install")
    assert "import keras" in start.source


def test_notebooks_are_set_up_alike():
    starts = {tuple(cell.source for cell in nbformat.read(path, as_version=4).cells[2:4]) for path in NOTEBOOKS}
    assert len(starts) == 1


@every_notebook
def test_notebook_uses_public_names_alone(path):
    used = used_names(code_of(path))
    assert any(name.startswith("kerasaug.") for name in used)
    assert {name for name in used if not is_public(name)} == set()


@pytest.mark.parametrize(
    "code",
    [
        "import kerasaug.finetune.job",
        "from kerasaug.finetune.source_weights import pretrained_on_digits",
        "from kerasaug.visualization.scene import load_scene",
        "import kerasaug\nkerasaug.layers.image.warp",
        "from kerasaug import layers as ours\nours.image",
        "import kerasaug\nkerasaug.Pipeline([])._plan",
        "import keras\nkeras._tf_keras",
    ],
)
def test_a_name_that_is_not_public_is_found(code):
    assert not all(is_public(name) for name in used_names(code))
