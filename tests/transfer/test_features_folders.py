"""Features on disk: what is written, replaced and left behind."""

import numpy as np
import pytest
from feature_models import CLOSE, X, Y, classifier, maps_of, of

from kerasaug.transfer import load_features


@pytest.fixture(scope="module")
def model():
    return classifier()


@pytest.fixture(scope="module")
def maps(model):
    return maps_of(model)


def test_a_folder_opens_again_as_it_was_written(model, maps, tmp_path):
    out = tmp_path / "deep" / "features"
    written = of(model, (X, {"class": Y, "two": np.stack([Y, Y], 1)}), ["net/stem", "head"], out=out)
    for features, labels in (written, load_features(out)):
        assert isinstance(features["net/stem"], np.memmap)
        np.testing.assert_allclose(features["net/stem"], maps["stem"], **CLOSE)
        np.testing.assert_array_equal(labels["two"], np.stack([Y, Y], 1))
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".npy", ".npy", ".npy", ".npy"]
    assert [path.name for path in out.parent.iterdir()] == ["features"]


def test_a_folder_is_replaced_on_request_only(model, tmp_path):
    out = tmp_path / "features"
    of(model, X, out=out)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        of(model, X, out=out)
    assert len(of(model, X[:2], out=out, overwrite=True).features) == 2
    other = tmp_path / "photographs"
    other.mkdir()
    with pytest.raises(FileExistsError, match="only folders of features"):
        of(model, X, out=other, overwrite=True)
    with pytest.raises(ValueError, match="that extract_features wrote"):
        load_features(other)
    with pytest.raises(FileNotFoundError, match="no folder"):
        load_features(tmp_path / "none")


def test_what_is_interrupted_leaves_nothing(model, tmp_path):
    out = tmp_path / "features"
    of(model, X, out=out)

    def failing():
        yield (X[:3],)
        yield (X[:3],)
        raise RuntimeError("the disk of the images")

    with pytest.raises(RuntimeError, match="the disk of the images"):
        of(model, failing(), out=out, overwrite=True)
    assert len(load_features(out).features) == 7
    assert [path.name for path in tmp_path.iterdir()] == ["features"]
