"""Recipe: saved, read, run again, also by another process; and what is no recipe."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from fine_tuning import network, pictures, tune

import kerasaug
from kerasaug.transfer import Recipe

ON_TRAINING_BACKEND = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="fine-tuning is for TensorFlow and JAX"
)
FULL = Recipe(
    num_classes=2,
    class_names=["cat", "dog"],
    backbone="MobileNet",
    backbone_args={"alpha": 0.25},
    input_shape=[40, 40, 3],
    image_size=(32, 32),
    pipeline=keras.saving.serialize_keras_object(
        kerasaug.Pipeline([kerasaug.layers.RandomFlip("horizontal"), kerasaug.layers.RandomRotation((-0.1, 0.2))])
    ),
    optimizer=keras.optimizers.serialize(keras.optimizers.Adam(beta_1=0.5)),
    metrics=["accuracy"],
    mixed_precision="mixed_bfloat16",
    keep="best",
)

SCRIPT = """
import hashlib, json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from fine_tuning import network, pictures
from kerasaug.transfer import Recipe

tuned = Recipe.load(sys.argv[2]).run(pictures(), pictures(seed=5), model=network(), verbose=0)
digest = hashlib.sha256(b"".join(one.tobytes() for one in tuned.model.get_weights())).hexdigest()
print(json.dumps([digest, tuned.history, tuned.best_epoch]))
"""


@ON_TRAINING_BACKEND
def test_runs_again_bit_for_bit_in_a_new_process(tmp_path):
    flip = kerasaug.layers.RandomFlip()
    tuned = tune(network(), pictures(), pictures(seed=5), policy=flip, base_lr=0.05, freeze_epochs=0)
    tuned.recipe.save(tmp_path / "recipe.json")
    out = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path / "recipe.json")],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KERAS_BACKEND": keras.backend.backend(), "CUDA_VISIBLE_DEVICES": ""},
    ).stdout
    digest = hashlib.sha256(b"".join(one.tobytes() for one in tuned.model.get_weights())).hexdigest()
    assert json.loads(out.splitlines()[-1]) == [digest, tuned.history, tuned.best_epoch]


def test_saved_and_read_is_equal(tmp_path):
    FULL.save(tmp_path / "new" / "recipe.json")
    assert Recipe.load(tmp_path / "new" / "recipe.json") == FULL
    assert Recipe.from_dict(FULL.to_dict()) == FULL
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["recipe.json"]
    assert json.loads((tmp_path / "new" / "recipe.json").read_text())["class_names"] == ["cat", "dog"]


def test_a_file_from_before_l2_sp_is_read():
    values = {name: value for name, value in FULL.to_dict().items() if name != "l2_sp"}
    assert Recipe.from_dict(values) == dataclasses.replace(FULL, l2_sp=None)


def test_a_kill_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    FULL.save(tmp_path / "recipe.json")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        dataclasses.replace(FULL, seed=5).save(tmp_path / "recipe.json")
    assert Recipe.load(tmp_path / "recipe.json") == FULL


def test_can_be_read_by_people():
    text = str(FULL)
    assert "backbone: MobileNet" in text
    assert "pipeline: RandomFlip, RandomRotation" in text
    assert f"keras {keras.__version__}" in text
    assert "steps_per_epoch" not in text, "what is not set is not shown"
    assert "pipeline: none" in str(Recipe(num_classes=2))
    assert "pipeline: RandomFlip" in str(
        Recipe(num_classes=2, pipeline=keras.saving.serialize_keras_object(kerasaug.layers.RandomFlip()))
    )


def test_names_its_versions():
    assert FULL.versions == {
        "kerasaug": kerasaug.__version__,
        "keras": keras.__version__,
        "backend": keras.backend.backend(),
    }


def without(key):
    return {name: value for name, value in FULL.to_dict().items() if name != key}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "is no recipe"),
        ({"epochs": 3}, "is no recipe"),
        ({**FULL.to_dict(), "format": 99}, "expected format 1 .*format 99.*'kerasaug': '"),
        ({**FULL.to_dict(), "epoch": 3}, r"unknown keys \['epoch'\]"),
        (without("base_lr"), r"lacks the keys \['base_lr'\]"),
        ({**FULL.to_dict(), "epochs": "many"}, "epochs, an integer of at least 0.*'many'"),
    ],
)
def test_what_is_no_recipe(tmp_path, values, message):
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(values))
    with pytest.raises(ValueError, match=message):
        Recipe.load(path)


def test_a_file_that_is_cut_short_or_missing(tmp_path):
    path = tmp_path / "recipe.json"
    FULL.save(path)
    path.write_text(path.read_text()[:-40])
    with pytest.raises(ValueError, match=r"recipe\.json is no whole JSON file"):
        Recipe.load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="no whole JSON file"):
        Recipe.load(path)
    with pytest.raises(FileNotFoundError, match="there is no file at"):
        Recipe.load(tmp_path / "other.json")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": -1}, "epochs, an integer of at least 0"),
        ({"epochs": 1.5}, "epochs, an integer"),
        ({"freeze_epochs": -1}, "freeze_epochs, an integer of at least 0"),
        ({"epochs": 0, "freeze_epochs": 0}, "epochs or freeze_epochs of at least 1"),
        ({"batch_size": 0}, "batch_size, an integer of at least 1"),
        ({"steps_per_epoch": 0}, "steps_per_epoch, an integer of at least 1"),
        ({"num_classes": 0}, "num_classes, an integer of at least 1"),
        ({"base_lr": 0}, "base_lr, a positive number"),
        ({"lr_mult": float("inf")}, "lr_mult, a positive number"),
        ({"pct_start": 1.0}, "pct_start, a fraction between 0 and 1"),
        ({"dropout": 1.0}, "dropout, a fraction from 0 up to 1"),
        ({"label_smoothing": -0.1}, "label_smoothing, a fraction"),
        ({"weight_decay": -0.1}, "weight_decay, a number of at least 0"),
        ({"l2_sp": -0.1}, "l2_sp, a number of at least 0"),
        ({"bn": "freeze"}, r"bn to be one of \['frozen', 'train'\].*'freeze'"),
        ({"keep": "first"}, r"keep to be one of \['best', 'last'\]"),
        ({"mixed_precision": "float16"}, "mixed_precision to be one of"),
        ({"jit_compile": 1}, "jit_compile to be one of"),
        ({"optimizer": "adamx"}, r"'adamx'\. Did you mean 'ada"),
        ({"class_names": ["a"]}, r"a name of its own for each of 2 classes. Received: \['a'\]"),
        ({"class_names": ["a", "a"]}, "a name of its own"),
    ],
)
def test_values_out_of_range(wrong, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**{"num_classes": 2, **wrong})


def test_a_model_belongs_to_a_recipe_without_a_backbone():
    with pytest.raises(ValueError, match=r"a model exactly when the recipe names no backbone.*backbone='MobileNet'"):
        FULL.run(pictures(), pictures(), model=network())
    with pytest.raises(ValueError, match="model=None, and a recipe with backbone=None"):
        Recipe(num_classes=2).run(pictures())


def test_a_model_of_another_width():
    with pytest.raises(ValueError, match=r"an output for each of 3 classes. Received .*, which has 2"):
        Recipe(num_classes=3).run(pictures(), model=network())


def test_its_pipeline_can_be_rebuilt_or_it_says_why():
    config = {"module": "nowhere", "class_name": "Nothing", "config": {}, "registered_name": "Nothing"}
    with pytest.raises(ValueError, match=r"the recipe's pipeline cannot be rebuilt.*register_keras_serializable"):
        Recipe(num_classes=2, pipeline=config).run(pictures(), model=network())


def test_arrays_in_a_recipe_are_not_plain():
    with pytest.raises(TypeError, match="ndarray"):
        Recipe(num_classes=2, backbone_args={"alpha": np.zeros(2)})
