"""The ways to learn a task that are compared, and what is varied in each."""

import dataclasses
from collections.abc import Mapping

from kerasaug.finetune.comparison.arms import EVERYTHING, HEAD_ONLY, Arm

PLAIN, AUGMENTED, CARRIED, AWARE, DECOUPLED = "plain", "augmented", "carried", "aware", "decoupled"
VARIANTS: dict[str, str] = {
    PLAIN: "no augmentation",
    AUGMENTED: "augmented, its own learning rate",
    CARRIED: "augmented, the learning rate chosen without",
    AWARE: "the same, AugmentationAwareTuning()",
    DECOUPLED: "the same, AugmentationAwareTuning(decouple=True)",
}
BASELINE = "full"


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to learn a task.

    Args:
        name: Its key in the report and on the command line.
        title: Its name in the table.
        pretrained: Whether the backbone starts from the source task.
        unfreezing: From the fraction of the run to the first trainable layer group.
        tuning: What is done to the network or its optimizer: `"l2_sp"`, `"lora"`, `"bitfit"`, `"adapters"`, or nothing.
        bn: As in `kerasaug.callbacks.GradualUnfreezing`. What LoRA, BitFit and adapters hold keeps its statistics even
            with `"train"`; with `"frozen"` the `beta` that BitFit trains would not.
        layer_decay: Factor between the learning rate of a layer group and that of the group above it.
        later: Factor on the learning rate from the last unfreezing on.
    """

    name: str
    title: str
    pretrained: bool = True
    unfreezing: Mapping[float, int] = dataclasses.field(default_factory=lambda: {0.0: EVERYTHING})
    tuning: str = ""
    bn: str = "train"
    layer_decay: float = 1.0
    later: float = 1.0

    def arm(self, variant: str, learning_rate: float, weight_decay: float) -> "Variation":
        """This way in one variant."""
        return Variation(
            self.name,
            self.title,
            self.pretrained,
            self.unfreezing,
            learning_rate,
            weight_decay,
            strength=0.0 if variant == PLAIN else 1.0,
            bn=self.bn,
            layer_decay=self.layer_decay,
            later=self.later,
            aware=variant in (AWARE, DECOUPLED),
            decouple=variant == DECOUPLED,
        )


@dataclasses.dataclass(frozen=True)
class Variation(Arm):
    """An arm that may adapt its rates to the augmentation.

    Args:
        aware: Whether `AugmentationAwareTuning` is on.
        decouple: Its option.
    """

    aware: bool = False
    decouple: bool = False


GROUPS = 4  # of the network
_SLICE = 0.01 ** (1 / (GROUPS - 1))
_THEN_ALL = {0.0: HEAD_ONLY, 1 / 3: EVERYTHING}
WAYS = {
    way.name: way
    for way in (
        Way("scratch", "From scratch", pretrained=False),
        Way("frozen", "Linear probe", unfreezing={0.0: HEAD_ONLY}),
        Way("full", "Full fine-tuning"),
        Way("frozen_bn", "Full, BatchNormalization frozen", bn="frozen"),
        Way("gradual", "Gradual unfreezing", unfreezing={0.0: HEAD_ONLY, 0.15: -2, 0.3: -3, 0.45: EVERYTHING}),
        Way("layer_decay", "Layer decay 0.75", layer_decay=0.75),
        Way("slice", "slice(lr / 100, lr)", layer_decay=_SLICE),
        Way("fine_tune", "Head first, then slice(lr / 200, lr / 2)", True, _THEN_ALL, layer_decay=_SLICE, later=0.5),
        Way("lp_ft", "LP-FT: head first, then all at lr / 10", unfreezing=_THEN_ALL, later=0.1),
        Way("l2_sp", "Full, L2-SP", tuning="l2_sp"),
        Way("lora", "LoRA of rank 8", tuning="lora"),
        Way("bitfit", "BitFit", tuning="bitfit"),
        Way("adapters", "Adapters", tuning="adapters"),
    )
}
