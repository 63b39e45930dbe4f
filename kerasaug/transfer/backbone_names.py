"""What the first argument of `load_backbone` names."""

import difflib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from kerasaug.transfer.application_backbones import application_names, find_application, is_application
from kerasaug.transfer.hub_backbones import SCHEMES, preset_package
from kerasaug.transfer.model_backbones import is_model_file
from kerasaug.transfer.saved_model_backbone import saved_model_folder

HUB, CV = "hub:", "cv:"


class Named(NamedTuple):
    """A source of backbones and what it is asked for.

    Attributes:
        kind: `"application"`, `"hub"`, `"cv"`, `"file"` or `"saved_model"`.
        name: A public name, a preset or a path. Paths are absolute.
        full: What `load_backbone` understands as the same.
    """

    kind: str
    name: str
    full: str


def resolve_name(source: str | os.PathLike) -> Named:
    """Finds what a name or path means, without building or downloading anything.

    Raises:
        FileNotFoundError: When it looks like a path, and there is nothing.
        ValueError: When there is no such network; the message lists near matches.
    """
    text = os.fspath(source)
    for prefix, kind in ((HUB, "hub"), (CV, "cv")):
        if text.startswith(prefix):
            return _preset(kind, text.removeprefix(prefix))
    if text.startswith(SCHEMES):
        return Named("hub", text, text)
    if isinstance(source, str) and is_application(source):
        public = find_application(source)[0]
        return Named("application", public, public)
    path = Path(text)
    if path.exists():
        return _at(path.resolve())
    if not isinstance(source, str) or is_model_file(path) or len(path.parts) > 1:
        raise FileNotFoundError(f"load_backbone: there is nothing at {path.resolve()}.")
    raise ValueError(_unknown(text))


def _preset(kind: str, name: str) -> Named:
    path = Path(name)
    if path.is_dir():
        name = str(path.resolve())
    return Named(kind, name, f"{kind}:{name}")


def _at(path: Path) -> Named:
    if path.is_file() and is_model_file(path):
        return Named("file", str(path), str(path))
    if path.is_file():
        raise ValueError(
            f"load_backbone: expected a .keras or .h5 file with a whole model. Received: {path}. Weights alone go into "
            "`weights`, with the name of their network as the first argument."
        )
    folder = saved_model_folder(path)
    if folder is not None:
        return Named("saved_model", str(folder), str(folder))
    package = preset_package(path)
    if package is None:
        raise ValueError(
            f"load_backbone: expected a folder with a SavedModel (saved_model.pb) or a preset (config.json). Received: "
            f"{path}, which holds {sorted(one.name for one in path.iterdir())[:5]}."
        )
    return Named("cv" if package == "keras_cv" else "hub", str(path), str(path))


def _unknown(name: str) -> str:
    """The message for a name that nobody knows."""
    known = {_plain(one): one for one in (*_presets("keras_hub", HUB), *_presets("keras_cv", CV), *application_names())}
    near = [known[one] for one in difflib.get_close_matches(_plain(name), known, n=5, cutoff=0.5)]
    hint = f"Did you mean {', '.join(near)}?" if near else f"Known names: {', '.join(application_names())}."
    return (
        f"load_backbone: keras.applications has no network called {name!r}. {hint} Presets are 'hub:name' or "
        "'cv:name'; a model of yours is an object or a path."
    )


def _presets(package: str, prefix: str) -> list[str]:
    """Of KerasHub or KerasCV, if it is installed and works on this backend."""
    if find_spec(package) is None:
        return []
    try:
        module: Any = __import__(package)
        if prefix == HUB:
            return [f"{prefix}{name}" for name in module.models.Backbone.presets]
        from kerasaug.transfer.cv_backbones import cv_presets

        return [f"{prefix}{name}" for name in cv_presets(module)]
    except (ImportError, AttributeError, RuntimeError):
        return []


def _plain(name: str) -> str:
    bare = name.removeprefix(HUB).removeprefix(CV)
    return "".join(character for character in bare.lower() if character.isalnum())
