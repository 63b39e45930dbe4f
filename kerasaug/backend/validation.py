"""When the `fit` under way validates, which Keras tells no callback."""

import sys
from typing import Any


def validates_now(model: Any, epoch: int) -> bool | None:
    """Whether `fit` validates in an epoch; `None` where it never does, or no `fit` of Keras is under way."""
    frame = sys._getframe()
    while frame is not None:
        local = frame.f_locals
        if frame.f_code.co_name == "fit" and local.get("self") is model and "validation_freq" in local:
            if local.get("validation_data") is None:
                return None
            return bool(local["self"]._should_eval(epoch, local["validation_freq"]))
        frame = frame.f_back  # type: ignore[assignment]
    return None
