"""Making a fine-tuning optimizer, in advance or out of the one a model was compiled with."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasaug.backend import rate_function, replicas_of
from kerasaug.transfer.groups import LayerGroup, layer_groups
from kerasaug.transfer.optimizer import FineTuneMixin, bind_wrapper, spared_by, unwrapped
from kerasaug.transfer.plan import Plan
from kerasaug.transfer.variants import finetune_class, public_class
from kerasaug.transfer.walk import trainable_if_thawed

NO_DECAY = ("bias", "norm")
_LOWER_GROUPS = 0.1  # fastai's `slice(rate)`: a tenth for all groups but the last


def finetune_optimizer(
    optimizer: Any,
    model: keras.Model,
    groups: Sequence[LayerGroup] | None = None,
    learning_rate: float | slice | None = None,
    layer_decay: float | None = None,
    no_decay: Sequence[str] = NO_DECAY,
    l2_sp: float | None = None,
) -> Any:
    """Turns any Keras optimizer into one for fine-tuning.

    The result is of the same class (a subclass of it) with the same settings, and beyond them:

    - it has slots for every variable of the model and is applied to those that are trainable at the moment, so
      that layers may be frozen and unfrozen without losing momentum or the iteration count;
    - each layer group has its own multiplier of the learning rate;
    - `weight_decay` and momentum (`momentum`, or `beta_1` of Adam and its kin) can be assigned while training and act
      on the next step;
    - biases and normalisation parameters are spared weight decay;
    - `.keras` files restore its state, also when layers were frozen.

    An Adam-like optimizer corrects the bias of its averages by the *global* iteration count, so a group that is
    unfrozen late would start with steps several times too long. `kerasaug.callbacks.GradualUnfreezing` therefore
    lets the group's rate grow over `warmup_steps`.

    Args:
        optimizer: An optimizer that has taken no step yet, its name, or its class. It is not changed.
        model: The built model it is for.
        groups: The layer groups, bottom first. Defaults to `layer_groups(model)`.
        learning_rate: A number for all groups; `slice(low, high)` for rates from `low` in the bottom group to
            `high` in the top group, spaced geometrically; `slice(high)` for `high` in the top group and a tenth of
            it below. The optimizer's own rate is then the top group's. Defaults to the optimizer's own for all.
        layer_decay: The factor between the rate of a group and that of the group above it, such as 0.75. Not
            together with a slice.
        no_decay: What is spared weight decay: `"bias"`, `"norm"` (gamma and beta), or regular expressions that are
            searched in the variables' paths. The same on every backend, and kept in the saved config.
        l2_sp: How strongly the weights below the head are pulled back to what they are now, their pretrained values:
            each step takes away `learning_rate * l2_sp * (weight - start)`, of the weights that `no_decay` does not
            spare. It takes the place of weight decay there; the head is decayed as always. 0.01 is what the paper
            starts from, in a loss; may be assigned while training. Costs a copy of those weights. Defaults to none.

    Returns:
        The new optimizer, built.

    Raises:
        ValueError: When the arguments contradict each other, or the optimizer is one that combines others.

    Example:

    ```python
    import keras
    from kerasaug.transfer import finetune_optimizer

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    optimizer = finetune_optimizer("adamw", model, learning_rate=slice(1e-5, 1e-3))
    model.compile(optimizer, "mse")
    assert isinstance(optimizer, keras.optimizers.AdamW)
    ```

    Reference:
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)
        - [L2-SP: Li et al., 2018](https://arxiv.org/abs/1802.01483)
    """
    source = keras.optimizers.get(optimizer() if isinstance(optimizer, type) else optimizer)
    _check_source(source)
    groups = layer_groups(model) if groups is None else groups
    rate, multipliers = spread(len(groups), learning_rate, layer_decay)
    _check_pull(l2_sp, groups)
    result = _converted(source, model, groups, no_decay, l2_sp)
    if rate is not None:
        result.learning_rate = rate
    result.group_multipliers = multipliers
    return result


def _check_source(source: Any) -> None:
    steps = int(ops.convert_to_numpy(source.iterations))
    if steps:
        raise ValueError(
            f"finetune_optimizer: expected an optimizer that has taken no step. Received: {type(source).__name__}, "
            f"which has taken {steps}. Make a new one, keras.optimizers.{type(source).__name__}(…)."
        )


def spread(count: int, rate: float | slice | None, layer_decay: float | None) -> tuple[float | None, list[float]]:
    """The base learning rate (`None`: leave it) and the multiplier of each of `count` groups, bottom first."""
    if layer_decay is not None and not 0 < layer_decay < float("inf"):
        raise ValueError(
            f"finetune_optimizer: expected `layer_decay` above 0, such as 0.75. Received: layer_decay={layer_decay}."
        )
    if isinstance(rate, slice) and not ((rate.stop or 0) > 0 and (rate.start is None or rate.start > 0)):
        raise ValueError(f"finetune_optimizer: expected `slice(low, high)` of rates above 0. Received: {rate}.")
    if isinstance(rate, slice):
        if layer_decay is not None or rate.stop is None or rate.step is not None:
            raise ValueError(
                "finetune_optimizer: expected `learning_rate=slice(high)` or `slice(low, high)`, and no `layer_decay` "
                f"beside it. Received: learning_rate={rate}, layer_decay={layer_decay}."
            )
        if rate.start is None:
            return rate.stop, [_LOWER_GROUPS] * (count - 1) + [1.0]
        low = rate.start / rate.stop
        return rate.stop, [low ** ((count - 1 - index) / max(count - 1, 1)) for index in range(count)]
    return rate, [(1.0 if layer_decay is None else layer_decay) ** (count - 1 - index) for index in range(count)]


def prepare(
    model: keras.Model,
    caller: str,
    groups: Sequence[LayerGroup] | None = None,
    no_decay: Sequence[str] = (),
) -> Any:
    """Makes sure that `model` trains with a fine-tuning optimizer on all its variables, and returns that.

    The optimizer the model was compiled with is converted in place as long as it has taken no step.

    Args:
        model: A built and compiled model.
        caller: The callback that needs it, for messages.
        groups: The layer groups the optimizer must know, or `None` when it need not know any.
        no_decay: See `finetune_optimizer`; only for an optimizer that is converted here.

    Raises:
        ValueError: When the optimizer has taken steps and is not one, or knows other groups.
    """
    optimizer = unwrapped(model.optimizer)
    variables = trainable_if_thawed(model)
    plan = Plan.of(variables, _named(groups or ()))
    if not (isinstance(optimizer, FineTuneMixin) and optimizer.fits(plan, variables)):
        steps = int(ops.convert_to_numpy(optimizer.iterations))
        if steps > 0:
            raise ValueError(
                f"{caller}: expected an optimizer with slots for every layer"
                f"{' and the same layer groups' if groups else ''}. Received {type(optimizer).__name__}, which has "
                f"already taken {steps} steps. Compile the model with `kerasaug.transfer.finetune_optimizer("
                f"{type(optimizer).__name__}(...), model{', groups' if groups else ''})` before its first `fit`, or "
                "call `compile()` again to start with a new optimizer."
            )
        # Keras keeps the optimizer in the model and in its compile config, and the caller may too: all see this.
        with replicas_of(model):
            _become(optimizer, _reconverted(optimizer, model, groups, no_decay, caller))
    optimizer.bind(variables)
    if model.optimizer is not optimizer:
        bind_wrapper(model.optimizer, variables)
    return optimizer


def _reconverted(
    source: Any, model: keras.Model, groups: Sequence[LayerGroup] | None, no_decay: Sequence[str], caller: str
) -> Any:
    """The optimizer for other variables or groups; the multipliers of one for fine-tuning are kept, or missed aloud."""
    names = source.group_names if isinstance(source, FineTuneMixin) else ()
    result = _converted(source, model, groups, no_decay)
    momentum = source.momentum_name if isinstance(source, FineTuneMixin) else None
    if momentum is not None:
        setattr(result, momentum, getattr(source, momentum))  # a config has none that is down to zero
    if not names:
        return result
    if len(groups or ()) != len(names):
        raise ValueError(
            f"{caller}: expected the layers and groups that the optimizer was made for, {list(names)}. Received: "
            f"{[group.name for group in groups or ()]}. Give the same groups=… to `finetune_optimizer` and to "
            f"{caller}, and make the optimizer when the model has all of its layers."
        )
    result.group_multipliers = source.group_multipliers
    return result


def _converted(
    source: Any,
    model: keras.Model,
    groups: Sequence[LayerGroup] | None,
    no_decay: Sequence[str],
    l2_sp: float | None = None,
) -> Any:
    variables = trainable_if_thawed(model)
    plan = Plan.of(variables, _named(groups or ()), no_decay, spared_by(source, variables))
    if rate_function(source) is not None:
        raise ValueError(
            f"finetune_optimizer: expected a learning rate that is a number or a LearningRateSchedule. Received: "
            f"{type(source).__name__} with a function, which a compiled step calls but once. Give it a number, and "
            "change it with keras.callbacks.LearningRateScheduler or kerasaug.callbacks.ParamScheduler."
        )
    config = {**source.get_config(), "plan": plan.to_config()}
    if l2_sp is not None:
        config["l2_sp"] = l2_sp
    result = finetune_class(public_class(source)).from_config(config)
    result.build(variables)
    return result


def _check_pull(l2_sp: float | None, groups: Sequence[LayerGroup]) -> None:
    if l2_sp is None:
        return
    if not l2_sp >= 0:
        raise ValueError(f"finetune_optimizer: expected `l2_sp` of at least 0. Received: l2_sp={l2_sp}.")
    if len(groups) < 2:
        raise ValueError(
            "finetune_optimizer: expected layer groups below a head for `l2_sp` to pull back to their pretrained "
            f"weights. Received: one group, {groups[0].name!r}. Pass `groups=`, or leave `l2_sp` out."
        )


def _named(groups: Sequence[LayerGroup]) -> list[tuple[str, list[Any]]]:
    return [(group.name, group.weights) for group in groups]


def _become(target: Any, source: Any) -> None:
    target.__class__ = type(source)
    vars(target).clear()
    vars(target).update(vars(source))
