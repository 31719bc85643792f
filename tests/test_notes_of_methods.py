"""Notes of methods that are fitted twice: for the record, and one scale up, where they are scored."""

from types import SimpleNamespace

from gwkeras.pipeline.experiment import _notes


def method(name, *notes):
    return SimpleNamespace(name=name, notes=notes)


def test_the_record_s_notes_come_first_and_those_one_scale_up_say_so():
    written = [method("ridge + kriging", "ridge: 0 everywhere", "kriging: noise 3 mm")]
    judged = [method("ridge + kriging", "ridge: 70 features", "kriging: noise 3 mm"), method("model", "model: 8 epochs")]
    assert _notes(written, judged) == (
        "ridge: 0 everywhere",
        "kriging: noise 3 mm",
        "scored one scale up, ridge: 70 features",
        "model: 8 epochs",
    )


def test_methods_fitted_once_speak_once():
    methods = [method("kriging", "slope 1", "slope 1")]
    assert _notes(methods, methods) == ("slope 1",)
