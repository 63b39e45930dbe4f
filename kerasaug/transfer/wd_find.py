"""The weight-decay range test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.lr_find import check_rates
from kerasaug.transfer.optimizer import unwrapped
from kerasaug.transfer.range_test import Curve, exponential, sweep
from kerasaug.transfer.snapshot import Snapshot
from kerasaug.transfer.trial import trial, twin
from kerasaug.transfer.trial_data import fit_data
from kerasaug.visualization.drawing import COLORS, new_figure

_TOO_SHORT = 0.01  # of the weights' size; decays that took less away cannot be told apart


@dataclass(frozen=True, eq=False)
class WDFinderResult:
    """What `wd_find` has seen; `str` of it is a table, `plot` a picture.

    Attributes:
        decays: The candidates, ascending.
        curves: For each the learning rates, losses and smoothed losses of its run.
        scores: For each what it is judged by, lower being better: the loss of the validation data after its run; else
            the lowest smoothed training loss of a range test, or the last of a run at one learning rate. Infinite
            where training diverged at a rate it should bear.
        shrinkage: For each the share of the weights that decay alone has taken away in the steps it is judged by.
        tolerance: How much worse than the best score, as a share of it, still counts as equal.
        validated: Whether the scores are of validation data.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(), "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    found = kerasaug.transfer.wd_find(model, (x, x[:, :1]), (0.0, 0.5), lr=0.1, num_it=10, verbose=0)
    assert isinstance(found, kerasaug.transfer.WDFinderResult) and len(found.scores) == 2
    ```
    """

    decays: tuple[float, ...]
    curves: tuple[Curve, ...]
    scores: tuple[float, ...]
    shrinkage: tuple[float, ...]
    tolerance: float
    validated: bool

    @property
    def suggestion(self) -> float:
        """The largest weight decay whose score is within `tolerance` of the best.

        Raises:
            ValueError: When training diverged with every candidate.
        """
        best = min(self.scores)
        if not np.isfinite(best):
            raise ValueError(
                f"wd_find: expected a weight decay with which training does not diverge. Received: {self.decays}, with "
                "all of which it did. Choose a lower `lr`, or `lr=None`."
            )
        bound = best + self.tolerance * abs(best)
        return max(decay for decay, score in zip(self.decays, self.scores, strict=True) if score <= bound)

    @property
    def conclusive(self) -> bool:
        """Whether the largest decay has taken away as much as a hundredth of the weights; otherwise run longer."""
        return max(self.shrinkage) >= _TOO_SHORT

    def plot(self, ax: Any = None) -> Any:
        """Draws the smoothed losses of all candidates.

        Args:
            ax: Axes of matplotlib to draw on. Defaults to those of a new figure.

        Returns:
            The `Figure`, which a notebook shows when it is a cell's last value.

        Raises:
            ImportError: When matplotlib is not installed.
        """
        ax = new_figure(6.4, 4.0).subplots() if ax is None else ax
        sweeps = np.ptp(self.curves[0].lrs) > 0
        for index, (decay, curve) in enumerate(zip(self.decays, self.curves, strict=True)):
            steps = curve.lrs if sweeps else np.arange(1, len(curve.lrs) + 1)
            ax.plot(steps, curve.smoothed, color=COLORS[index % len(COLORS)], label=f"{decay:g}")
        lows, starts = zip(*((c.smoothed.min(), c.smoothed[0]) for c in self.curves), strict=True)
        room = max(max(starts) - min(lows), 1e-12)
        ax.set(ylim=(min(lows) - 0.2 * room, min(lows) + 2 * room), ylabel="smoothed loss")
        ax.set(xscale="log" if sweeps else "linear", xlabel="learning rate" if sweeps else "step")
        ax.legend(title="weight decay")
        return ax.figure

    def __str__(self) -> str:
        kind = "validation loss" if self.validated else "training loss"
        lines = [f"weight decay  {kind:>15}  weights shrunk by  highest rate"]
        for decay, score, shrunk, curve in zip(self.decays, self.scores, self.shrinkage, self.curves, strict=True):
            lines.append(f"{decay:12g}  {score:15.5g}  {shrunk:17.2%}  {curve.lrs[-1]:12.3g}")
        if np.isfinite(min(self.scores)):
            lines.append(f"Suggested: {self.suggestion:g}, the largest within {self.tolerance:.1%} of the best.")
        if not self.conclusive:
            lines.append("In so few steps decay hardly acts: losses tell little. Raise num_it or lr.")
        return "\n".join(lines)


def wd_find(
    model: keras.Model,
    data: Any,
    candidates: Sequence[float] = (0.0, 1e-4, 1e-3, 1e-2, 1e-1),
    lr: float | None = None,
    num_it: int = 100,
    validation: Any = None,
    *,
    start_lr: float = 1e-5,
    end_lr: float = 10.0,
    tolerance: float = 0.01,
    batch_size: int = 32,
    class_weight: Mapping[int, float] | None = None,
    verbose: int = 1,
) -> WDFinderResult:
    """Runs a short training with each weight decay, from the same weights on the same batches; then puts all back.

    Smith's range test: of the decays that do not harm, the largest. With `lr` each run is at that learning rate, and
    the loss after it, on `validation` where there is such, is compared. Without, each run is an `lr_find`, and the
    lowest smoothed loss on the way up is compared.

    What it measures is harm: a decay that is too strong for the first `num_it` steps is found for certain. How much a
    decay helps after many epochs shows in full training only. The table has the share of the weights that decay took
    away; where even the largest took less than a hundredth the run was too short to tell, and `conclusive` is
    `False`. Everything is put back as after `lr_find`, and compiled once.

    Args:
        model: A built and compiled model. Weight decay is Keras's own, decoupled: `learning_rate * weight_decay` of
            the weights in each step, whatever the optimizer; what it spares is spared.
        data: As of `lr_find`. A shuffled `tf.data.Dataset` gives each run other batches.
        candidates: Weight decays from 0. Default to 0 and powers of ten from 1e-4 to 0.1.
        lr: The learning rate to train at, such as the suggestion of `lr_find`. Defaults to a range test for each.
        num_it: Optimizer steps for each candidate. Defaults to 100.
        validation: Data to judge by, with `lr`. Default to the training losses.
        start_lr: The first rate of the range tests. Defaults to 1e-5.
        end_lr: Their last one. Defaults to 10.
        tolerance: Share of the best loss by which a larger decay may be worse. Defaults to 0.01.
        batch_size: For arrays. Defaults to 32.
        class_weight: As in `keras.Model.fit`, for training.
        verbose: 0 shows no progress. Defaults to 1.

    Returns:
        A `WDFinderResult`: `.suggestion`, `.decays`, `.scores`, `.curves`, `.plot()`.

    Raises:
        ValueError: As of `lr_find`; when a candidate is negative, or `validation` comes without `lr`.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(), "mse")
    x = np.random.default_rng(0).normal(size=(64, 4))
    found = kerasaug.transfer.wd_find(model, (x, x[:, :1]), (0.0, 0.01, 5.0), lr=0.1, num_it=20, verbose=0)
    assert found.suggestion < 5.0
    ```

    Reference:
        [Smith, 2018](https://arxiv.org/abs/1803.09820), section 4.4
    """
    check_rates(start_lr, end_lr, num_it, "wd_find")
    decays = _checked(candidates, lr, validation)
    rates = exponential(start_lr, end_lr, num_it) if lr is None else np.full(num_it, float(lr))
    given = fit_data(data, batch_size, "wd_find")
    judge = None if validation is None else _evaluation(validation, batch_size)
    curves, scores = [], []
    with trial(model, "wd_find", lambda: twin(model, "wd_find", live_decay=True)):
        start = Snapshot(model)
        for decay in decays:
            start.restore_values()
            unwrapped(model.optimizer).weight_decay = decay
            if verbose:
                print(f"weight decay {decay:g}")
            weights = None if class_weight is None else dict(class_weight)
            curves.append(sweep(model, given, rates, "wd_find", True, weights, verbose))
            scores.append(_score(model, curves[-1], lr, judge))
    shrinkage = [_shrinkage(decay, curve, lr) for decay, curve in zip(decays, curves, strict=True)]
    return WDFinderResult(decays, tuple(curves), tuple(scores), tuple(shrinkage), tolerance, judge is not None)


def _checked(candidates: Sequence[float], lr: float | None, validation: Any) -> tuple[float, ...]:
    decays = tuple(sorted({float(one) for one in candidates}))
    if len(decays) < 2 or not (decays[0] >= 0 and decays[-1] < float("inf")):
        raise ValueError(f"wd_find expects at least two finite candidates from 0. Received: {tuple(candidates)}.")
    if lr is None and validation is not None:
        raise ValueError(
            "wd_find expects `lr` together with `validation`: after a range test, which ends where training blows up, "
            "there is nothing to validate. Pass lr=lr_find(…).suggestion."
        )
    if lr is not None and not 0 < lr < float("inf"):
        raise ValueError(f"wd_find expects `lr` above 0. Received: lr={lr}.")
    return decays


def _evaluation(validation: Any, batch_size: int) -> dict[str, Any]:
    given = fit_data(validation, 1, "wd_find")  # no sample is left out
    given.pop("shuffle", None)
    return {**given, "batch_size": batch_size} if "batch_size" in given else given


def _score(model: keras.Model, curve: Curve, lr: float | None, judge: dict[str, Any] | None) -> float:
    if lr is None:
        return float(curve.smoothed.min())
    if curve.diverged:
        return float("inf")
    if judge is None:
        return float(curve.smoothed[-1])
    loss = float(model.evaluate(**judge, verbose=0, return_dict=True)["loss"])
    return loss if np.isfinite(loss) else float("inf")


def _shrinkage(decay: float, curve: Curve, lr: float | None) -> float:
    """Of a range test, up to its lowest loss, by which it is judged."""
    end = len(curve.lrs) if lr is not None else int(np.argmin(curve.smoothed)) + 1
    return float(1 - np.prod(np.maximum(1 - curve.lrs[:end] * decay, 0.0)))
