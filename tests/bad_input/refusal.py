"""What bad input gets: one sentence, exit code 2."""

from __future__ import annotations

from tests.tiny import Answer


def refused(answer: Answer, *words: str) -> None:
    """One sentence that says what was expected, what was found and what to do; no traceback."""
    assert answer.code == 2, answer.err
    assert len(answer.sentences) == 1, answer.err
    sentence = answer.sentences[0]
    assert sentence.startswith("gwkeras: ")
    assert sentence.endswith(".")
    for word in ("expected ", "found ", "; ", *words):
        assert word in sentence
