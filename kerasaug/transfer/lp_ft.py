"""Linear probing, then fine-tuning."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.backend.graph import calls, input_of
from kerasaug.extras import require
from kerasaug.transfer.features import extract_features
from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.groups import HEAD, LayerGroup, layer_groups
from kerasaug.transfer.inputs import fit_arguments, inspect, is_arrays
from kerasaug.transfer.objective import head_of, objective

_NAME = "linear_probe_then_fine_tune"


def linear_probe_then_fine_tune(
    model: keras.Model,
    train: Any,
    validation: Any = None,
    *,
    probe: str = "fit",
    probe_epochs: int = 5,
    epochs: int = 5,
    probe_lr: float = 1e-3,
    lr: float = 1e-5,
    optimizer: Any = "adamw",
    loss: Any = None,
    metrics: Sequence[Any] | None = None,
    groups: Sequence[LayerGroup] | None = None,
    bn: str = "frozen",
    C: float = 1.0,
    batch_size: int = 32,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = "auto",
    **kwargs: Any,
) -> keras.callbacks.History:
    """Trains the head alone and then everything at a low rate: LP-FT.

    Fine-tuning from a random head bends the features before the head has learned anything, which costs accuracy on
    data unlike those trained on. Here the head has converged by then, and the rate of the second phase is its own:
    `fine_tune(freeze_epochs=k)` does much the same, with rates that rise and fall and are tied to one another.

    Both phases are one `fit`, with one optimizer, one `History` and exact resume by
    `kerasaug.callbacks.BackupAndRestore`. The probe can also be solved instead, by logistic regression on features that
    are computed once; no epoch is spent on it then.

    Args:
        model: A built model that ends in its head. It is compiled and trained in place.
        train: `(x, y)`, `(x, y, sample_weight)` or a dataset of such batches, as `keras.Model.fit` takes them.
        validation: The same, or `None`.
        probe: `"fit"`, or `"logistic"` for scikit-learn's `LogisticRegression` (extra `data`) when the last layer is a
            `Dense` classifier and labels are integers or one-hot rows.
        probe_epochs: Epochs in which only the head trains. Not used by `"logistic"`. Defaults to 5.
        epochs: Epochs in which everything trains. Defaults to 5.
        probe_lr: Learning rate of the probe. Defaults to 1e-3.
        lr: Learning rate of fine-tuning, for all layers. Defaults to 1e-5.
        optimizer: Name of a Keras optimizer, or one. Its learning rate is set. Defaults to `"adamw"`.
        loss: As in `compile`. Defaults to crossentropy as the activation and size of the output and the labels ask for.
        metrics: As in `compile`. Default to accuracy; with a `loss`, to none.
        groups: Layer groups, the head last. Default to `layer_groups(model)`.
        bn: See `GradualUnfreezing`. Defaults to `"frozen"`.
        C: Inverse of the regularisation of logistic regression. Defaults to 1.
        batch_size: For arrays. Defaults to 32.
        callbacks: Further callbacks. None may set the learning rate.
        verbose: As in `keras.Model.fit`.
        **kwargs: Further arguments of `fit`, such as `steps_per_epoch` and `class_weight`.

    Returns:
        The `History` of `fit`, with `learning_rate` and `unfrozen_groups`.

    Raises:
        ValueError: When an argument is out of range, or the head cannot be solved by logistic regression.
        ImportError: When scikit-learn is needed and not installed.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2, activation="softmax")])
    x, y = np.random.rand(16, 4), np.arange(16) % 2
    history = kerasaug.transfer.linear_probe_then_fine_tune(model, (x, y), probe_epochs=1, epochs=1, verbose=0)
    history.history["unfrozen_groups"]  # [1, 2]
    ```

    Reference:
        - [Kumar et al., 2022](https://arxiv.org/abs/2202.10054)
    """
    from kerasaug.callbacks.unfreezing import GradualUnfreezing  # the callbacks need this package

    _check(probe, probe_epochs, epochs, probe_lr, lr)
    groups = layer_groups(model) if groups is None else list(groups)
    if probe == "logistic":
        _solve(model, groups, train, C, batch_size)
        probe_epochs = 0
    tuned = finetune_optimizer(optimizer, model, groups, learning_rate=probe_lr if probe_epochs else lr)
    if loss is None:
        labels = inspect(train, batch_size, kwargs.get("steps_per_epoch"), images=False).labels
        loss, accuracy = objective(head_of(model), labels, mixes=False, label_smoothing=0.0)
        metrics = [accuracy] if metrics is None else metrics
    model.compile(tuned, loss, metrics=metrics)
    schedule = {0: -1, probe_epochs: 0} if probe_epochs else {0: 0}
    return model.fit(
        **{**fit_arguments(train, batch_size), **kwargs},
        epochs=probe_epochs + epochs,
        validation_data=validation,
        callbacks=[
            GradualUnfreezing(groups, schedule, bn=bn),
            keras.callbacks.LearningRateScheduler(lambda epoch, _: probe_lr if epoch < probe_epochs else lr),
            *callbacks,
        ],
        verbose=verbose,
    )


def _check(probe: str, probe_epochs: int, epochs: int, probe_lr: float, lr: float) -> None:
    if probe not in ("fit", "logistic"):
        raise ValueError(f"{_NAME} expects probe to be 'fit' or 'logistic'. Received: {probe!r}.")
    if probe_epochs < 0 or epochs < 0 or not probe_lr > 0 or not lr > 0:
        raise ValueError(
            f"{_NAME} expects epochs from 0 and learning rates above 0. Received: probe_epochs={probe_epochs}, "
            f"epochs={epochs}, probe_lr={probe_lr}, lr={lr}."
        )


def _solve(model: keras.Model, groups: Sequence[LayerGroup], train: Any, c: float, batch_size: int) -> None:
    """Puts the logistic regression's coefficients into the last layer."""
    head = [layer for group in groups if group.name == HEAD for layer in group.layers]
    last = model.layers[-1]
    classes = {"softmax": last.units, "sigmoid": 2} if isinstance(last, keras.layers.Dense) else {}
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if [id(layer) for layer in head] != [id(last)] or activation not in classes or not last.use_bias:
        raise ValueError(
            f"{_NAME} expects a head of one Dense layer with bias and softmax or sigmoid for probe='logistic'. "
            f"Received: {[layer.name for layer in head]}, the last with {activation}. Use probe='fit'."
        )
    if activation == "sigmoid" and last.units != 1:
        raise ValueError(
            f"{_NAME} expects one output for sigmoid with probe='logistic'. Received: {last.units}. Use probe='fit'."
        )
    linear = require("sklearn.linear_model", "data", _NAME)
    (tensor,) = next(call.inputs for call in calls(model) if call.layer is last)
    below = keras.Model(input_of(model), tensor)
    features, labels = extract_features(below, train, batch_size=batch_size, verbose=0)
    labels = np.asarray(labels)
    labels = labels.argmax(-1) if labels.ndim > 1 and labels.shape[-1] > 1 else labels.reshape(-1)
    if len(np.unique(labels)) != classes[activation]:
        raise ValueError(
            f"{_NAME} expects every one of the {classes[activation]} classes among the labels for probe='logistic'. "
            f"Received: {len(np.unique(labels))}. Use probe='fit'."
        )
    weights = train[2] if is_arrays(train) and len(train) > 2 else None
    solved = linear.LogisticRegression(C=c, max_iter=1000).fit(features, labels, weights)
    kernel, bias = solved.coef_.T, solved.intercept_
    if activation == "softmax" and last.units == 2:  # scikit-learn solves for the difference of two classes
        kernel, bias = np.concatenate([-kernel / 2, kernel / 2], -1), np.concatenate([-bias / 2, bias / 2])
    last.set_weights([kernel, bias])
