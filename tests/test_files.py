import pytest

from kerasaug.files import replacing


def test_what_was_there_stays_until_the_new_file_is_whole(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def write(path, error):
    with replacing(path) as temporary:
        temporary.write_text("ne")
        raise error


def test_an_error_leaves_what_was_there_and_a_full_disk_says_where(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    with pytest.raises(OSError, match=r"No space left on device: '.*notes\.txt'"):
        write(path, OSError(28, "No space left on device"))
    with pytest.raises(KeyError, match="mine"):
        write(path, KeyError("mine"))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
