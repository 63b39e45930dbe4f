import sys

import pytest

from kerasaug.extras import require


def test_an_installed_module_is_returned():
    assert require("json.decoder", "data", "load").__name__ == "json.decoder"


def test_a_missing_module_is_named_with_the_command_that_installs_it():
    with pytest.raises(ImportError) as caught:
        require("kerasaug_surely_missing.part", "data", "kerasaug.datasets.load")
    assert str(caught.value) == (
        "kerasaug.datasets.load needs `kerasaug_surely_missing.part`, which is not installed: run "
        "`pip install 'kerasaug[data]'`."
    )
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_what_a_module_that_is_there_misses_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "present_module.py").write_text("import absent_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError) as caught:
        require("present_module", "data", "load")
    assert caught.value.name == "absent_dependency"
    assert "kerasaug[data]" not in str(caught.value)
    assert "present_module" not in sys.modules
