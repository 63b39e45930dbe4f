"""Networks of `keras.applications`."""

import difflib
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from kerasaug.transfer.assembly import Parts
from kerasaug.transfer.preprocessing import holds_preprocessing, mode_of


def load_application(
    name: str,
    weights: str | Path | None,
    input_shape: tuple[int | None, ...] | None,
    preprocess: Any,
    pooling: str | None,
    **kwargs: Any,
) -> Parts:
    """Builds a network without its classifier; `weights` are `"imagenet"`, or a path for the caller to load from."""
    public_name, constructor, family = find_application(name)
    how = preprocess
    if isinstance(preprocess, bool):
        how = mode_of(family) if preprocess else "none"
    input_shape = _default_shape() if input_shape is None else tuple(input_shape)
    _check_shape(public_name, input_shape, how)
    if "include_preprocessing" in inspect.signature(constructor).parameters:
        kwargs.setdefault("include_preprocessing", preprocess is True)
    if not isinstance(preprocess, bool) and kwargs.get("include_preprocessing", holds_preprocessing(family)):
        raise ValueError(
            f"load_backbone: expected preprocess=True for {public_name}, which holds its preprocessing and takes "
            f"images in [0, 255]. Received: preprocess={preprocess!r}, which would come on top of it."
        )
    network = _construct(public_name, constructor, weights, input_shape=input_shape, pooling=pooling, **kwargs)
    return Parts(network, how, name=f"{public_name.lower()}_backbone")


def find_application(name: str) -> tuple[str, Callable[..., keras.Model], str]:
    """The public name, constructor and family of a network of `keras.applications`.

    Raises:
        ValueError: When there is none of this name; the message lists near matches.
    """
    known = {_plain(public): public for public in application_names()}
    public = known.get(_plain(name))
    if public is None:
        near = [known[match] for match in difflib.get_close_matches(_plain(name), known, n=5, cutoff=0.5)]
        hint = f"Did you mean {', '.join(near)}?" if near else f"Known names: {', '.join(application_names())}."
        raise ValueError(f"load_backbone: keras.applications has no network called {name!r}. {hint}")
    return public, getattr(keras.applications, public), _family(public)


def application_names() -> list[str]:
    """The public names of all networks in `keras.applications`."""
    members = vars(keras.applications).items()
    return sorted(name for name, member in members if inspect.isfunction(member) and name[0].isupper())


def is_application(name: str) -> bool:
    """Whether `keras.applications` has a network of this name, in any spelling."""
    return _plain(name) in map(_plain, application_names())


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _family(public: str) -> str:
    modules = {name: module for name, module in vars(keras.applications).items() if isinstance(module, ModuleType)}
    for name, module in modules.items():
        if hasattr(module, public) and hasattr(module, "preprocess_input"):
            return name
    # MobileNetV3Small stands beside its module, not in it: the longest module name that it begins with.
    matches = [name for name in modules if _plain(public).startswith(_plain(name))]
    return max(matches, key=len, default=public)


def _default_shape() -> tuple[int, int, int]:
    return (224, 224, 3) if keras.config.image_data_format() == "channels_last" else (3, 224, 224)


def _check_shape(public: str, input_shape: tuple[int | None, ...], how: Any) -> None:
    if len(input_shape) != 3:
        raise ValueError(
            f"load_backbone: expected `input_shape` as (height, width, channels) for {public}. Received: {input_shape}."
        )
    channels = input_shape[-1 if keras.config.image_data_format() == "channels_last" else 0]
    if how in ("caffe", "torch") and channels != 3:
        raise ValueError(
            f"load_backbone: the preprocessing of {public} is for 3 channels (RGB). "
            f"Received: input_shape={input_shape}. Repeat a grey channel three times, or use `preprocess=False`."
        )


def _construct(public: str, constructor: Callable[..., keras.Model], weights: Any, **kwargs: Any) -> keras.Model:
    source = "imagenet" if weights == "imagenet" else None
    try:
        return constructor(weights=source, include_top=False, **kwargs)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"load_backbone: keras.applications.{public} refused input_shape={kwargs['input_shape']} and weights="
            f"{source!r}: {error}"
        ) from error
    except Exception as error:
        if source is None:
            raise
        raise ConnectionError(
            f"load_backbone: Keras could not download the ImageNet weights of {public} ({error}). Download them on "
            "another machine (`keras.applications` keeps them in ~/.keras/models) and pass the file as "
            "`weights='/path/to/file.h5'`, or use `weights=None` for random ones."
        ) from error
