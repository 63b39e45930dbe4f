"""The tasks that are learnt: what each pretrains on, what it then learns from few labels, and where it is measured."""

import dataclasses
import os
from collections.abc import Callable

import kerasaug.datasets.digits as digits
from kerasaug.benchmark.transfer import glyphs
from kerasaug.benchmark.transfer.settings import Settings
from kerasaug.finetune.comparison.data import Data
from kerasaug.finetune.comparison.data import prepare as load_digits_tasks
from kerasaug.finetune.comparison.settings import TARGET


@dataclasses.dataclass(frozen=True)
class Task:
    """A source and a target task.

    Args:
        name: Its key in the report.
        title: Of its table.
        description: Who is pretrained on what and measured on what, in a sentence.
        classes: Of the source, and of the target too.
        shots: Labelled images of each class of the target.
        version: Changes when the data change.
        load: From settings and a cache folder to the data.
    """

    name: str
    title: str
    description: str
    classes: int
    shots: int
    version: str
    load: Callable[[Settings, str | os.PathLike | None], Data]


DIGITS = Task(
    "digits",
    "Digits 5–9 from 0–4",
    "scikit-learn's handwritten digits of 8×8 pixels, enlarged: pretrained on 0 to 4, learning 5 to 9; test images "
    "are the last of each class, most of them by other writers.",
    classes=len(TARGET),
    shots=5,
    version=digits.VERSION,
    load=load_digits_tasks,
)
GLYPHS = Task(
    "glyphs",
    "Small letters from capitals",
    "letters in matplotlib's typefaces: pretrained on capitals, learning small letters, both in DejaVu Sans and Mono; "
    "validated in DejaVu Serif, tested in STIX and Computer Modern.",
    classes=len(glyphs.TARGET),
    shots=3,
    version=glyphs.VERSION,
    load=lambda settings, cache: glyphs.load(settings.size, cache),
)
TASKS = {task.name: task for task in (DIGITS, GLYPHS)}
