"""What Keras's optimizers keep to themselves: the variables they were built on, and whose slot each of theirs is."""

from typing import Any

import keras


def built_on(optimizer: Any) -> list[Any]:
    """The variables that an optimizer has slots for, in its order; none before it is built."""
    return list(getattr(optimizer, "_trainable_variables", []))


def slot_owners(optimizer: Any) -> list[int | None]:
    """For each of an optimizer's variables the position in `built_on` of the one it is a slot of, or `None`.

    Every optimizer of Keras keeps its slots in lists with an entry for each variable, and finds them by position.
    """
    count = len(built_on(optimizer))
    owner = {}
    for part in (optimizer, getattr(optimizer, "inner_optimizer", optimizer)):
        for name, value in vars(part).items():
            if name in ("_variables", "_trainable_variables") or not isinstance(value, list) or len(value) != count:
                continue
            owner.update({id(slot): index for index, slot in enumerate(value)})
    return [owner.get(id(variable)) for variable in optimizer.variables]


def rate_function(optimizer: Any) -> Any:
    """The function of nothing that gives an optimizer's learning rate; `None` for a number or a schedule."""
    rate = getattr(optimizer, "_learning_rate", None)
    plain = callable(rate) and not isinstance(rate, keras.Variable | keras.optimizers.schedules.LearningRateSchedule)
    return rate if plain else None


def iteration_variable(optimizer: Any) -> Any:
    """The variable in which an optimizer counts batches; `iterations` is it divided by those of an update."""
    return optimizer._iterations
