import numpy as np
import pytest
import sklearn.datasets

from kerasaug.finetune.comparison.data import Examples, few, prepare, stream, upsampled
from kerasaug.finetune.comparison.settings import Settings


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return prepare(Settings(), tmp_path_factory.mktemp("cache"))


def test_tasks_share_no_class(data):
    digits = sklearn.datasets.load_digits().target
    for part in (data.source, data.source_validation):
        np.testing.assert_array_equal(digits[part.ids], part.labels)
        assert set(digits[part.ids]) == {0, 1, 2, 3, 4}
    for part in (data.pool, data.validation, data.test):
        np.testing.assert_array_equal(digits[part.ids], part.labels + 5)
        assert set(digits[part.ids]) == {5, 6, 7, 8, 9}


def test_no_image_is_in_two_parts(data):
    ids = np.concatenate([part.ids for part in vars(data).values()])
    assert len(set(ids)) == len(ids) > 1500


def test_upsampled_keeps_the_image():
    flat = np.full((2, 8, 8, 1), 200, "uint8")
    assert upsampled(flat, 32).dtype == np.uint8
    np.testing.assert_array_equal(upsampled(flat, 32), np.full((2, 32, 32, 3), 200))
    ramp = np.broadcast_to(np.arange(0, 80, 10, dtype="uint8"), (1, 8, 8))[..., None]
    # Half-pixel centres: column 4k+1 of the large image lies 1/8 pixel left of column k, 4k+2 as much right.
    large = upsampled(ramp, 32)[0, 16, :, 0]
    np.testing.assert_allclose((large[1::4] + large[2::4].astype(float)) / 2, np.arange(0, 80, 10), atol=1.0)
    assert (np.diff(large.astype(int)) >= 0).all()


def test_few_is_stratified_from_the_pool_and_repeats(data):
    sample = few(data.pool, 10, seed=3)
    assert np.bincount(sample.labels).tolist() == [10] * 5
    assert len(set(sample.ids)) == 50
    assert set(sample.ids) <= set(data.pool.ids)
    np.testing.assert_array_equal(few(data.pool, 10, seed=3).ids, sample.ids)
    assert set(few(data.pool, 10, seed=4).ids) != set(sample.ids)


def test_few_says_how_many_there_are(data):
    smallest = np.bincount(data.pool.labels).min()
    with pytest.raises(ValueError, match=f"at most {smallest} shots.*Received: 500"):
        few(data.pool, 500, seed=0)


def test_stream_goes_through_all_images_before_any_comes_again():
    examples = Examples(np.arange(6)[:, None], np.arange(6), np.arange(6))
    order = stream(examples, 15, seed=0)
    assert len(order) == 15
    assert sorted(order.ids[:6]) == sorted(order.ids[6:12]) == list(range(6))
    assert order.ids[:6].tolist() != order.ids[6:12].tolist()
    np.testing.assert_array_equal(order.images[:, 0], order.ids)
    np.testing.assert_array_equal(stream(examples, 15, seed=0).ids, order.ids)
    assert stream(examples, 15, seed=1).ids.tolist() != order.ids.tolist()


@pytest.mark.parametrize("wrong", [{"seeds": ()}, {"seeds": (1, 1)}, {"epochs": 0}, {"shots": 0}])
def test_settings_that_make_no_experiment_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Settings(**wrong)
