"""The classes that come of putting the fine-tuning mixin in front of an optimizer class."""

from functools import cache
from typing import Any

import keras

from kerasaug.registry import register
from kerasaug.transfer.live_settings import live_momentum
from kerasaug.transfer.optimizer import FineTuneMixin


@cache
def finetune_class(base: type) -> Any:
    """The fine-tuning variant of an optimizer class, registered so that `.keras` files with it load.

    Args:
        base: A subclass of `keras.optimizers.Optimizer`.

    Returns:
        A subclass of it. Variants of Keras's own optimizers exist from the start; call this for an optimizer of
        your own before loading a model saved with its variant.

    Example:

    ```python
    import keras
    from kerasaug.transfer import finetune_class

    assert issubclass(finetune_class(keras.optimizers.AdamW), keras.optimizers.AdamW)
    ```
    """
    if issubclass(base, FineTuneMixin):
        return base
    if _combines(base):
        raise ValueError(
            f"Fine-tuning needs one optimizer for the whole model. Received: {base.__name__}, which combines others. "
            "Pass the optimizer inside it."
        )
    doc = f"{base.__name__} for fine-tuning: see `kerasaug.transfer.finetune_optimizer`."
    body = {"__module__": __name__, "__doc__": doc, **live_momentum(base)}
    return register(type(f"FineTune{base.__name__}", (FineTuneMixin, base), body))


def public_class(optimizer: keras.optimizers.Optimizer) -> type:
    """The optimizer's class as Keras names it; on torch, Keras makes an instance of a private subclass."""
    found = type(optimizer)
    public = getattr(keras.optimizers, found.__name__, found)
    return public if issubclass(found, public) else found


def _combines(base: type) -> bool:
    return issubclass(base, (keras.optimizers.LossScaleOptimizer, keras.optimizers.MultiOptimizer))


for _base in list(vars(keras.optimizers).values()):
    if isinstance(_base, type) and issubclass(_base, keras.optimizers.Optimizer) and not _combines(_base):
        finetune_class(_base)
