"""Errors: one sentence, an exit code, and a way back from a worker process."""

import inspect
import pickle

import pytest

from gwkeras.core import errors

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BadInput)]


@pytest.mark.parametrize("kind", KINDS)
def test_sentence_exit_code_and_pickle(kind):
    error = kind("fine.nc", expected="mm", found="none", remedy="state the unit")
    assert str(error) == "fine.nc: expected mm, found none; state the unit."
    assert error.exit_code == 2
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert str(back) == str(error)
    assert (back.where, back.expected, back.found, back.remedy) == ("fine.nc", "mm", "none", "state the unit")


def test_other_failures_are_no_fault_of_the_input():
    assert errors.GwkerasError.exit_code == 1
    assert not issubclass(errors.GwkerasError, errors.BadInput)
