"""What plain Keras ignores or fails on without a word: found before training, and put right or named."""

import warnings
from typing import Any

import keras
from keras import ops

from kerasaug.backend import built_on
from kerasaug.transfer.optimizer import FineTuneMixin, spared_by, unwrapped
from kerasaug.transfer.steps import baked_rate, select_step

_ONLY_INSIDE = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "gradient_accumulation_steps")


def check_flags(model: keras.Model, caller: str) -> None:
    """Makes a compiled model train as its `trainable` flags and its optimizer's settings say now, or says why not.

    A compiled step has its trainable variables and the optimizer's plain numbers baked in. Keras ignores what was
    changed since, or fails where shapes do not match. This is called between steps, when training or an epoch begins:

    - the step is compiled anew, or taken back, when flags or settings are others than those it was compiled for;
    - an optimizer that is not built yet is built, before TensorFlow would do so inside the step;
    - one built on other variables than are trainable now becomes a fine-tuning one as long as it has taken no step.

    Args:
        model: The model; one that is not compiled or not built is left alone.
        caller: Who asks, for messages.

    Raises:
        ValueError: When the optimizer has taken steps on other variables than are trainable now, or a setting was put
            on a `LossScaleOptimizer` instead of the optimizer inside.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not model.built:
        return
    _check_wrapper(optimizer, model, caller)
    inner = unwrapped(optimizer)
    rate = baked_rate(inner)
    _warn_of_function(rate, caller)
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    elif not _serves(optimizer, model):
        if not isinstance(inner, FineTuneMixin) and steps_of(optimizer):
            raise ValueError(f"{caller}: {mismatch(model)}")
        from kerasaug.transfer.finetune import prepare  # which may call what is here

        prepare(model, caller)
    if model.train_function is not None:  # otherwise `fit` makes one for what is trainable then
        select_step(model, rate)


def _serves(optimizer: Any, model: keras.Model) -> bool:
    if not isinstance(unwrapped(optimizer), FineTuneMixin):
        return is_built_on_trainable(model)
    known = {id(variable) for variable in built_on(unwrapped(optimizer))}  # after loading, without those frozen then
    return all(id(variable) in known for variable in model.trainable_variables)


def is_built_on_trainable(model: keras.Model) -> bool:
    """Whether the model's optimizer has slots for exactly the variables that are trainable now."""
    return [id(v) for v in built_on(model.optimizer)] == [id(v) for v in model.trainable_variables]


def steps_of(optimizer: Any) -> int:
    """How many updates an optimizer has made."""
    return int(ops.convert_to_numpy(optimizer.iterations))


def mismatch(model: keras.Model) -> str:
    """What is wrong when an ordinary optimizer was built on other variables, and what to do."""
    optimizer = unwrapped(model.optimizer)
    known, now = ({id(v): v.path for v in vs} for vs in (built_on(model.optimizer), model.trainable_variables))
    changed = [path for key, path in {**known, **now}.items() if (key in known) != (key in now)]
    return (
        "expected the layers to be trainable or frozen as they were when the optimizer was built. Received "
        f"{type(optimizer).__name__}, which has taken {steps_of(optimizer)} steps on {len(known)} variables, in a "
        f"model where {len(now)} are trainable now; {changed[0] if changed else 'their order'!r} differs. Keras would "
        "train as before, or fail. Call `compile()` again, which begins with a new optimizer, or compile with "
        "`kerasaug.transfer.finetune_optimizer(optimizer, model)` before the first `fit`, which keeps its state "
        "whatever is frozen later."
    )


def _check_wrapper(optimizer: Any, model: keras.Model, caller: str) -> None:
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return
    wrong = [name for name in _ONLY_INSIDE if getattr(optimizer, name, None)]
    if wrong:
        raise ValueError(
            f"{caller}: expected {wrong[0]} on the optimizer inside LossScaleOptimizer, which alone acts on weights. "
            f"Received: {wrong[0]}={getattr(optimizer, wrong[0])} on the wrapper. Set "
            f"`model.optimizer.inner_optimizer.{wrong[0]}`, and None on the wrapper."
        )
    if spared_by(optimizer, model.trainable_variables):
        raise ValueError(
            f"{caller}: expected variables to be spared weight decay on the optimizer inside LossScaleOptimizer, which "
            "alone acts on weights. Received: some spared on the wrapper. Call "
            "`model.optimizer.inner_optimizer.exclude_from_weight_decay(…)`, and that of the wrapper with no arguments."
        )


def _warn_of_function(rate: float | None, caller: str) -> None:
    if rate is not None:
        warnings.warn(
            f"{caller}: the learning rate is a function, which is called when a step is compiled, not when it runs: it "
            "changes between epochs at most. Pass a `keras.optimizers.schedules.LearningRateSchedule`, or a "
            "number and `keras.callbacks.LearningRateScheduler`.",
            stacklevel=3,
        )
