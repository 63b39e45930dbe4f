"""Decoding and resizing, against Pillow and values worked out by hand."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerasaug.datasets.decoding import check_files, decoded, resized


def smooth(height, width, channels=3):
    """A picture with slow gradients and one edge, which JPEG keeps nearly as it is."""
    y, x = np.mgrid[:height, :width]
    planes = [(x * (i + 1) + y * (3 - i)) * 255 / (4 * (height + width)) for i in range(channels)]
    image = np.stack(planes, -1)
    image[height // 2 :, width // 2 :] = 255 - image[height // 2 :, width // 2 :]
    return np.rint(image).astype("uint8")


def content(image, kind, **options):
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def test_files_without_loss_come_back_as_they_are():
    image = smooth(9, 14)
    for kind, options in {"PNG": {}, "BMP": {}, "WEBP": {"lossless": True}}.items():
        np.testing.assert_array_equal(decoded(tf, content(image, kind, **options)), image, kind)


def test_grey_palette_and_alpha_become_rgb():
    grey = smooth(6, 8)[..., 0]
    three = np.repeat(grey[..., None], 3, -1)
    transparent = np.dstack([smooth(6, 8), np.full((6, 8), 17, "uint8")])
    np.testing.assert_array_equal(decoded(tf, content(grey, "PNG")), three)
    np.testing.assert_array_equal(decoded(tf, content(grey, "GIF")), three)
    np.testing.assert_array_equal(decoded(tf, content(transparent, "PNG")), smooth(6, 8))
    palette = Image.fromarray(smooth(6, 8)).quantize(8)
    np.testing.assert_array_equal(decoded(tf, content(palette, "PNG")), palette.convert("RGB"))


def test_cmyk_becomes_rgb_as_pillow_has_it():
    file = content(Image.fromarray(smooth(32, 48)).convert("CMYK"), "JPEG", quality=95)
    expected = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), int)
    assert np.abs(decoded(tf, file).numpy() - expected).mean() < 2


def test_the_upper_eight_of_sixteen_bits_count():
    image = np.array([[0, 255, 256, 0x1234, 65535]], "uint16")
    expected = [[0, 0, 1, 0x12, 255]]
    np.testing.assert_array_equal(decoded(tf, content(image, "PNG"))[..., 0], expected)


def test_an_animation_gives_its_first_frame():
    frames = [Image.fromarray(np.full((4, 5), value, "uint8")) for value in (40, 90, 200)]
    file = content(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(file)).n_frames == 3
    np.testing.assert_array_equal(decoded(tf, file), np.full((4, 5, 3), 40))


def test_the_orientation_in_exif_is_not_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned, plain = content(smooth(10, 20), "JPEG", exif=exif), content(smooth(10, 20), "JPEG")
    np.testing.assert_array_equal(decoded(tf, turned), decoded(tf, plain))


@pytest.mark.parametrize("size", [(20, 20), (7, 31), (120, 90), (48, 64)])
def test_resizing_is_pillow_s_antialiased_bilinear(size):
    image = smooth(48, 64)
    ours = resized(tf, tf.constant(image), size, crop=False)
    theirs = Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR)
    assert ours.dtype == "uint8"
    assert np.abs(ours.numpy().astype(int) - np.asarray(theirs, int)).max() <= 1


def test_shrinking_a_fine_pattern_is_grey_and_not_aliased():
    stripes = np.zeros((64, 64, 3), "uint8")
    stripes[:, ::2] = 255
    inner = resized(tf, tf.constant(stripes), (8, 8), crop=False).numpy()[:, 1:-1]
    assert np.abs(inner.astype(int) - 127.5).max() <= 1


def test_halves_are_rounded_and_not_cut_off():
    image = tf.constant([[[10, 11, 250]], [[11, 12, 251]], [[11, 12, 251]], [[11, 12, 251]]], "uint8")
    # The lower output pixel lies among equal ones; the upper weighs the rows 3:3:1 after antialiasing.
    expected = np.array([10, 11, 250]) * 3 / 7 + np.array([11, 12, 251]) * 4 / 7
    np.testing.assert_array_equal(resized(tf, image, (2, 1), crop=False)[0, 0], np.rint(expected))


@pytest.mark.parametrize(
    ("shape", "size", "box"),
    [((40, 60), (20, 20), (10, 0, 50, 40)), ((60, 40), (10, 20), (0, 20, 40, 40)), ((30, 30), (5, 5), (0, 0, 30, 30))],
)
def test_cropping_keeps_the_middle_and_the_aspect_ratio(shape, size, box):
    image = smooth(*shape)
    theirs = Image.fromarray(image).crop(box).resize(size[::-1], Image.Resampling.BILINEAR)
    ours = resized(tf, tf.constant(image), size, crop=True).numpy().astype(int)
    assert np.abs(ours - np.asarray(theirs, int)).max() <= 1


def test_cropping_a_line_leaves_a_pixel():
    assert resized(tf, tf.ones((1, 500, 3), "uint8"), (4, 4), crop=True).shape == (4, 4, 3)
    assert resized(tf, tf.ones((500, 1, 1), "uint8"), (4, 400), crop=True).shape == (4, 400, 3)


JPEG, PNG, GIF = (content(smooth(40, 50), kind) for kind in ("JPEG", "PNG", "GIF"))
BROKEN = {
    "empty file": [b""],
    "not an image": [b"hello" * 40, bytes(500), b"<html></html>", content(smooth(4, 4), "TIFF")],
    "truncated": [JPEG[: len(JPEG) // 2], JPEG[:-2], JPEG[:12], PNG[: len(PNG) // 2], PNG[:-1], GIF[: len(GIF) // 2]],
    "corrupt PNG": [PNG[:60] + bytes(20) + PNG[80:]],
    "corrupt JPEG": [b"\xff\xd8\xff" + b"x" * 90 + b"\xff\xd9"],
    "corrupt BMP": [content(smooth(40, 50), "BMP")[:-9]],
    "corrupt WebP": [content(smooth(40, 50), "WEBP")[:-9]],
}


@pytest.mark.parametrize("reason", BROKEN)
def test_why_a_file_cannot_be_used(tmp_path, reason):
    contents = BROKEN[reason]
    files = [tmp_path / f"{number}.jpg" for number in range(len(contents))]
    for file, data in zip(files, contents, strict=True):
        file.write_bytes(data)
    told = []
    assert check_files(tf, files, lambda *news: told.append(news)) == [reason] * len(files)
    assert told == [("Checking images", done + 1, len(files)) for done in range(len(files))]


def test_content_counts_and_not_the_extension(tmp_path):
    for name, data in {"a.jpg": PNG, "b.png": JPEG, "c.bmp": GIF}.items():
        (tmp_path / name).write_bytes(data)
    assert check_files(tf, sorted(tmp_path.iterdir()), lambda *news: None) == [None] * 3


def test_files_that_cannot_be_opened(tmp_path, monkeypatch):
    names = ["forbidden.jpg", "gone.jpg", "pipe.jpg", "worn.jpg"]
    forbidden, gone, pipe, worn = (tmp_path / name for name in names)
    forbidden.write_bytes(JPEG)
    gone.symlink_to(tmp_path / "nowhere.jpg")
    worn.write_bytes(JPEG)
    os.mkfifo(pipe)
    read = Path.read_bytes

    def refuse(path):  # root may read everything
        if path == forbidden:
            raise PermissionError(13, "Permission denied")
        if path == worn:
            raise OSError(5, "Input/output error")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    reasons = check_files(tf, [forbidden, gone, pipe, worn], lambda *news: None)
    assert reasons == ["no permission", "broken link", "not a regular file", "unreadable: Input/output error"]
