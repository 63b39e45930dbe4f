"""What a reader must know to judge a run."""

from collections.abc import Callable

import numpy as np

from kerasaug.finetune.run_report import measures
from kerasaug.finetune.run_report.run import TRAINING, Run
from kerasaug.finetune.run_report.text import printable

SMALL = 100  # images; below, the 95 % interval of an accuracy of 90 % is more than 12 points wide
UNEVEN = 5.0
SKIPPED = 0.01
NAMED = 5  # classes, before "and N more"


def remarks(run: Run) -> list[str]:
    """Sentences, the gravest first; none that does not apply."""
    checks: tuple[Callable[[Run], str | None], ...] = (
        _diverged,
        _did_not_learn,
        _no_better_than_majority,
        _no_validation,
        _small_validation,
        _epoch_was_chosen,
        _train_accuracy,
        _uneven,
        _absent,
        _skipped,
        _still_improving,
    )
    return [remark for check in checks if (remark := check(run))]


def _diverged(run: Run) -> str | None:
    losses = np.asarray(run.history.get("loss", ()), float)
    broken = np.flatnonzero(~np.isfinite(losses))
    if not len(broken):
        return None
    return f"The loss was not finite in epoch {broken[0] + 1}: training diverged. Lower the learning rate."


def _did_not_learn(run: Run) -> str | None:
    reached, share = _finite(run, "accuracy"), _majority(run.images_of(TRAINING))[0]
    if not len(reached) or not share or reached.max() > share:
        return None
    return (
        f"Training accuracy never rose above {share:.1%}, the share of the most frequent class: the model did not "
        "learn. Check the labels, the learning rate and the strength of the augmentation."
    )


def _no_better_than_majority(run: Run) -> str | None:
    if not len(run.truth):
        return None
    found = measures.accuracy(run)
    share, index = _majority(np.bincount(run.truth, minlength=len(run.class_names)))
    always = f"{share:.1%}, which always answering {printable(run.class_names[index])!r} would reach"
    if found.value <= share:
        return f"Validation accuracy, {found.value:.1%}, is not above {always}."
    if found.low <= share:
        return f"Validation accuracy, {found.value:.1%}, is not clearly above {always}: the interval includes it."
    return None


def _no_validation(run: Run) -> str | None:
    return None if len(run.truth) else "There was no validation part: nothing here says how good the model is."


def _small_validation(run: Run) -> str | None:
    found = measures.accuracy(run)
    if not 0 < found.total < SMALL:
        return None
    width = 100 * (found.high - found.low)
    return (
        f"The validation part has {found.total} image{'s' * (found.total > 1)}: the 95 % interval of its accuracy is "
        f"{width:.0f} points wide."
    )


def _epoch_was_chosen(run: Run) -> str | None:
    if run.best_epoch is None or run.epochs < 2 or not len(run.truth):
        return None
    return (
        f"The validation part chose epoch {run.best_epoch + 1} of {run.epochs}, so its accuracy is optimistic; images "
        "that chose nothing would tell."
    )


def _train_accuracy(run: Run) -> str | None:
    if "accuracy" not in run.history:
        return None
    return (
        "Training accuracy is a mean over the epoch, on augmented images and with dropout, while the weights move: do "
        "not compare it with validation accuracy."
    )


def _uneven(run: Run) -> str | None:
    images = run.images_of(TRAINING)
    if len(images) < 2 or not images.max():
        return None
    most, least = int(images.argmax()), int(images.argmin())
    if images[most] <= UNEVEN * images[least]:
        return None
    names = [printable(run.class_names[index]) for index in (most, least)]
    return (
        f"Classes are uneven: {images[most]} training images of {names[0]!r}, {images[least]} of {names[1]!r}. Look at "
        "the figures of each class, not at accuracy alone."
    )


def _absent(run: Run) -> str | None:
    absent = [one.name for one in measures.per_class(run) if not one.support] if len(run.truth) else []
    if not absent:
        return None
    more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
    return f"No validation image of {', '.join(map(printable, absent[:NAMED]))}{more}: nothing is known about them."


def _skipped(run: Run) -> str | None:
    read = int(sum(run.images_of(part).sum() for part in run.counts))
    files = read + len(run.skipped)
    if len(run.skipped) <= SKIPPED * files:
        return None
    return f"{len(run.skipped)} of {files} files ({len(run.skipped) / files:.1%}) were not used."


def _still_improving(run: Run) -> str | None:
    if run.best_epoch is None or run.epochs < 2 or run.best_epoch != run.epochs - 1:
        return None
    return "The last epoch was the best one: more epochs may help."


def _finite(run: Run, key: str) -> np.ndarray:
    values = np.asarray(run.history.get(key, ()), float)
    return values[np.isfinite(values)]


def _majority(images: np.ndarray) -> tuple[float, int]:
    total = int(images.sum())
    return (float(images.max() / total), int(images.argmax())) if total else (0.0, 0)
