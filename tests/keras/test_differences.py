"""docs/keras.md and the tests of Keras's defects say the same."""

import re
from pathlib import Path

from keras_layers import ARGUMENTS

FOLDER = Path(__file__).parent
ROWS = re.findall(r"^\| (?!layer|-)(.*) \|$", (FOLDER.parents[1] / "docs" / "keras.md").read_text(), re.MULTILINE)


def test_the_table_names_every_defect_that_is_shown():
    tests = [path.read_text() for path in FOLDER.glob("test_defects_*.py")]
    shown = {name for text in tests for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
    named = [name for row in ROWS for name in re.findall(r"`(test_\w+)`", row)]
    assert sorted(named) == sorted(shown)


def test_every_row_has_its_layers_and_a_test():
    for row in ROWS:
        layers, *rest = row.split(" | ")
        assert len(rest) == 4, row
        assert rest[-1].startswith("`test_"), row
        assert layers.startswith("every one") or set(layers.split(", ")) <= set(ARGUMENTS), row
