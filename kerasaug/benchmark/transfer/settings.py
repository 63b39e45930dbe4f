"""What to measure, and how long."""

import dataclasses
from typing import Any

import keras

from kerasaug.benchmark.transfer.network import NAME
from kerasaug.benchmark.transfer.ways import VARIANTS, WAYS
from kerasaug.finetune.comparison.settings import Settings as Comparison

TASK_NAMES = ("digits", "glyphs")
STEPS = "steps"
SECTIONS = (*TASK_NAMES, STEPS)
QUICK: dict[str, Any] = {
    "seeds": (0, 1),
    "selection_seeds": (100,),
    "rates": (1e-2,),
    "epochs": 5,
    "pretraining_epochs": 15,
    "sections": ("digits",),
    "ways": ("scratch", "frozen", "full", "gradual"),
    "variants": ("plain", "augmented", "carried", "aware"),
    "quick": True,
}


def _steps_per_execution() -> int:
    """TensorFlow loops over steps in the graph, where JAX would unroll and compile them all."""
    return 10 if keras.backend.backend() == "tensorflow" else 1


@dataclasses.dataclass(frozen=True)
class Settings(Comparison):
    """A run of the benchmark. What is not said here is said in `kerasaug.finetune.comparison.settings.Settings`.

    Args:
        selection_seeds: Seeds of the runs on which learning rates are chosen; none of them is reported.
        rates: The learning rates to choose from, for each way with and without augmentation.
        weight_decay: Of every run.
        l2_sp: How strongly the way of that name is pulled back.
        sections: The tasks to learn, and `"steps"` for step times.
        ways: The ways to learn, of `WAYS`.
        variants: What is varied in each, of `VARIANTS`.
        step_size: Height and width of the images of the step times, in pixels.
        step_batch: Images in a step whose time is taken.
        rounds: How many times each step is timed.
        quick: Whether runs are too short and too few to be quoted.
    """

    seeds: tuple[int, ...] = tuple(range(8))
    epochs: int = 12
    batchnorm_momentum: float = 0.9
    backbone: str = NAME
    size: int = 24
    steps_per_execution: int = dataclasses.field(default_factory=_steps_per_execution)
    selection_seeds: tuple[int, ...] = (100, 101)
    rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    weight_decay: float = 0.1
    l2_sp: float = 1.0
    sections: tuple[str, ...] = SECTIONS
    ways: tuple[str, ...] = tuple(WAYS)
    variants: tuple[str, ...] = tuple(VARIANTS)
    step_size: int = 96
    step_batch: int = 32
    rounds: int = 20
    quick: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if set(self.seeds) & set(self.selection_seeds):
            raise ValueError(
                "Settings: expected other seeds to choose learning rates than to report. Received: "
                f"seeds={self.seeds}, selection_seeds={self.selection_seeds}."
            )
        for name, known in (("sections", SECTIONS), ("ways", WAYS), ("variants", VARIANTS)):
            unknown = [one for one in getattr(self, name) if one not in known]
            if unknown:
                raise ValueError(f"Settings: expected {name} among {', '.join(known)}. Received: {unknown}.")

    def for_shots(self, shots: int) -> "Settings":
        """The same with another number of labelled images of each class."""
        return dataclasses.replace(self, shots=shots)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
