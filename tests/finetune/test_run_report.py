"""What a report of a run says, against figures worked out by hand."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from run_reports import CLASSES, make_run, unread

from kerasaug.finetune.run_report import write_report
from kerasaug.finetune.run_report.content import as_json, to_text
from kerasaug.finetune.run_report.measures import accuracy, confusions
from kerasaug.finetune.run_report.remarks import remarks


def read(path):
    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


def said(run, part):
    return [remark for remark in remarks(run) if part in remark]


def test_both_files_are_written(tmp_path):
    picture, numbers = write_report(make_run(), tmp_path / "new" / "report")
    assert picture == tmp_path / "new" / "report" / "report.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert read(numbers)["title"] == "pets"
    assert sorted(one.name for one in numbers.parent.iterdir()) == ["report.json", "report.png"]


def test_figures_are_those_worked_out_by_hand():
    content = as_json(make_run())
    found = content["accuracy"]
    assert (found["right"], found["total"], found["value"], found["confidence"]) == (8, 10, 0.8, 0.95)
    # Wilson: centre (0.8 + 3.8415/20) / 1.38415 = 0.71674, half width 1.95996 √(0.016 + 3.8415/400) / 1.38415 = 0.22658
    assert (found["low"], found["high"]) == pytest.approx((0.490162, 0.943318), abs=1e-5)
    assert content["confusion"] == {"classes": list(CLASSES), "rows_are_truth": [[4, 1, 0], [1, 2, 0], [0, 0, 2]]}
    ant, bee, cat = content["classes"]
    assert (ant["precision"], ant["recall"], ant["f1"], ant["support"]) == pytest.approx((0.8, 0.8, 0.8, 5))
    assert (bee["precision"], bee["recall"], bee["f1"], bee["support"]) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 3))
    assert (cat["precision"], cat["recall"], cat["f1"], cat["support"]) == (1, 1, 1, 2)
    assert content["macro"]["f1"] == pytest.approx((0.8 + 2 / 3 + 1) / 3)
    assert content["predictions"]["predicted"] == [0, 0, 0, 0, 1, 1, 1, 0, 2, 2]
    assert content["predictions"]["confidence"] == [0.9] * 10


def test_a_row_of_the_matrix_is_the_truth():
    run = make_run(truth=np.array([0, 0, 1]), predicted=np.array([1, 1, 1]))
    assert as_json(run)["confusion"]["rows_are_truth"] == [[0, 2, 0], [0, 1, 0], [0, 0, 0]]
    (worst,) = confusions(run)
    assert (worst.truth, worst.predicted, worst.count, worst.support) == ("ant", "bee", 2, 2)


def test_confusions_come_worst_first():
    run = make_run(truth=np.array([0, 1, 1, 1, 2]), predicted=np.array([1, 2, 2, 1, 2]))
    assert [(one.truth, one.predicted, one.count) for one in confusions(run)] == [("bee", "cat", 2), ("ant", "bee", 1)]


def test_a_figure_without_a_denominator_is_null(tmp_path):
    truth, predicted = np.array([0, 0, 1]), np.array([0, 0, 0])
    _, path = write_report(make_run(truth=truth, predicted=predicted), tmp_path)
    ant, bee, cat = read(path)["classes"]
    assert (ant["recall"], bee["precision"], bee["recall"], bee["f1"]) == (1.0, None, 0.0, 0.0)
    assert (cat["precision"], cat["recall"], cat["f1"], cat["support"]) == (None, None, None, 0)


def test_what_is_no_number_is_null_and_arrays_are_lists(tmp_path):
    history = {"loss": [np.float32(1.5), float("nan"), float("inf")]}
    recipe = {"image_size": (32, np.int64(48)), "unfreezing": {0: 1}, "data": tmp_path}
    _, path = write_report(make_run(history=history, recipe=recipe), tmp_path)
    content = read(path)
    assert content["history"] == {"loss": [1.5, None, None]}
    assert content["recipe"] == {"image_size": [32, 48], "unfreezing": {"0": 1}, "data": str(tmp_path)}


def test_every_skipped_file_is_named_with_its_reason(tmp_path):
    _, path = write_report(make_run(skipped=unread(30)), tmp_path)
    skipped = read(path)["skipped"]
    assert len(skipped) == 30
    assert skipped[29] == {"path": "data/bee/029.jpg", "reason": "not a JPEG file"}


def test_a_name_that_is_no_utf8_is_written(tmp_path):
    broken = os.fsdecode(b"caf\xe9")
    run = make_run(classes=("ant", "bee", broken), title=broken, skipped=unread(1))
    picture, path = write_report(run, tmp_path)
    assert read(path)["classes"][2]["name"] == broken
    assert picture.stat().st_size > 10_000


def test_rows_of_numbers_stand_on_one_line():
    text = to_text(as_json(make_run(history={"loss": [1.0, float("nan"), 1e-07, -2.0]})))
    lines = [line.strip() for line in text.splitlines()]
    assert "[4, 1, 0]," in lines
    assert '"loss": [1.0, null, 1e-07, -2.0]' in lines
    assert json.loads(text) == as_json(make_run(history={"loss": [1.0, None, 1e-07, -2.0]}))


def test_a_run_without_a_validation_part_has_a_report(tmp_path):
    run = make_run(truth=np.zeros(0, int), predicted=np.zeros(0, int), best_epoch=None)
    _, path = write_report(run, tmp_path)
    content = read(path)
    assert content["accuracy"]["value"] is None
    assert content["macro"] == {"precision": None, "recall": None, "f1": None}
    assert said(run, "no validation part")


@pytest.mark.parametrize("moment", ["write", "replace"])
def test_a_full_disk_leaves_what_was_there_and_no_part(tmp_path, monkeypatch, moment):
    (tmp_path / "report.png").write_bytes(b"before")

    whole = Path.write_bytes

    def write(self, content):
        whole(self, content[:100])
        raise OSError(28, "No space left on device")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    if moment == "write":
        monkeypatch.setattr(Path, "write_bytes", write)
    else:
        monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        write_report(make_run(), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["report.png"]
    assert (tmp_path / "report.png").read_bytes() == b"before"


def test_a_sound_run_has_few_remarks():
    truth = np.arange(300) % 3
    found = remarks(make_run(truth=truth, predicted=truth))
    assert len(found) == 2
    assert found[0].startswith("The validation part chose epoch 3 of 4, so its accuracy is optimistic")
    assert found[1].startswith("Training accuracy is a mean over the epoch, on augmented images")


def test_a_small_validation_part_is_named_with_its_interval():
    assert said(make_run(), "has 10 images: the 95 % interval of its accuracy is 45 points wide")
    truth = np.arange(100) % 3
    assert not said(make_run(truth=truth, predicted=truth), "points wide")


def test_an_accuracy_that_the_majority_would_reach_is_named():
    truth = np.array([0] * 60 + [1] * 40)
    assert said(make_run(truth=truth, predicted=np.zeros(100, int)), "60.0%, is not above 60.0%")
    hardly = np.where(np.arange(100) < 63, truth, 2)  # 63 right; the interval, 53 to 72, includes 60
    assert said(make_run(truth=truth, predicted=hardly), "63.0%, is not clearly above 60.0%")
    assert not said(make_run(truth=truth, predicted=truth), "which always answering")


def test_a_model_that_did_not_learn_is_named():
    flat = {"accuracy": [1 / 3, 0.3, 0.32]}
    assert said(make_run(history=flat), "Training accuracy never rose above 33.3%")
    assert not said(make_run(history={"accuracy": [0.3, 0.34]}), "did not learn")
    assert not said(make_run(history={}), "did not learn")


def test_a_loss_that_was_not_finite_is_named():
    assert said(make_run(history={"loss": [1.0, float("nan"), 1.0]}), "not finite in epoch 2")


def test_uneven_classes_are_named():
    def counted(*images):
        return {"train": dict(zip(CLASSES, images, strict=True)), "validation": dict.fromkeys(CLASSES, 100)}

    assert said(make_run(counts=counted(51, 10, 20)), "51 training images of 'ant', 10 of 'bee'")
    assert said(make_run(counts=counted(51, 30, 0)), "0 of 'cat'")
    assert not said(make_run(counts=counted(50, 10, 20)), "uneven")


def test_skipped_files_are_named_when_they_are_many():
    images = {"train": {"ant": 60, "bee": 30, "cat": 8}}
    assert said(make_run(counts=images, skipped=unread(2)), "2 of 100 files (2.0%)")
    more = {"train": {"ant": 60, "bee": 30, "cat": 9}}
    assert not said(make_run(counts=more, skipped=unread(1)), "were not used")


def test_classes_without_a_validation_image_are_named():
    run = make_run(truth=np.array([0, 1]), predicted=np.array([0, 1]))
    assert said(run, "No validation image of cat: nothing is known")


def test_a_best_epoch_that_is_the_last_one_is_named():
    assert said(make_run(best_epoch=3), "The last epoch was the best one")
    assert not said(make_run(best_epoch=2), "The last epoch was the best one")
    assert not said(make_run(history={"loss": [1.0]}, best_epoch=0), "epoch")


def test_a_perfect_score_has_an_interval_that_ends_at_one():
    truth = np.arange(30) % 3
    found = accuracy(make_run(truth=truth, predicted=truth))
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(30 / (30 + 1.959964**2))  # n / (n + z²), where all are right
