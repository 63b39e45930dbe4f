"""Training that leaves no trace: by a twin of the optimizer, in a step of its own, and then everything is put back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import keras
from keras import ops

from kerasaug.backend import built_on, fresh_objective
from kerasaug.transfer.guard import is_built_on_trainable, mismatch, steps_of
from kerasaug.transfer.optimizer import FineTuneMixin, bind_wrapper, spared_by, unwrapped
from kerasaug.transfer.plan import Plan
from kerasaug.transfer.snapshot import Snapshot
from kerasaug.transfer.variants import finetune_class, public_class


@contextmanager
def trial(model: keras.Model, caller: str, optimizer: Any = None) -> Iterator[None]:
    """Within the block `model` may be trained as one likes; afterwards, and after an exception, all is as it was.

    The model's optimizer and its compiled steps are not touched at all: `optimizer` stands in for it, and steps are
    compiled for that, one batch in each.

    Args:
        model: A built and compiled model.
        caller: Who asks, for messages.
        optimizer: Called inside the block for the optimizer to train with. Defaults to `twin(model, caller)`.

    Raises:
        ValueError: When the model is not built or not compiled, or its optimizer cannot train it as it is.
    """
    _check(model, caller)
    before = Snapshot(model)
    try:
        with _scope(model):
            made = twin(model, caller) if optimizer is None else optimizer()
        vars(model).update(fresh_objective(model), optimizer=made, steps_per_execution=1)
        fresh_steps(model)
        yield
    finally:
        before.restore(model)


def fresh_steps(model: keras.Model) -> None:
    """Has every step compiled anew."""
    model.train_function = model.test_function = model.predict_function = None


def twin(model: keras.Model, caller: str, rate: float | None = 0.0, live_decay: bool = False) -> Any:
    """An optimizer of the same settings and state as the model's, built and with nothing shared.

    Args:
        model: The model.
        caller: Who asks, for messages.
        rate: Its learning rate, which may be assigned; `None` for what the model's optimizer has, schedules included.
        live_decay: Whether `weight_decay` must be assignable between two steps. Defaults to `False`.

    Raises:
        ValueError: When the model's optimizer combines others, or has taken steps on other variables than train now.
    """
    source = model.optimizer
    inner = unwrapped(source)
    if isinstance(inner, keras.optimizers.MultiOptimizer):
        raise ValueError(
            f"{caller} expects one optimizer for the whole model, with one learning rate. Received: MultiOptimizer. "
            "Compile with `kerasaug.transfer.finetune_optimizer(optimizer, model)`, which has a rate for each group."
        )
    variables = _variables(model, caller)
    config = {**inner.get_config(), **({} if rate is None else {"learning_rate": float(rate)})}
    kind: Any = public_class(inner)
    spared = spared_by(inner, variables)
    if live_decay and not isinstance(inner, FineTuneMixin):
        kind = finetune_class(kind)
        config["plan"] = Plan.of(variables, excluded=spared).to_config()
    made = kind.from_config(config)
    extra = [] if type(made) is type(inner) else [v for v in made.variables if v is not made.iterations]
    if spared:
        made.exclude_from_weight_decay(var_list=spared)
    made.build(variables)
    result = _wrapped(made, source, variables)
    if source.built and steps_of(source):
        _copy(source, result, extra)
    return result


def _check(model: keras.Model, caller: str) -> None:
    if not getattr(model, "compiled", False) or getattr(model, "optimizer", None) is None:
        raise ValueError(
            f"{caller} expects a compiled model, in whose own step it trains. Received: {model.name!r}, which has no "
            "optimizer. Call model.compile(optimizer, loss) first."
        )
    if not model.built:
        raise ValueError(
            f"{caller} expects a built model, whose weights it can put back. Received: {model.name!r}, which has none "
            "yet. Call it on a batch, or model.build(shape), first."
        )


def _variables(model: keras.Model, caller: str) -> list[Any]:
    """The variables that a twin is built on: as the optimizer itself, where that has any state to keep."""
    inner, trainable = unwrapped(model.optimizer), list(model.trainable_variables)
    if not trainable:
        raise ValueError(f"{caller} expects something to train. Received: {model.name!r}, every layer of it frozen.")
    if isinstance(inner, FineTuneMixin) and inner.built:
        known = built_on(inner)
        if {id(variable) for variable in trainable} <= {id(variable) for variable in known}:
            return known
    elif not model.optimizer.built or is_built_on_trainable(model):
        return trainable
    if steps_of(model.optimizer):
        raise ValueError(f"{caller}: {mismatch(model)}")
    return trainable


def _wrapped(made: Any, source: Any, variables: Sequence[Any]) -> Any:
    if source is unwrapped(source):
        return made
    config = source.get_config()
    names = ("name", "initial_scale", "dynamic_growth_steps")
    wrapper = type(source)(made, **{name: config[name] for name in names})
    bind_wrapper(wrapper, variables)
    return wrapper


def _copy(source: Any, target: Any, extra: Sequence[Any]) -> None:
    def kept(optimizer: Any) -> list[Any]:
        left_out = {id(one) for one in (unwrapped(optimizer).learning_rate, *extra)}
        return [variable for variable in optimizer.variables if id(variable) not in left_out]

    for theirs, ours in zip(kept(source), kept(target), strict=True):
        ours.assign(ops.convert_to_numpy(theirs))  # a copy: JAX donates each buffer once


def _scope(model: Any) -> Any:
    """Variables under a strategy of `tf.distribute` have to be made in its scope."""
    strategy = getattr(model, "distribute_strategy", None)
    return nullcontext() if strategy is None else strategy.scope()
