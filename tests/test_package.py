"""What `import kerasaug` needs, and what it leaves alone."""

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import kerasaug

HEAVY = ("tensorflow_datasets", "sklearn", "matplotlib", "tensorflow_text", "keras_hub", "keras_cv")

# Every module of the package, except the one that `python -m` runs, in a process where TensorFlow is not installed.
WITHOUT_TENSORFLOW = """
import importlib, importlib.abc, pkgutil, sys

class NotInstalled(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
import kerasaug
names = [m.name for m in pkgutil.walk_packages(kerasaug.__path__, "kerasaug.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
assert "tensorflow" not in sys.modules
print(len(names), "modules")
"""


def run(code, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def test_every_module_is_imported_where_tensorflow_is_absent():
    done = run(WITHOUT_TENSORFLOW, "jax")
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-2]) > 5


def test_importing_the_package_imports_no_extra():
    before = run("import keras, sys; print(*sys.modules)", "jax").stdout.split()
    after = run("import kerasaug, sys; print(*sys.modules)", "jax").stdout.split()
    added = {name.partition(".")[0] for name in set(after) - set(before)}
    assert "kerasaug" in added
    assert not added & {*HEAVY, "tensorflow"}


def test_private_api_stays_in_one_place():
    package = Path(kerasaug.__file__).parent
    private = re.compile(r"keras\.src|tensorflow\.python")
    files = {path.relative_to(package) for path in package.rglob("*.py") if private.search(path.read_text())}
    assert {file.parts[0] for file in files} == {"backend"}


def test_files_of_tests_have_names_of_their_own():
    """pytest imports them by their names alone, and of two it runs neither."""
    files = [path for path in Path(__file__).parent.rglob("*.py") if not (path.parent / "__init__.py").exists()]
    names = Counter(path.name for path in files if path.name != "conftest.py")
    assert len(names) > 50
    assert not [name for name, count in names.items() if count > 1]
