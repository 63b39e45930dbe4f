"""Pictures of augmentation: what is on them, and that the gallery holds every layer."""

import keras
import matplotlib.image
import matplotlib.patches
import numpy as np
import pytest
from uncompiled import uncompiled  # noqa: F401

import kerasaug
from kerasaug import layers
from kerasaug.visualization import draw_gallery, gallery, show_augmentations
from kerasaug.visualization.drawing import COLORS
from kerasaug.visualization.scene import load_scene
from kerasaug.visualization.tiles import COLUMNS, TARGETS, TILES
from kerasaug.visualization.views import views

FLIP = {"mode": "horizontal", "bounding_box_format": "xyxy"}


class AlwaysFlip(layers.RandomFlip):
    """A flip whose result is known."""

    def draw_params(self, rng):
        sure = keras.ops.ones_like(rng.chosen)
        return {"horizontal": sure, "vertical": keras.ops.logical_not(sure)}


def ramp(count=3, height=8, width=10):
    """Images whose pixels are all different, and bright enough to tell from black."""
    return np.arange(count * height * width * 3).reshape(count, height, width, 3).astype("float32") % 251


def boxes_on(axes):
    found = [patch for patch in axes.patches if isinstance(patch, matplotlib.patches.Rectangle)]
    return [[*patch.get_xy(), patch.get_width(), patch.get_height()] for patch in found]


def shown(axes):
    return np.asarray(axes.get_images()[0].get_array())


def grid(figure, rows):
    return np.array(figure.get_axes()).reshape(rows, -1)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The gallery's file, as the command writes it, and its figure."""
    path, figures = tmp_path_factory.mktemp("gallery") / "gallery.png", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "draw_gallery", lambda path: figures.append(draw_gallery(path)))
        gallery.main([str(path)])
    return path, figures[0]


@pytest.fixture(scope="module")
def tiles(drawn):
    return [(axes.get_title(), axes) for axes in drawn[1].get_axes() if axes.get_images()]


def test_the_gallery_holds_every_layer_once():
    hidden = {"MaxNumBoundingBoxes"}  # there is nothing to see of it
    every = [name for name in layers.__all__ if ".text." not in getattr(layers, name).__module__]
    assert sorted({tile.name for tile in TILES} | hidden) == every
    assert len(TILES) == len(every) - len(hidden)
    assert set(TARGETS) <= set(every)


def test_every_tile_of_the_gallery_has_its_name(tiles):
    names = [tile.name for tile in TILES]
    again = [name for name in names if name in TARGETS]
    assert [title for title, _ in tiles] == ["pagoda", "flower", *names, "with its targets", *again]
    assert len(again) == COLUMNS - 1


def test_every_layer_changes_its_photograph(tiles):
    originals = [shown(axes) for _, axes in tiles[:2]]
    for tile, (title, axes) in zip(TILES, tiles[2:], strict=False):
        before, after = originals[tile.photograph], shown(axes)
        assert title == tile.name
        assert after.std() > 5
        assert before.shape != after.shape or np.abs(after.astype(int) - before).mean() > 3, title


def test_targets_are_drawn_on_the_last_row_alone(tiles):
    drawn = {index: len(boxes_on(axes)) for index, (_, axes) in enumerate(tiles)}
    first = len(TILES) + 2
    assert [count for index, count in drawn.items() if index < first] == [0] * first
    assert [count for index, count in drawn.items() if index >= first] == [1, 1, 1, 1, 2, 1]  # CutMix brings the other


def test_the_command_writes_a_small_picture(drawn):
    path, _ = drawn
    pixels = matplotlib.image.imread(path)
    assert path.stat().st_size < 900_000
    assert pixels.shape[1] > 900
    assert all((part[..., :3] < 0.9).any(axis=-1).mean() > 0.5 for part in np.array_split(pixels, 4))


def test_chosen_layers_alone_can_be_drawn():
    figure = draw_gallery(only=["CutMix"])
    titles = [axes.get_title() for axes in figure.get_axes() if axes.get_images()]
    assert titles == ["pagoda", "flower", "CutMix", "with its targets", "CutMix"]
    with pytest.raises(ValueError, match=r"draw_gallery expects every name in only.*'Cutmix'"):
        draw_gallery(only=["Cutmix"])


def test_the_scene_s_targets_lie_on_what_they_name():
    scene = load_scene(128)
    for photograph in range(2):
        left, top, right, bottom = scene["bounding_boxes"]["boxes"][photograph, 0]
        rows, columns = np.nonzero(scene["segmentation_masks"][photograph])
        inside = (columns >= left - 1) & (columns <= right + 1) & (rows >= top - 1) & (rows <= bottom + 1)
        assert inside.mean() > 0.95
        assert set(np.unique(scene["segmentation_masks"][photograph])) == {0, photograph + 1}
        points = scene["keypoints"][photograph]
        assert ((points >= [left - 2, top - 2]) & (points <= [right + 2, bottom + 2])).all()


def test_rows_are_samples_and_columns_draws():
    images = ramp()
    axes = grid(show_augmentations(layers.RandomFlip(), images, rows=2, variants=3), rows=2)
    assert axes.shape == (2, 4)
    for row in range(2):
        np.testing.assert_array_equal(shown(axes[row, 0]), images[row])
        for column in range(1, 4):
            turned = [images[row][::up, ::left] for up in (1, -1) for left in (1, -1)]
            assert any(np.array_equal(shown(axes[row, column]), one) for one in turned)


def test_a_picture_repeats_and_leaves_the_layer_s_state():
    layer = layers.RandomRotation(0.5, seed=1)
    before = keras.ops.convert_to_numpy(layer.generator.state).copy()
    first, again = (grid(show_augmentations(layer, ramp(), rows=1, variants=2), 1) for _ in range(2))
    other = grid(show_augmentations(layer, ramp(), rows=1, variants=2, seed=1), 1)
    np.testing.assert_array_equal(shown(first[0, 1]), shown(again[0, 1]))
    assert not np.array_equal(shown(first[0, 1]), shown(first[0, 2]))
    assert not np.array_equal(shown(first[0, 1]), shown(other[0, 1]))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.generator.state), before)


def test_boxes_keypoints_and_masks_move_with_the_pixels():
    mask = np.zeros((1, 8, 10), "uint8")
    mask[0, 2:4, 1:3] = 2
    sample = {
        "images": ramp(1),
        "bounding_boxes": {"boxes": np.array([[[1.0, 2, 4, 7], [-1, -1, -1, -1]]]), "labels": np.array([[3, -1]])},
        "segmentation_masks": mask,
        "keypoints": np.array([[[2.0, 5.0]]]),
    }
    before, after = grid(show_augmentations(AlwaysFlip(**FLIP), sample, variants=1), 1)[0]
    assert boxes_on(before) == [[0.5, 1.5, 3, 5]]  # edges 1 and 2, in pixels about their indices
    assert boxes_on(after) == [[10 - 4 - 0.5, 1.5, 3, 5]]
    np.testing.assert_array_equal(before.get_lines()[0].get_xydata(), [[2, 5]])
    np.testing.assert_array_equal(after.get_lines()[0].get_xydata(), [[7, 5]])
    tinted = np.rint((ramp(1)[0, 2, 1] + matplotlib.colors.to_rgba_array(COLORS)[2, :3] * 255) / 2)
    np.testing.assert_array_equal(shown(before)[2, 1], tinted)
    np.testing.assert_array_equal(shown(after)[2, 8], tinted)
    np.testing.assert_array_equal(shown(before)[0, 0], ramp(1)[0, 0, 0])


def test_mixed_labels_are_named_with_their_shares():
    class Half(layers.MixUp):
        def draw_params(self, rng):
            order = keras.ops.flip(keras.ops.arange(2))
            return {"partner": order, "share": keras.ops.convert_to_tensor(np.array([0.75, 1.0], "float32"))}

        def share(self, params, size):
            return params["share"]

    data = {"images": ramp(2), "labels": np.array([0, 1])}
    axes = grid(show_augmentations(Half(num_classes=2), data, variants=1, class_names=["c$t", "dog"]), 2)
    assert [one.get_title() for one in axes.ravel()] == ["c$t", "0.75 c$t + 0.25 dog", "dog", ""]


def test_values_are_scaled_from_their_range():
    images = np.array([[[[-1.0]], [[0.0]], [[1.0]], [[5.0]]]], "float32")
    (view,) = views(images, layers.RandomFlip(), value_range=(-1, 1))
    assert view.image.shape == (4, 1, 3)
    assert view.image[:, 0, 0].tolist() == [0, 128, 255, 255]


def test_channels_first_and_own_keys_are_understood():
    first = np.moveaxis(ramp(2), -1, 1)
    layer = AlwaysFlip("horizontal", data_format="channels_first", keys={"images": "image"})
    axes = grid(show_augmentations(layer, {"image": first}, variants=1), 2)
    np.testing.assert_array_equal(shown(axes[0, 1]), ramp(2)[0][:, ::-1])


def test_one_sample_and_a_list_of_layers_are_enough(tmp_path):
    path = tmp_path / "augmented.png"
    figure = show_augmentations([layers.RandomRotation(0.1), layers.RandomBrightness(0.2)], ramp()[0], path=path)
    assert grid(figure, 1).shape == (1, 6)
    assert matplotlib.image.imread(path).ndim == 3


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match="show_augmentations expects a layer of kerasaug"):
        show_augmentations(None, ramp())
    with pytest.raises(ValueError, match="rows"):
        show_augmentations(layers.RandomFlip(), ramp(), rows=0)
    with pytest.raises(ValueError, match="variants"):
        show_augmentations(layers.RandomFlip(), ramp(), variants=1.5)
    boxed = {"images": ramp(), "bounding_boxes": {"boxes": np.zeros((3, 1, 4)), "labels": np.zeros((3, 1))}}
    with pytest.raises(ValueError, match='bounding_box_format="xyxy"'):
        show_augmentations(layers.RandomBrightness(0.1), boxed)


def test_the_pictures_are_public():
    assert kerasaug.visualization.show_augmentations is show_augmentations
    assert kerasaug.visualization.__all__ == ["draw_gallery", "show_augmentations"]
