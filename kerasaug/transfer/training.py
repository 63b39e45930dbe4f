"""Running a recipe: one `fit` in which layers unfreeze and the learning rate goes through its cycles."""

import copy
import os
import tempfile
import time
import types
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras

from kerasaug.augmentation import Augmentation
from kerasaug.callbacks.best_weights import BestWeights
from kerasaug.callbacks.schedule_log import ScheduleLog
from kerasaug.callbacks.unfreezing import GradualUnfreezing
from kerasaug.pipeline import Pipeline
from kerasaug.training import AugmentedModel
from kerasaug.training.targets import Batch
from kerasaug.transfer.finetune import finetune_optimizer
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.head_lists import heads_of, target_keys
from kerasaug.transfer.inputs import Inputs, fit_arguments, inspect
from kerasaug.transfer.network import build_network, quicken_statistics, reseed
from kerasaug.transfer.objective import (
    Head,
    check_labels,
    check_names,
    classifier_of,
    is_sparse,
    objective,
    objective_of_heads,
    read,
)
from kerasaug.transfer.one_cycle import fine_tune_schedule
from kerasaug.transfer.policies import pipeline_from
from kerasaug.transfer.recipe import FineTuned, Recipe

_WARMUP_STEPS = 100  # as in GradualUnfreezing; in a short run no longer than the cycle's own rise
_BEST = "best.weights.h5"
_RECIPE = "recipe.json"


class Unaugmented(AugmentedModel):
    """Leaves batches as they are, images or not."""

    def augment(self, batch: Any) -> Batch:
        """The batch."""
        return keras.utils.unpack_x_y_sample_weight(batch)


def run(
    recipe: Recipe,
    train: Any,
    validation: Any,
    model: keras.Model | None,
    groups: Sequence[LayerGroup] | None,
    backup_dir: str | os.PathLike | None,
    callbacks: Sequence[keras.callbacks.Callback],
    verbose: int | str,
    inputs: Inputs | None = None,
) -> FineTuned:
    """See `Recipe.run`; `inputs` is what is known of `train`, where somebody has looked already."""
    _check_call(recipe, validation, model, callbacks)
    inputs = inputs or inspect(train, recipe.batch_size, recipe.steps_per_epoch)
    steps = inputs.steps
    if steps is None:
        raise ValueError("fine_tune cannot see how many batches an epoch has. Pass `steps_per_epoch`.")
    keras.utils.set_random_seed(recipe.seed)
    network, graph = build_network(recipe) if model is None else (model, model)
    if recipe.backbone and recipe.bn == "train":
        quicken_statistics(network, steps * (recipe.freeze_epochs + recipe.epochs))
    groups = layer_groups(graph) if groups is None else list(groups)
    reseed(network, recipe.seed)
    trainer = _trainer(recipe, network, groups, inputs, steps)
    _check_validation(validation, recipe, network, inputs, trainer)
    started = time.monotonic()
    with ExitStack() as stack:
        best = _best_weights(recipe, backup_dir, stack)
        everyone = [
            GradualUnfreezing(groups, _unfreezing(recipe), warmup_steps=_warmup(recipe, steps), bn=recipe.bn),
            ScheduleLog(),
            *([best] if best else []),
            *callbacks,
            *_backup(recipe, backup_dir),
        ]
        history = trainer.fit(
            **fit_arguments(train, recipe.batch_size),
            epochs=recipe.freeze_epochs + recipe.epochs,
            steps_per_epoch=recipe.steps_per_epoch,
            validation_data=validation,
            callbacks=everyone,
            verbose=verbose,
        )
        best_epoch = _take_best(network, best)
    return FineTuned(network, history.history, recipe, list(groups), best_epoch, time.monotonic() - started)


def _check_call(recipe: Recipe, validation: Any, model: Any, callbacks: Sequence[Any]) -> None:
    if (model is None) == (recipe.backbone is None):
        raise ValueError(
            "Recipe.run expects a model exactly when the recipe names no backbone. Received: "
            f"model={None if model is None else model.name!r}, and a recipe with backbone={recipe.backbone!r}."
        )
    if recipe.keep == "best" and validation is None:
        raise ValueError("fine_tune expects validation data with keep='best'. Pass `validation`, or keep='last'.")
    rivals = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler)
    for one in callbacks:
        if isinstance(one, rivals):
            raise ValueError(
                f"fine_tune sets the learning rate of every step itself. Received: callbacks with "
                f"{type(one).__name__}, which sets it too. Leave it out, and choose base_lr, lr_mult and pct_start."
            )


def _check_validation(
    validation: Any, recipe: Recipe, network: keras.Model, inputs: Inputs, trainer: AugmentedModel
) -> None:
    """Raises for validation data that no epoch could be measured on."""
    if validation is None or isinstance(validation, types.GeneratorType):
        return
    found = inspect(validation, recipe.batch_size)
    if found.steps is None:
        raise ValueError(
            "fine_tune expects validation data that come to an end. Received: an endless dataset. Pass "
            "`validation.take(n)`, n batches."
        )
    if recipe.loss is not None or found.labels is None:
        return
    head = classifier_of(network)
    if head is None:
        return
    check_labels(found.labels, head)
    if heads_of(network):
        return  # their loss takes labels of both kinds
    alike = inputs.labels is None or is_sparse(found.labels) == is_sparse(inputs.labels)
    if not alike and not trainer.pipeline.mixes:
        raise ValueError(
            "fine_tune expects labels of one kind, all integers or all one-hot rows. Received: labels of shape "
            f"{inputs.labels.shape} to train on and {found.labels.shape} to validate on."  # type: ignore[union-attr]
        )


def _trainer(
    recipe: Recipe, network: keras.Model, groups: Sequence[LayerGroup], inputs: Inputs, steps: int
) -> AugmentedModel:
    pipeline = pipeline_from(recipe.pipeline)
    if pipeline is None:
        trainer: AugmentedModel = Unaugmented(network, Pipeline([], strength=0.0))
    else:
        trainer = AugmentedModel(network, pipeline, target_keys(network))
    optimizer = finetune_optimizer(
        _optimizer(recipe, steps),
        trainer,
        groups,
        layer_decay=recipe.lr_mult ** (-1 / max(len(groups) - 1, 1)),  # base_lr / lr_mult at the bottom
        l2_sp=recipe.l2_sp,
    )
    trainer.compile(optimizer, **_objective(recipe, network, inputs, pipeline), jit_compile=recipe.jit_compile)
    return trainer


def _optimizer(recipe: Recipe, steps: int) -> keras.optimizers.Optimizer:
    frozen, free = recipe.freeze_epochs * steps, recipe.epochs * steps
    schedule = fine_tune_schedule(recipe.base_lr, frozen, free, recipe.pct_start, recipe.div)
    if isinstance(recipe.optimizer, str):
        kind = type(keras.optimizers.get(recipe.optimizer))
        return kind(learning_rate=schedule, weight_decay=recipe.weight_decay)
    given = keras.optimizers.deserialize(copy.deepcopy(recipe.optimizer))  # Keras deserialises in place
    rate = keras.optimizers.schedules.serialize(schedule)
    return type(given).from_config({**given.get_config(), "learning_rate": rate})


def _objective(recipe: Recipe, network: keras.Model, inputs: Inputs, pipeline: Augmentation | None) -> dict[str, Any]:
    """What `compile` is told of losses and metrics, for one output or for several."""
    check_names(network, recipe.loss, "loss")
    check_names(network, recipe.metrics, "metrics")
    metrics = read(recipe.metrics, keras.metrics)
    if recipe.loss is not None:
        return {"loss": read(recipe.loss, keras.losses), "metrics": metrics or []}
    head = classifier_of(network)
    if head is not None:
        _check_head(head, recipe, network, inputs)
    if head is None or heads_of(network):
        usual = objective_of_heads(network, recipe.label_smoothing)
        return usual if metrics is None else {**usual, "metrics": metrics}
    mixes = pipeline is not None and pipeline.mixes
    loss, accuracy = objective(head, inputs.labels, mixes, recipe.label_smoothing)
    return {"loss": loss, "metrics": [accuracy] if metrics is None else metrics}


def _check_head(head: Head, recipe: Recipe, network: keras.Model, inputs: Inputs) -> None:
    if recipe.num_classes not in (None, head.width):
        raise ValueError(
            f"fine_tune expects a model with an output for each of {recipe.num_classes} classes. Received "
            f"{network.name!r}, which has {head.width}."
        )
    if inputs.labels is not None:
        check_labels(inputs.labels, head)


def _unfreezing(recipe: Recipe) -> dict[int, int]:
    return {0: -1, recipe.freeze_epochs: 0} if recipe.freeze_epochs else {0: 0}


def _warmup(recipe: Recipe, steps: int) -> int:
    return min(_WARMUP_STEPS, round(recipe.pct_start * recipe.epochs * steps))


def _best_weights(recipe: Recipe, backup_dir: str | os.PathLike | None, stack: ExitStack) -> BestWeights | None:
    if recipe.keep == "last":
        return None
    folder = stack.enter_context(tempfile.TemporaryDirectory()) if backup_dir is None else backup_dir
    return BestWeights(Path(folder) / _BEST)


def _take_best(network: keras.Model, best: BestWeights | None) -> int | None:
    if best is None:
        return None
    if best.best_epoch is None:
        warnings.warn("fine_tune: no epoch had a finite validation value; the last weights are kept.", stacklevel=4)
        return None
    network.load_weights(best.path)
    return best.best_epoch


def _backup(recipe: Recipe, backup_dir: str | os.PathLike | None) -> list[keras.callbacks.Callback]:
    if backup_dir is None:
        return []
    from kerasaug.callbacks import BackupAndRestore

    _claim(Path(backup_dir), recipe)
    return [BackupAndRestore(backup_dir, delete_checkpoint=False)]


def _claim(folder: Path, recipe: Recipe) -> None:
    """Leaves the recipe beside its backups, so that no other recipe goes on from them."""
    path = folder / _RECIPE
    if not path.is_file():
        recipe.save(path)
        return
    there, here = (_comparable(one.to_dict()) for one in (Recipe.load(path), recipe))
    differing = [name for name in here if here[name] != there[name]]
    if differing:
        shown = ", ".join(f"{name}: {there[name]!r} there and {here[name]!r} here" for name in differing)
        raise ValueError(
            f"fine_tune expects backup_dir to hold backups of the same recipe. Received: {folder}, where another one "
            f"began ({shown}). Choose another folder, or remove this one."
        )


def _comparable(values: Any) -> Any:
    """Without versions, and without the names that Keras counts up."""
    if isinstance(values, dict):
        return {key: _comparable(value) for key, value in values.items() if key not in ("name", "versions")}
    return [_comparable(value) for value in values] if isinstance(values, list) else values
