"""The learning-rate range test."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasaug.transfer import suggestions
from kerasaug.transfer.range_test import exponential, sweep
from kerasaug.transfer.trial import trial
from kerasaug.transfer.trial_data import fit_data
from kerasaug.visualization.drawing import COLORS, INK, QUIET, new_figure


@dataclass(frozen=True, eq=False)
class LRFinderResult:
    """What `lr_find` has seen; `str` of it is a table, `plot` a picture.

    The suggestions are fastai's. They are read from the smoothed losses without the first tenth of the test and the
    last five steps, and raise a `ValueError` when training diverged before there was anything to read.

    Attributes:
        lrs: The learning rate of each step; with layer groups, the topmost group's.
        losses: The loss of each step's batch, before the step.
        smoothed: The losses, exponentially smoothed by 0.98.
        num_it: How many rates there were to be.
        diverged: Whether the test was stopped since the loss had blown up.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    found = kerasaug.transfer.lr_find(model, (x, x[:, :1]), verbose=0)
    assert isinstance(found, kerasaug.transfer.LRFinderResult) and found.valley < found.lrs[-1]
    ```
    """

    lrs: np.ndarray
    losses: np.ndarray
    smoothed: np.ndarray
    num_it: int
    diverged: bool

    @property
    def suggestion(self) -> float:
        """The one to begin with: `valley`."""
        return self.valley

    @property
    def valley(self) -> float:
        """About half of the way down the longest fall of the loss."""
        return suggestions.valley(*self._read())

    @property
    def slide(self) -> float:
        """Before the blow-up: an interval slides down from the end until the slopes at its edges are alike."""
        return suggestions.slide(*self._read())

    @property
    def steep(self) -> float:
        """Where the loss falls most steeply."""
        return suggestions.steep(*self._read())

    @property
    def minimum(self) -> float:
        """A tenth of the rate where the loss is lowest."""
        return suggestions.minimum(*self._read())

    def plot(self, ax: Any = None) -> Any:
        """Draws the losses over the learning rates, and the suggestions.

        Args:
            ax: Axes of matplotlib to draw on. Defaults to those of a new figure.

        Returns:
            The `Figure`, which a notebook shows when it is a cell's last value.

        Raises:
            ImportError: When matplotlib is not installed.
        """
        ax = new_figure(6.4, 4.0).subplots() if ax is None else ax
        ax.plot(self.lrs, self.losses, ".", color=QUIET, alpha=0.4, markersize=3, label="loss of a batch")
        ax.plot(self.lrs, self.smoothed, color=INK, label="smoothed")
        for color, (name, rate) in zip(COLORS, self._suggested().items(), strict=False):
            height = np.interp(np.log(rate), np.log(self.lrs), self.smoothed)
            ax.plot(rate, height, "o", color=color, label=f"{name} {rate:.2g}")
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=_limits(self.smoothed))
        ax.legend()
        return ax.figure

    def __str__(self) -> str:
        end = "stopped where the loss blew up" if self.diverged else "to the end"
        lines = [f"Learning rates {self.lrs[0]:.3g} to {self.lrs[-1]:.3g}, {len(self.lrs)} of {self.num_it} ({end})."]
        lowest = int(np.argmin(self.smoothed))
        lines.append(f"Lowest smoothed loss: {self.smoothed[lowest]:.4g} at {self.lrs[lowest]:.3g}.")
        found = self._suggested()
        lines += [f"  {name:8} {rate:.3g}{'  suggested' if name == 'valley' else ''}" for name, rate in found.items()]
        return "\n".join(lines if found else [*lines, "Too few losses to suggest a rate from: begin lower."])

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        return suggestions.trimmed(self.lrs, self.smoothed, self.num_it)

    def _suggested(self) -> dict[str, float]:
        try:
            return {name: getattr(self, name) for name in ("valley", "slide", "steep", "minimum")}
        except ValueError:
            return {}


def lr_find(
    model: keras.Model,
    data: Any,
    start_lr: float = 1e-7,
    end_lr: float = 10.0,
    num_it: int = 100,
    stop_div: bool = True,
    *,
    batch_size: int = 32,
    class_weight: Mapping[int, float] | None = None,
    verbose: int = 1,
) -> LRFinderResult:
    """Trains for a few steps at ever higher learning rates, to see which the model bears; then puts everything back.

    The rate grows exponentially, step by step, in the model's own train step: augmentation, sample and class weights,
    several outputs, mixed precision, layer groups and frozen layers are as in training. A schedule gives way to the
    test's rates; with gradient accumulation each rate has one whole update.

    Afterwards the model is as it was, bit for bit: weights, statistics, the optimizer with its slots, iterations and
    settings, whether built or not, metrics, the states of Dropout and augmentation, the random states of Keras, Python,
    NumPy and of TensorFlow's and torch's seeds, `history` and compiled steps. So it is after an exception or Ctrl-C.
    Training goes on, or begins, as if there had been no test. The test needs memory for a second set of the
    optimizer's slots, and compiles a step of its own.

    What lies in the data stays as the test leaves it: the place of a shuffled `tf.data.Dataset` in its own sequence of
    shuffles, and a generator inside a dataset of yours. A `keras.utils.PyDataset` is not told of epochs.

    Args:
        model: A built and compiled model.
        data: `(x, y)` or `(x, y, sample_weight)`, or a dataset of batches; repeated when it is shorter than the test.
        start_lr: The first rate. Defaults to 1e-7.
        end_lr: The last one. Defaults to 10.
        num_it: How many rates, each for one step of the optimizer. Defaults to 100.
        stop_div: Whether to stop once the smoothed loss is four times its lowest. A loss that is not finite always
            ends the test. Defaults to `True`.
        batch_size: For arrays, of which the last incomplete batch is left out. Use that of the training; the rate
            depends on it. Defaults to 32.
        class_weight: As in `keras.Model.fit`.
        verbose: 0 shows no progress. Defaults to 1.

    Returns:
        An `LRFinderResult`: `.suggestion`, the four it is chosen from, `.lrs`, `.losses`, `.smoothed`, `.plot()`.

    Raises:
        ValueError: When the model is not built or compiled, an argument is out of range, the data can be read but
            once, or the first loss is not finite.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    found = kerasaug.transfer.lr_find(model, (x, x[:, :1]), verbose=0)
    model.optimizer.learning_rate = found.suggestion
    print(found)
    ```

    Reference:
        - [Smith, 2017](https://arxiv.org/abs/1506.01186)
        - [fastai's `lr_find`](https://docs.fast.ai/callback.schedule.html#learner.lr_find)
    """
    check_rates(start_lr, end_lr, num_it, "lr_find")
    given = fit_data(data, batch_size, "lr_find")
    with trial(model, "lr_find"):
        rates = exponential(start_lr, end_lr, num_it)
        curve = sweep(model, given, rates, "lr_find", stop_div, _plain(class_weight), verbose)
    return LRFinderResult(*curve[:3], num_it, curve.diverged)


def check_rates(start_lr: float, end_lr: float, num_it: int, caller: str) -> None:
    """Raises for rates that do not ascend, or too few."""
    if not (0 < start_lr < end_lr < float("inf") and num_it >= 2):
        raise ValueError(
            f"{caller} expects 0 < start_lr < end_lr and num_it of at least 2. Received: start_lr={start_lr}, "
            f"end_lr={end_lr}, num_it={num_it}."
        )


def _plain(weights: Mapping[int, float] | None) -> dict[int, float] | None:
    return None if weights is None else dict(weights)


def _limits(smoothed: np.ndarray) -> tuple[float, float]:
    """The blow-up would press everything else flat."""
    low, start = float(smoothed.min()), float(smoothed[0])
    room = max(start - low, 0.1 * abs(low), 1e-12)
    return low - 0.2 * room, low + 2.0 * room
