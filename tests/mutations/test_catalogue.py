"""The catalogue fits the code: each mutation can be applied, would compile, and names tests that exist."""

import ast
from functools import cache

import pytest
from catalogue import MUTATIONS
from mutation import ROOT, Mutation

each = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.name.replace(" ", "-"))


@cache
def names_in(path):
    return {one.name for one in ast.walk(ast.parse((ROOT / path).read_text())) if hasattr(one, "name")}


@each
def test_it_can_be_applied_and_compiles(mutation):
    source = (ROOT / mutation.file).read_text()
    mutated = mutation.applied(source)
    assert mutated != source
    ast.parse(mutated)


@each
def test_its_tests_exist(mutation):
    assert mutation.tests
    for test in mutation.tests:
        path, *names = test.split("::")
        assert (ROOT / path).exists(), path
        assert not names or {name.partition("[")[0] for name in names} <= names_in(path), test


def test_names_tell_mutations_apart():
    names = [one.name for one in MUTATIONS]
    assert len(set(names)) == len(names) >= 45


@pytest.mark.parametrize(("old", "new"), [("gone", "x"), ("ops", "x"), ("ColorMap.identity", "ColorMap.identity")])
def test_one_that_does_not_fit_says_so(old, new):
    mutation = Mutation("something is broken", "kerasaug/ops/color.py", old, new, ())
    with pytest.raises(ValueError, match=r"'something is broken' expects text that occurs once in .*color\.py"):
        mutation.applied((ROOT / mutation.file).read_text())
