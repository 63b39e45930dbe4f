"""`export_savedmodel`: trace, write aside, verify, publish."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from kerasaug.export.endpoint import build_endpoint, write_archive
from kerasaug.export.errors import ExportError
from kerasaug.export.publish import check_version, staged_version
from kerasaug.export.signature import resolve_signature
from kerasaug.export.verify import verify_savedmodel
from kerasaug.extras import require

__all__ = ["ExportError", "export_savedmodel"]

_BACKENDS = ("tensorflow", "jax")


def export_savedmodel(
    model: keras.Model,
    path: str | os.PathLike[str],
    version: int | None = None,
    *,
    input_signature: Any = None,
    output_name: str | Sequence[str] = "outputs",
    verify: bool = True,
    samples: Any = None,
    tolerance: float | None = None,
) -> Path:
    """Writes a model as a verified, versioned SavedModel, without any augmentation left in it.

    The SavedModel has one function, `serve`, which is also its `serving_default` signature: the model's
    call with `training=False`, for any batch size, with named inputs and outputs. It needs neither Keras
    nor kerasaug to run.

    It is written to a folder beside its final place, loaded again from there and compared with
    `model.predict`. Only then is that folder renamed to `path/<version>`, in one step: a server that
    watches `path` never sees a part of a model. Whatever goes wrong before leaves nothing behind, and a
    version that exists is never touched.

    Serving reads the weights and never writes them, so concurrent requests are safe; on JAX this differs
    from `model.export()`, which assigns every non-trainable variable on each request. On JAX the function
    is lowered for CPU, CUDA and TPU, so a model trained on one of them can be served on another.

    A model that wraps the one to serve, such as `kerasaug.AugmentedModel`, says so with an attribute or
    property `inference_model`: that model is exported, and still compared with the wrapper's own `predict`.

    Args:
        model: A built `keras.Model`. The TensorFlow and JAX backends are supported; JAX needs TensorFlow
            installed.
        path: Local folder of the model, which holds one sub-folder per version, as TensorFlow Serving
            expects.
        version: Non-negative integer. Defaults to one more than the highest version in `path`, or 1.
        input_signature: `keras.InputSpec`, or a dict or list of them, in the structure that the model's
            call takes, with `shape` and `dtype`; `name` names the input. The batch axis is always left
            open. Defaults to the inputs the model was built with.
        output_name: Name of the output of a model that returns one tensor. A model that returns a list
            takes a list of names, or one name that becomes `name_0`, `name_1`... The outputs of a dict keep
            their keys.
        verify: Whether to load the SavedModel and compare it with `model.predict`. Switch it off only for a
            model that is meant to be random.
        samples: Arrays in the structure that the model takes, at least one row, on which to compare: rows
            of real data compare best. Defaults to numbers drawn from [0, 1), or from {0, 1} for integers,
            and from 0 to 255 for uint8; unknown sizes become 64.
        tolerance: Greatest difference from `model.predict`, as a fraction of the largest absolute value of
            that output. Not zero by default, because the served graph and `predict` are compiled by
            different compilers, which add in different orders: 3e-5 in float32, 2e-2 in float16 and on CUDA
            (TF32 multiplications), 0.1 in bfloat16 and on TPU. Integers and strings must be equal, and two
            calls must agree bit for bit.

    Returns:
        The folder of the new version.

    Raises:
        ExportError: If the SavedModel is random, changes its state, forces XLA, or differs from
            `model.predict`.
        FileExistsError: If `version` exists.
        ImportError: If TensorFlow is not installed.
        OSError: If `path` cannot be written.
        RuntimeError: On a backend other than TensorFlow and JAX.
        TypeError: If `model` is not a `keras.Model`, or `version` not an integer.
        ValueError: If the model is not built, or the signature does not fit.

    Example:
        ```python
        import tempfile
        import keras
        import kerasaug

        model = keras.Sequential([
            keras.Input((8, 8, 1), name="image"),
            keras.layers.RandomFlip(),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])
        folder = kerasaug.export_savedmodel(model, tempfile.mkdtemp(), output_name="probs")
        assert folder.name == "1"
        ```

    Reference:
        - [TensorFlow Serving: versions of a model](https://www.tensorflow.org/tfx/serving/serving_config)
    """
    _check_backend()
    served = _model_to_serve(model)
    version = check_version(version)
    tf = require("tensorflow", "tensorflow", "export_savedmodel")
    signature = resolve_signature(served, input_signature)
    with staged_version(path, version) as staged:
        endpoint = build_endpoint(tf, served, signature, output_name)
        write_archive(served, endpoint, staged.folder)
        if verify:
            verify_savedmodel(tf, model, staged.folder, signature, output_name, samples, tolerance)
        return staged.publish()


def _check_backend() -> None:
    backend = keras.backend.backend()
    if backend not in _BACKENDS:
        raise RuntimeError(
            "export_savedmodel works on the TensorFlow and JAX backends, and this process runs on "
            f"{backend!r}: save the model with `model.save('model.keras')`, load it in a process started "
            "with KERAS_BACKEND=tensorflow, and export it there."
        )


def _model_to_serve(model: Any) -> keras.Model:
    inner = getattr(model, "inference_model", None)
    served = model if inner is None else inner
    if not isinstance(served, keras.Model):
        what = "model" if inner is None else "model.inference_model"
        raise TypeError(f"export_savedmodel: {what} must be a keras.Model, received {type(served).__name__}.")
    if not served.built:
        raise ValueError(
            f"export_savedmodel: model {served.name!r} is not built, so it has no weights to export: call "
            "it on a batch, or give it a keras.Input, first."
        )
    return served
