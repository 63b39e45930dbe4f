"""Curves of a hyperparameter over a training, as functions of a position from 0 to 1."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kerasaug.registry import register

Curve = Callable[[float], float]


class _Curve:
    """What every curve does the same way."""

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({settings})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Creates the curve."""
        return cls(**config)


class _Between(_Curve):
    """A curve from one value to another."""

    def __init__(self, start: float, end: float) -> None:
        if not (math.isfinite(start) and math.isfinite(end)):
            raise ValueError(
                f"{type(self).__name__}: expected finite numbers. Received: start={start}, end={end}. Give the value "
                "at the first step and the one at the end."
            )
        self.start = float(start)
        self.end = float(end)

    def __call__(self, position: float) -> float:
        """The value at a position from 0 to 1."""
        share = self._share(min(max(float(position), 0.0), 1.0))
        return self.start * (1.0 - share) + self.end * share

    def _share(self, position: float) -> float:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"start": self.start, "end": self.end}


@register
class Linear(_Between):
    """A straight line from `start` to `end`.

    Args:
        start: Value at position 0.
        end: Value at position 1.

    Raises:
        ValueError: When a value is not finite.

    Example:

    ```python
    kerasaug.transfer.Linear(0.0, 1.0)(0.25)  # 0.25
    ```

    Reference:
        fastai's `SchedLin`.
    """

    def _share(self, position: float) -> float:
        return position


@register
class Cosine(_Between):
    """Half a cosine from `start` to `end`: slow, fast, slow.

    Args:
        start: Value at position 0.
        end: Value at position 1.

    Raises:
        ValueError: When a value is not finite.

    Example:

    ```python
    kerasaug.transfer.Cosine(1.0, 0.0)(0.5)  # 0.5
    ```

    Reference:
        [Loshchilov and Hutter, 2017](https://arxiv.org/abs/1608.03983); fastai's `SchedCos`.
    """

    def _share(self, position: float) -> float:
        return (1.0 - math.cos(math.pi * position)) / 2.0


@register
class Polynomial(_Between):
    """A power of the position: `start + (end - start) * position ** power`.

    Args:
        start: Value at position 0.
        end: Value at position 1.
        power: Positive; above 1 it stays near `start` for long. Defaults to 2.

    Raises:
        ValueError: When a value is not finite, or the power not positive.

    Example:

    ```python
    kerasaug.transfer.Polynomial(0.0, 1.0, power=2)(0.5)  # 0.25
    ```

    Reference:
        fastai's `SchedPoly`.
    """

    def __init__(self, start: float, end: float, power: float = 2.0) -> None:
        super().__init__(start, end)
        if not power > 0:
            raise ValueError(f"Polynomial: expected a positive `power`. Received: power={power}. Give 1 for a line.")
        self.power = float(power)

    def _share(self, position: float) -> float:
        return position**self.power

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "power": self.power}


@register
class Exponential(_Between):
    """A geometric line from `start` to `end`, `start * (end / start) ** position`, as a range test takes.

    Args:
        start: Value at position 0, positive.
        end: Value at position 1, positive.

    Raises:
        ValueError: When a value is not finite and positive.

    Example:

    ```python
    kerasaug.transfer.Exponential(1.0, 0.01)(0.5)  # 0.1
    ```

    Reference:
        fastai's `SchedExp`.
    """

    def __init__(self, start: float, end: float) -> None:
        super().__init__(start, end)
        if not (start > 0 and end > 0):
            raise ValueError(
                "Exponential: expected positive values, between which there is a ratio. Received: "
                f"start={start}, end={end}. Take kerasaug.transfer.Cosine or Linear to get to 0."
            )

    def __call__(self, position: float) -> float:
        """The value at a position from 0 to 1."""
        share = min(max(float(position), 0.0), 1.0)
        return self.start ** (1.0 - share) * self.end**share


@register
class Constant(_Curve):
    """One value throughout.

    Args:
        value: It.

    Example:

    ```python
    kerasaug.transfer.Constant(0.1)(0.7)  # 0.1
    ```

    Reference:
        fastai's `SchedNo`.
    """

    def __init__(self, value: float) -> None:
        self.value = float(value)

    def __call__(self, position: float) -> float:
        """The value."""
        return self.value

    def get_config(self) -> dict[str, Any]:
        """The constructor's argument."""
        return {"value": self.value}


@register
class Combined(_Curve):
    """Curves one after another, each over its own share of the training.

    Args:
        parts: The curves: those of this module, or functions of a position from 0 to 1.
        fractions: The share of each, positive, 1 together.

    Raises:
        ValueError: When there are not as many fractions as parts, or they are not positive or not 1 together.

    Example:

    ```python
    transfer = kerasaug.transfer
    warm_up = transfer.Combined([transfer.Linear(0, 1e-3), transfer.Cosine(1e-3, 0)], [0.1, 0.9])
    warm_up(0.05)  # 0.0005
    ```

    Reference:
        fastai's `combine_scheds`.
    """

    def __init__(self, parts: Sequence[Curve], fractions: Sequence[float]) -> None:
        shares = [float(fraction) for fraction in fractions]
        if len(shares) != len(parts) or not parts or not min(shares) > 0 or not math.isclose(sum(shares), 1.0):
            raise ValueError(
                f"Combined: expected {len(parts)} positive `fractions`, one for each of `parts`, that are 1 together. "
                f"Received: fractions={list(fractions)}. Give the share of the training that each part takes."
            )
        self.parts = list(parts)
        self.fractions = shares

    def __call__(self, position: float) -> float:
        """The value at a position from 0 to 1."""
        position, start = min(max(float(position), 0.0), 1.0), 0.0
        for part, share in zip(self.parts[:-1], self.fractions[:-1], strict=True):
            if position < start + share:
                return part((position - start) / share)
            start += share
        return self.parts[-1](min((position - start) / self.fractions[-1], 1.0))

    def __repr__(self) -> str:
        return f"Combined({self.parts}, {self.fractions})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        parts = [keras.saving.serialize_keras_object(part) for part in self.parts]
        return {"parts": parts, "fractions": self.fractions}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Combined":
        """Creates the parts first."""
        return cls([keras.saving.deserialize_keras_object(part) for part in config["parts"]], config["fractions"])


def one_cycle(
    peak: float,
    pct_start: float = 0.25,
    div: float = 25.0,
    div_final: float = 1e5,
    momentum: tuple[float, float, float] | None = (0.95, 0.85, 0.95),
) -> dict[str, Combined]:
    """Learning rate up and down, momentum down and up: fastai's `fit_one_cycle`, for `ParamScheduler`.

    Args:
        peak: The highest learning rate.
        pct_start: The share of the training in which it rises, between 0 and 1, both excluded. Defaults to 0.25.
        div: The first rate is `peak / div`. Defaults to 25.
        div_final: The last rate is `peak / div_final`. Defaults to 1e5.
        momentum: Of the first step, of the peak and of the last step; `None` leaves it alone, as optimizers without
            momentum need. Defaults to `(0.95, 0.85, 0.95)`.

    Returns:
        A dict from hyperparameters to curves. `kerasaug.transfer.OneCycle` is the same learning rate, alone, as a
        schedule inside the optimizer.

    Raises:
        ValueError: When an argument is out of range.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    policy = kerasaug.callbacks.ParamScheduler(kerasaug.transfer.one_cycle(1e-2))
    model.fit(np.ones((8, 4)), np.ones((8, 2)), epochs=2, callbacks=[policy], verbose=0)
    ```

    Reference:
        [Smith and Topin, 2019](https://arxiv.org/abs/1708.07120);
        [fastai's `fit_one_cycle`](https://docs.fast.ai/callback.schedule.html).
    """
    if not (peak > 0 and div > 0 and div_final > 0 and 0 < pct_start < 1):
        raise ValueError(
            "one_cycle: expected positive `peak`, `div` and `div_final`, and `pct_start` between 0 and 1. Received: "
            f"peak={peak}, div={div}, div_final={div_final}, pct_start={pct_start}. fastai takes 25, 1e5 and 0.25."
        )
    points = {"learning_rate": (peak / div, peak, peak / div_final)}
    if momentum is not None:
        points["momentum"] = momentum
    shares = (pct_start, 1.0 - pct_start)
    return {name: Combined([Cosine(a, b), Cosine(b, c)], shares) for name, (a, b, c) in points.items()}
