"""JSON from anybody is read to one meaning, or refused in a sentence, whatever it is made of."""

from __future__ import annotations

import pytest

from openscf._internal import strict_json
from openscf.errors import InputInvalid


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
@pytest.mark.parametrize("before", [b"", b'["\\"[[[[", '])
def test_what_is_nested_too_deeply_is_refused_without_using_up_the_stack(opening: bytes, before: bytes) -> None:
    with pytest.raises(InputInvalid, match="nested too deeply") as refused:
        strict_json.loads(before + opening * 100_000)
    assert not isinstance(refused.value.__cause__, RecursionError)


@pytest.mark.parametrize("depth", [1, strict_json.MAX_DEPTH])
def test_brackets_inside_of_a_text_are_no_depth(depth: int) -> None:
    text = "[" * 10_000
    nested = strict_json.loads(b"[" * depth + f'"{text}\\""'.encode() + b"]" * depth)
    for _ in range(depth):
        [nested] = nested
    assert nested == text + '"'


def test_broken_json_with_brackets_in_its_texts_is_told_as_broken() -> None:
    with pytest.raises(InputInvalid, match="no JSON"):
        strict_json.loads(b'["' + b"[" * 100_000 + b'" x')
