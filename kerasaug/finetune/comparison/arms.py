"""The ways of learning that are compared, and nothing in which they should not differ."""

import dataclasses
from collections.abc import Mapping

HEAD_ONLY, EVERYTHING = -1, 0


@dataclasses.dataclass(frozen=True)
class Arm:
    """One way to learn the target task.

    Args:
        name: Its key in the report.
        title: Its name in the table.
        pretrained: Whether the backbone starts from the source task.
        unfreezing: From the fraction of the run to the first trainable layer group, as in
            `kerasaug.transfer.freeze_to`.
        learning_rate: The peak; it falls to zero along a cosine.
        weight_decay: Decoupled, as in AdamW.
        strength: Of the augmentation, from 0 (none) to 1.
        bn: What BatchNormalization below the head does while it trains, as in `kerasaug.callbacks.GradualUnfreezing`.
            Other digits have other statistics: held frozen, gradual unfreezing was 7 points worse on the validation
            part. And so scratch can share the compiled step.
        layer_decay: Factor between the learning rate of a layer group and that of the group above it.
        later: Factor on the learning rate from the last unfreezing on.
    """

    name: str
    title: str
    pretrained: bool
    unfreezing: Mapping[float, int]
    learning_rate: float
    weight_decay: float
    strength: float = 0.0
    bn: str = "train"
    layer_decay: float = 1.0
    later: float = 1.0

    def schedule(self, epochs: int) -> dict[int, int]:
        """The unfreezing in epochs. Steps that fall on one epoch leave the later one."""
        return {round(fraction * epochs): first for fraction, first in sorted(self.unfreezing.items())}

    def share(self, epoch: int, epochs: int) -> float:
        """What the learning rate of an epoch is multiplied with."""
        return self.later if epoch >= max(self.schedule(epochs)) else 1.0


# Learning rates and weight decays were chosen by the mean accuracy on the validation split, with seeds 100 to 104,
# which are not reported; the test split had no say. Each arm was tried on its own with rates of 1e-2 and 3e-2
# (scratch to 1e-1) and decays of 0.01 or 0.1.
_GRADUAL = {0.0: HEAD_ONLY, 0.1: -2, 0.3: EVERYTHING}
SCRATCH = Arm("scratch", "From scratch", False, {0.0: EVERYTHING}, 3e-2, 0.1)
FROZEN = Arm("frozen", "Frozen features", True, {0.0: HEAD_ONLY}, 1e-2, 0.01)
GRADUAL = Arm("gradual", "Unfreezing", True, _GRADUAL, 1e-2, 0.01)
AUGMENTED = Arm("augmented", "Unfreezing, augmented", True, _GRADUAL, 1e-2, 0.1, strength=1.0)
ARMS = (SCRATCH, FROZEN, GRADUAL, AUGMENTED)
