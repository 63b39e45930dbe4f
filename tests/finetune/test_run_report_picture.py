"""The picture of a run: what is on it, at every size that a run can have."""

import dataclasses
import io
import warnings

import matplotlib.image
import numpy as np
import pytest
from run_reports import make_run

from kerasaug.finetune.run_report.curves import panels, phases
from kerasaug.finetune.run_report.matrix import view
from kerasaug.finetune.run_report.picture import report_figure, report_png
from kerasaug.finetune.run_report.samples import sample_sheet, sheet
from kerasaug.finetune.run_report.style import styled
from kerasaug.finetune.run_report.text import duration, elide, printable

COURSE = ["Loss", "Accuracy", "Learning rate", "Weight decay", "Augmentation strength", "Unfrozen groups"]


def drawn(run):
    with styled():
        figure = report_figure(run)
        figure.draw_without_rendering()
    return figure


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.get_axes()]


def axes_of(figure, title):
    return next(axes for axes in figure.get_axes() if axes.get_title(loc="left") == title)


def words(artist):
    return " ".join(text.get_text() for text in artist.findobj(matplotlib.text.Text))


def many(classes, per_class=3):
    truth = np.repeat(np.arange(classes), per_class)
    predicted = np.where(np.arange(len(truth)) % per_class == 0, (truth + 1) % classes, truth)
    return make_run(classes=[f"a breed with a long name {index}" for index in range(classes)], truth=truth,
                    predicted=predicted)  # fmt: skip


def test_everything_asked_for_is_on_it():
    figure = drawn(make_run())
    assert titles(figure) == ["", "Class by class", *COURSE, "Confusion matrix"]
    text = words(figure)
    assert "validation accuracy 80.0 % (95 % interval 49.0–94.3; 8 of 10)" in text
    assert "best epoch 3 of 4" in text
    assert "1 min" in text
    assert "original" in text
    assert "augmented" in text


def test_curves_show_the_history_epoch_by_epoch():
    loss = axes_of(drawn(make_run()), "Loss")
    lines = {line.get_label(): line for line in loss.get_lines()}
    np.testing.assert_array_equal(lines["training"].get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(lines["training"].get_ydata(), [2.0, 1.0, 0.5, 0.4])
    np.testing.assert_array_equal(lines["validation"].get_ydata(), [1.5, 0.9, 0.6, 0.7])
    assert (lines["best epoch"].get_xdata()[0], lines["best epoch"].get_ydata()[0]) == (3, 0.6)


def test_every_axis_of_epochs_has_the_same_range_and_the_rate_is_logarithmic():
    figure = drawn(make_run())
    assert {axes_of(figure, title).get_xlim() for title in COURSE} == {(0.5, 4.5)}
    assert axes_of(figure, "Learning rate").get_yscale() == "log"
    assert axes_of(figure, "Weight decay").get_yscale() == "linear"


def test_phases_begin_where_the_unfrozen_groups_change():
    assert phases(make_run()) == [(0, 2), (2, 3), (3, 4)]
    assert phases(make_run(history={"loss": [1.0]})) == []


def test_counts_are_written_into_a_small_matrix():
    matrix = axes_of(drawn(make_run()), "Confusion matrix")
    written = {tuple(map(int, text.get_position()[::-1])): text.get_text() for text in matrix.texts}
    assert written == {(0, 0): "4", (0, 1): "1", (1, 0): "1", (1, 1): "2", (2, 2): "2"}
    np.testing.assert_allclose(matrix.get_images()[0].get_array()[0], [0.8, 0.2, 0.0])


def test_of_many_classes_the_most_confused_are_shown():
    truth = np.concatenate([np.repeat(np.arange(50), 4), [7] * 9, [30] * 5])
    predicted = np.concatenate([np.repeat(np.arange(50), 4), [41] * 9, [2] * 5])
    run = make_run(classes=[f"c{index}" for index in range(50)], truth=truth, predicted=predicted)
    shown = view(run)
    assert len(shown.rows) == 14
    assert {"c7", "c41", "c30", "c2"} <= set(shown.rows)
    assert shown.columns[-1] == "(others)"
    row = shown.rows.index("c7")
    assert shown.counts[row, shown.columns.index("c41")] == 9
    assert shown.shares[row].sum() == pytest.approx(1)


def test_a_row_counts_what_was_taken_for_classes_that_are_not_shown():
    truth = np.concatenate([np.repeat(np.arange(60), 2), np.full(45, 0)])
    predicted = np.concatenate([np.repeat(np.arange(60), 2), np.arange(1, 46)])
    shown = view(make_run(classes=[f"c{index}" for index in range(60)], truth=truth, predicted=predicted))
    row = shown.counts[shown.rows.index("c0")]
    assert row.sum() == 47
    assert row[-1] == 45 - 13


def test_a_matrix_of_middling_size_has_a_scale_instead_of_numbers():
    figure = drawn(many(20))
    assert "" not in titles(figure)[1:]
    matrix = axes_of(figure, "Confusion matrix")
    assert matrix.get_images()[0].get_array().shape == (20, 20)
    assert not matrix.texts
    assert len(matrix.child_axes) == 1


@pytest.mark.parametrize("classes", [2, 20, 100])
@pytest.mark.parametrize("epochs", [0, 1, 200])
def test_any_number_of_classes_and_epochs_can_be_drawn(classes, epochs):
    ramp = np.linspace(1, 0.1, epochs).tolist()
    history = {"loss": ramp, "accuracy": ramp, "val_accuracy": ramp, "learning_rate": ramp, "unfrozen_groups": ramp}
    best = epochs - 1 if epochs else None
    run = dataclasses.replace(many(classes), history=history, best_epoch=best)
    expected = ["Loss", "Accuracy", "Learning rate", "Unfrozen groups"] if epochs else []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = drawn(run)
    assert [title for title in titles(figure) if title in COURSE] == expected
    assert ("no history" in words(figure)) == (not epochs)


@pytest.mark.parametrize("missing", ["loss", "val_loss", "accuracy", "val_accuracy", "learning_rate", "strength"])
def test_a_missing_key_is_left_out(missing):
    history = {key: values for key, values in make_run().history.items() if key != missing}
    found = [panel.title for panel in panels(make_run(history=history))]
    gone = {"learning_rate": "Learning rate", "strength": "Augmentation strength"}.get(missing)
    assert found == [title for title in COURSE if title != gone]
    assert report_png(make_run(history=history)).startswith(b"\x89PNG")


def test_what_is_no_number_leaves_a_gap():
    nan = float("nan")
    history = {"loss": [1.0, nan, 0.5], "val_accuracy": [nan] * 3, "learning_rate": [0.0, 1e-3, 1e-4]}
    figure = drawn(make_run(history=history, best_epoch=1))
    assert [title for title in titles(figure) if title in COURSE] == ["Loss", "Learning rate"]
    np.testing.assert_array_equal(axes_of(figure, "Loss").get_lines()[0].get_ydata(), [1.0, nan, 0.5])


def test_names_that_look_like_formulas_or_markup_are_shown_as_they_are():
    run = make_run(classes=("$\\frac$", "[bold]", "ant\x1b[31m"), title="$x^$")
    text = words(drawn(run))
    assert "$x^$" in text
    assert "$\\frac$" in text
    assert "ant\N{REPLACEMENT CHARACTER}[31m" in text


def test_a_sheet_holds_each_image_where_it_belongs():
    originals = np.arange(2, dtype="uint8").reshape(2, 1, 1, 1) * np.ones((2, 20, 30, 3), "uint8")
    augmented = np.stack([originals + 10, originals + 20], axis=1)
    page, lines, columns = sheet(originals, augmented)
    assert page.shape == (20 + 1 + 20, 30 + 3 + 30 + 1 + 30, 3)
    assert (lines, columns) == ([9.5, 30.5], [14.5, 47.5, 78.5])
    assert [[page[round(y), round(x), 0] for x in columns] for y in lines] == [[0, 10, 20], [1, 11, 21]]
    assert page[20, 0, 0] == page[0, 31, 0] == 255


def test_few_samples_are_shown_larger():
    def columns(samples):
        return len(sample_sheet(make_run(samples=samples, variants=9))[2])

    assert [columns(samples) for samples in (1, 2, 3, 5, 9)] == [4, 4, 5, 6, 6]


def test_the_picture_is_no_blank_page():
    pixels = matplotlib.image.imread(io.BytesIO(report_png(make_run())))
    assert pixels.shape == (990, 1760, 4)
    thirds = np.array_split(pixels[100:, :, :3], 3, axis=1)
    assert all((third < 0.95).any(axis=-1).mean() > 0.01 for third in thirds)


def test_the_caller_s_settings_of_matplotlib_come_back():
    before = dict(matplotlib.rcParams)
    report_png(make_run())
    assert dict(matplotlib.rcParams) == before


def test_words_are_shortened_and_cleaned():
    assert elide("sunflower", 9) == "sunflower"
    assert elide("n02085620-Chihuahua", 12) == "n02085…uahua"
    assert len(elide("n02085620-Chihuahua", 12)) == 12
    assert printable("a\nb\x1b\udcff") == "a\N{REPLACEMENT CHARACTER}" + "b" + 2 * "\N{REPLACEMENT CHARACTER}"
    assert [duration(seconds) for seconds in (9.6, 59.4, 61, 3599, 7320)] == ["10 s", "59 s", "1 min", "1 h 0 min", "2 h 2 min"]  # fmt: skip  # noqa: E501
