"""Presets and backbones of KerasCV."""

from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from kerasaug.extras import require
from kerasaug.transfer.assembly import Parts
from kerasaug.transfer.downloads import check_known, explained
from kerasaug.transfer.preprocessing import Scaling, in_float32


def load_cv(
    preset: str,
    weights: str | Path | None,
    input_shape: tuple[int | None, ...] | None,
    preprocess: Any,
    **kwargs: Any,
) -> Parts:
    """Loads the backbone of a preset.

    Args:
        preset: A name that KerasCV knows, a handle, or a folder.
        weights: `"imagenet"` for those of the preset, if it has any.
        input_shape: Of an image. Defaults to what the preset says.
        preprocess: As in `load_backbone`.
        **kwargs: Passed to the backbone's constructor, in place of what the preset says.

    Raises:
        ConnectionError: When there is no way to the preset.
        ImportError: When KerasCV is not installed.
        ValueError: When there is no such preset, or it does not suit the arguments.
    """
    cv = require("keras_cv", "cv", f"load_backbone({preset!r})")
    if input_shape is not None:
        kwargs["input_shape"] = tuple(input_shape)
    kwargs.setdefault("include_rescaling", preprocess is True)
    check_known(preset, cv_presets(cv), "KerasCV", "cv:")
    owner = _owner(cv, preset)
    if weights == "imagenet" and preset in owner.presets_without_weights:
        with_weights = sorted(name for name in owner.presets_with_weights if name.startswith(f"{preset}_"))
        raise ValueError(
            f"load_backbone: KerasCV's preset {preset!r} has no pretrained weights. Use weights=None for random ones"
            f"{f', or one of {with_weights}' if with_weights else ''}."
        )
    network = explained(
        lambda: owner.from_preset(preset, load_weights=None if weights == "imagenet" else False, **kwargs),
        f"KerasCV's preset {preset!r}",
        f"{kwargs}",
    )
    in_float32(network)
    return Parts(network, "none" if isinstance(preprocess, bool) else preprocess)


def from_cv(model: keras.Model, preprocess: Any) -> Parts:
    """Takes a backbone; one that was built without `include_rescaling` gets what that would have added.

    Raises:
        ValueError: When it holds its rescaling, and is to be without it or to have another; and for videos.
    """
    holds = getattr(model, "include_rescaling", False)
    if holds and preprocess is not True:
        raise ValueError(
            f"load_backbone: expected preprocess=True for {model.name!r}, which holds its preprocessing. Received: "
            f"{preprocess!r}. Build it with `include_rescaling=False`."
        )
    if holds:
        in_float32(model)
        return Parts(model)
    if preprocess is not True:
        return Parts(model, preprocess or "none")
    if len(model.inputs[0].shape) != 4:
        raise ValueError(
            f"load_backbone: {model.name!r} takes no images, so their preprocessing is not added. Build it with "
            "`include_rescaling=True`, or use `preprocess=False`."
        )
    return Parts(model, Scaling(1 / 255, 0.0))


def cv_presets(cv: ModuleType) -> list[str]:
    """The names of all presets for backbones."""
    return sorted({name for kind in _kinds(cv) for name in kind.presets})


def _owner(cv: ModuleType, preset: str) -> Any:
    return next((kind for kind in _kinds(cv) if preset in kind.presets), cv.models.Backbone)


def _kinds(cv: ModuleType) -> list[Any]:
    found = [getattr(cv.models, name) for name in dir(cv.models) if name.endswith("Backbone")]
    return sorted((one for one in found if isinstance(one, type)), key=lambda one: -len(one.presets))
