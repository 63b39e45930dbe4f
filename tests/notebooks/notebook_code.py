"""The code of a notebook, and which names of kerasaug it uses."""

import ast
import importlib
import types

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

import kerasaug

_TOP = (f"kerasaug.{name}" for name in kerasaug.__all__ if isinstance(getattr(kerasaug, name), types.ModuleType))
PUBLIC = {name: importlib.import_module(name).__all__ for name in ("kerasaug", *_TOP)}


def code_of(path):
    """The code cells of a notebook as one Python module; magics and shell lines become calls."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return "\n".join(TransformerManager().transform_cell(source) for source in cells)


def used_names(code):
    """Dotted names, imported or reached through attributes, whatever they were imported as."""
    tree = ast.parse(code)
    known, used = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
                used.add(alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                used.add(f"{node.module}.{alias.name}")
    return used | {_dotted(node, known) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def _dotted(node, known):
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"  # the result of a call, say


def is_public(name):
    """Whether a user may write it: of kerasaug what some `__all__` names, of anything else what has no underscore."""
    parts = name.split(".")
    if any(part.startswith("_") and not part.endswith("__") for part in parts):
        return False
    if parts[0] != "kerasaug":
        return True
    module = parts.pop(0)
    while parts and module in PUBLIC:
        inner = f"{module}.{parts[0]}"
        if inner not in PUBLIC and parts[0] not in (*PUBLIC[module], "__version__", "__all__"):
            return False
        module = inner
        parts.pop(0)
    return True  # the module itself, or what a public object has
