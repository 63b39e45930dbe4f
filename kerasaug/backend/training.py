"""The state of a training run that Keras keeps to itself."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from typing import Any, NamedTuple

import keras

from kerasaug.backend.active import NATIVE


class Fit(NamedTuple):
    """The `fit` that is calling its callbacks: their list, its data, and the epoch it was told to begin at."""

    callbacks: list[Any]
    epoch_iterator: Any
    initial_epoch: int


def running_fit(model: Any) -> Fit:
    """Finds the call of `fit` under way, which a callback cannot see in any other way.

    Keras gives callbacks no access to each other or to the data, and a backup needs both.

    Raises:
        RuntimeError: When there is none, as in a training loop of the user's own.
    """
    frame = sys._getframe()
    while frame is not None:
        local = frame.f_locals
        if frame.f_code.co_name == "fit" and local.get("self") is model and "epoch_iterator" in local:
            return Fit(local["callbacks"].callbacks, local["epoch_iterator"], local["initial_epoch"])
        frame = frame.f_back  # type: ignore[assignment]
    raise RuntimeError("BackupAndRestore works within `keras.Model.fit` alone: there the order of the data is known.")


def pass_over(epoch_iterator: Any, epochs: int) -> None:
    """Draws the data of some epochs and leaves it, so that shuffles and other random maps stand where they stood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's, that data of unknown size has come to an end
        for _ in range(epochs):
            with epoch_iterator.catch_stop_iteration():
                for begin, end, batches in epoch_iterator:
                    if not isinstance(batches, list):  # torch's epoch iterator has drawn them itself
                        _draw(batches, end - begin + 1)


def _draw(batches: Iterator[Any], steps: int) -> None:
    """Draws what one call of the train function draws; as there, only the first batch must be there."""
    next(batches)
    for _ in range(steps - 1):
        if next(batches, None) is None:
            return


def begin_at(model: Any, epoch: int | None) -> None:
    """Makes the `fit` under way begin at an epoch, as Keras's own `BackupAndRestore` does; `None` forgets it."""
    model._initial_epoch = epoch


def global_seed() -> int | None:
    """What `keras.utils.set_random_seed` was called with."""
    return keras.src.utils.rng_utils.get_random_seed()


def global_seed_state() -> Any:
    """State of the generator that `keras.random` uses without a seed, as an array; `None` before its first use."""
    name = keras.src.random.seed_generator.GLOBAL_SEED_GENERATOR
    generator = keras.src.backend.common.global_state.get_global_attribute(name)
    return None if generator is None else keras.ops.convert_to_numpy(generator.state)


def set_global_seed_state(state: Any) -> None:
    """Sets the state of that generator; with `None` there is none again until its next use."""
    if state is None:
        name = keras.src.random.seed_generator.GLOBAL_SEED_GENERATOR
        keras.src.backend.common.global_state.set_global_attribute(name, None)
    else:
        keras.src.random.seed_generator.global_seed_generator().state.assign(state)


def operation_seed_state() -> Any:
    """State from which TensorFlow draws the seed of each shuffle that has none; `None` where it is not loaded."""
    module = sys.modules.get("tensorflow.python.eager.context")
    generator = module and getattr(module.context(), "_rng", None)
    return generator.getstate() if generator else None


def set_operation_seed_state(state: Any) -> None:
    """Sets that state, which `operation_seed_state` returned."""
    if state is not None:
        sys.modules["tensorflow.python.eager.context"].context()._rng.setstate(state)


def fresh_objective(model: Any) -> dict[str, Any]:
    """What computes a compiled model's losses and metrics, made anew, by the names of the attributes that hold it.

    The first batch builds it, and draws from the data to do so: once it is built, the next `fit` sees another shuffle.
    """
    loss, metrics = model._compile_loss, model._compile_metrics
    return {
        "_compile_loss": loss
        and type(loss)(loss._user_loss, loss._user_loss_weights, loss.reduction, loss.output_names),
        "_compile_metrics": metrics
        and type(metrics)(metrics._user_metrics, metrics._user_weighted_metrics, output_names=metrics.output_names),
    }


def torch_states() -> list[Any]:
    """States of torch's own generators, from which its loaders shuffle and its dropout draws; none elsewhere."""
    if NATIVE != "torch":
        return []
    torch = import_module("torch")
    return [state.cpu().numpy() for state in (torch.get_rng_state(), *torch.cuda.get_rng_state_all())]


def set_torch_states(states: list[Any]) -> None:
    """Sets the states of those generators."""
    if states:
        torch = import_module("torch")
        torch.set_rng_state(torch.from_numpy(states[0]))
        torch.cuda.set_rng_state_all([torch.from_numpy(state) for state in states[1:]])


def rate_schedule(optimizer: Any) -> Any:
    """The schedule of an optimizer's learning rate; `None` when the rate is a number, or a function of nothing."""
    rate = optimizer._learning_rate
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def is_building() -> bool:
    """Whether Keras runs a model on symbols alone, to make its variables."""
    return keras.src.backend.common.symbolic_scope.in_symbolic_scope()


def replicas_of(model: Any) -> Any:
    """The scope in which variables are made on every device of a model under `tf.distribute`."""
    strategy = getattr(model, "distribute_strategy", None) if NATIVE == "tensorflow" else None
    return nullcontext() if strategy is None else strategy.scope()
