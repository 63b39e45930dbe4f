"""What GradualUnfreezing refuses, and its schedule."""

import pytest
from unfrozen import data_from, deep_model, fit

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import layer_groups


@pytest.fixture
def data(rng):
    return data_from(rng)


def test_used_optimizer_is_refused(data):
    model = deep_model()
    model.compile("adam", "mse")
    fit(model, data, [], epochs=1)
    with pytest.raises(ValueError, match=r"GradualUnfreezing.*Adam.*2 steps.*finetune_optimizer"):
        fit(model, data, [GradualUnfreezing()])


def test_other_groups_are_refused_after_training(data):
    model = deep_model()
    model.compile("adam", "mse")
    fit(model, data, [GradualUnfreezing()], epochs=1)
    halves = layer_groups(model, lambda m: [m.layers[:2], m.layers[2:]])
    with pytest.raises(ValueError, match="same layer groups"):
        fit(model, data, [GradualUnfreezing(groups=halves)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"bn": "off"}, "bn='off'"), ({"every": 0}, "every=0"), ({"warmup_steps": -1}, "warmup_steps=-1")],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        GradualUnfreezing(**arguments)


def test_schedule_out_of_range(data):
    model = deep_model()
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match=r"GradualUnfreezing: .*4 layer groups.*-4 to 4.*schedule\[9\]=-5"):
        fit(model, data, [GradualUnfreezing(schedule={0: -1, 9: -5})])


def test_schedule_is_a_function_of_the_epoch():
    by_every = GradualUnfreezing(every=2)
    assert [by_every.first_group(epoch, 3) for epoch in range(6)] == [2, 2, 1, 1, 0, 0]
    by_schedule = GradualUnfreezing(schedule={1: -2, 4: 0})
    assert [by_schedule.first_group(epoch, 5) for epoch in range(6)] == [4, 3, 3, 3, 0, 0]
