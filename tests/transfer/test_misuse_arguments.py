"""Wrong arguments: who complains, what was received, and what to do, for each entry point."""

import keras
import pytest
from misused import make

from kerasaug.callbacks import GradualUnfreezing, TrainableGuard, WeightDecayScheduler
from kerasaug.transfer import (
    finetune_optimizer,
    freeze_to,
    group_summary,
    layer_groups,
    load_backbone,
    load_model,
)


def loss_scaled():
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())


TABLE = {
    "unknown network": (
        lambda: load_backbone("mobilnet_v2", weights=None),
        ValueError,
        r"load_backbone.*'mobilnet_v2'.*Did you mean MobileNetV2",
    ),
    "unknown kind of weights": (
        lambda: load_backbone("mobilenet", weights="image-net"),
        ValueError,
        r"load_backbone.*weights.*'image-net'",
    ),
    "no weights file": (lambda: load_backbone("mobilenet", weights="none.h5"), FileNotFoundError, r"none\.h5"),
    "no model file": (lambda: load_model("none.keras"), FileNotFoundError, r"load_model.*none\.keras"),
    "no .keras file": (lambda: load_model(__file__), ValueError, r"load_model expects.*model\.save"),
    "too many groups": (lambda: freeze_to(make(), 4), ValueError, r"3 layer groups.*from -3 to 3.*n=4"),
    "too far from the top": (lambda: freeze_to(make(), -4), ValueError, r"3 layer groups.*from -3 to 3.*n=-4"),
    "unbuilt model": (
        lambda: freeze_to(keras.Sequential([keras.layers.Dense(2)]), 0),
        ValueError,
        r"expected a built model.*keras\.Input",
    ),
    "unbuilt model in a summary": (
        lambda: group_summary(keras.Sequential([keras.layers.Dense(2)])),
        ValueError,
        r"expected a built model.*keras\.Input",
    ),
    "groups of another model": (
        lambda: finetune_optimizer("sgd", make(), groups=layer_groups(make())),
        ValueError,
        r"finetune_optimizer.*low/kernel.*layer_groups",
    ),
    "rates told twice": (
        lambda: finetune_optimizer("sgd", make(), learning_rate=slice(1e-3), layer_decay=0.5),
        ValueError,
        r"no `layer_decay` beside it.*layer_decay=0\.5",
    ),
    "optimizer of optimizers": (
        lambda: finetune_optimizer(loss_scaled(), make()),
        ValueError,
        r"LossScaleOptimizer.*Pass the optimizer inside",
    ),
    "unknown policy of BatchNormalization": (lambda: GradualUnfreezing(bn="on"), ValueError, r"'frozen' or 'train'"),
    "no schedule": (lambda: WeightDecayScheduler(None), TypeError, r"WeightDecayScheduler: expected `schedule`"),
}


@pytest.mark.parametrize("case", TABLE)
def test_wrong_argument(case):
    call, error, message = TABLE[case]
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_guard_leaves_alone_what_is_not_compiled():
    guard = TrainableGuard()
    guard.set_model(make())
    guard.on_train_begin()
