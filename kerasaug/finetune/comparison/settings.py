"""Every number of the experiment that is not a matter of one arm."""

import dataclasses

SOURCE = (0, 1, 2, 3, 4)
TARGET = (5, 6, 7, 8, 9)


@dataclasses.dataclass(frozen=True)
class Settings:
    """What all arms share, so that none gets more than another.

    Args:
        seeds: The seeds of the paired runs, one run of every arm for each.
        epochs: Epochs of each run.
        steps_per_epoch: Optimizer steps in an epoch.
        batch_size: Images in a step.
        shots: Labelled images of each class of the target task.
        pretraining_epochs: Epochs, of as many steps, on the source task.
        pretraining_rate: Learning rate of the pretraining.
        pretraining_seed: Seed of the pretraining.
        backbone: Name of the network in `keras.applications`.
        alpha: Its width.
        size: Height and width of the upsampled images, in pixels.
        batchnorm_momentum: Of the moving averages. Keras's 0.99 suits tens of thousands of steps: after a few
            hundred, inference would still run on the initial statistics.
        steps_per_execution: Steps in one call of the compiled function.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 7)
    epochs: int = 30
    steps_per_epoch: int = 10
    batch_size: int = 25
    shots: int = 5
    pretraining_epochs: int = 60
    pretraining_rate: float = 6e-3
    pretraining_seed: int = 1
    backbone: str = "MobileNet"
    alpha: float = 0.25
    size: int = 32
    batchnorm_momentum: float = 0.9
    steps_per_execution: int = 1

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"Settings: expected at least one seed, and no seed twice. Received: seeds={self.seeds}.")
        for name in ("epochs", "steps_per_epoch", "batch_size", "shots", "pretraining_epochs"):
            if getattr(self, name) < 1:
                raise ValueError(f"Settings: expected {name} of at least 1. Received: {name}={getattr(self, name)}.")

    @property
    def steps(self) -> int:
        """Optimizer steps of one run."""
        return self.epochs * self.steps_per_epoch

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return (self.size, self.size, 3)

    def to_dict(self) -> dict:
        """The settings as plain values."""
        return dataclasses.asdict(self)
