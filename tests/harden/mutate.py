"""A file, damaged: each way is drawn from a generator, so that a seed makes the same files."""

import re

import numpy as np

_HEAD = 256  # bytes: where headers lie, which half of the damage hits
_EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\x01", b"\n", b'"', b",", b"../", b"nan", b"1e999")


def mutate(
    content: bytes, others: list[bytes], rng: np.random.Generator, *, text: bool = False
) -> bytes:
    """Return a file that differs from a whole one in one to six places; a text in one or two.

    Parameters
    ----------
    content : bytes, of the whole file
    others : list of bytes, files of the same kind, of which parts may be put in
    rng : np.random.Generator
    text : bool, of words between commas, semicolons, tabs and ends of lines
    """
    ways = (*_WAYS, *[_word] * len(_WAYS)) if text else _WAYS
    for _ in range(rng.integers(1, 3 if text else 7)):
        way = ways[rng.integers(len(ways))]
        content = way(content or b"\0", others, rng)
    return content


def _place(content: bytes, rng: np.random.Generator) -> int:
    most = len(content) if rng.uniform() < 0.5 else min(len(content), _HEAD)
    return int(rng.integers(most))


def _flipped(content: bytes, _, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.integers(1, 9)):
        changed[_place(content, rng)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _cut(content: bytes, _, rng: np.random.Generator) -> bytes:
    return content[: _place(content, rng)]


def _extreme(content: bytes, _, rng: np.random.Generator) -> bytes:
    """Set a number of one to eight bytes to one that nobody expects."""
    at, width = _place(content, rng), 2 ** int(rng.integers(4))
    one = _EXTREMES[rng.integers(5)]
    value = one * width if rng.uniform() < 0.5 else one + b"\0" * (width - 1)
    value = value[::-1] if rng.uniform() < 0.5 else value
    return content[:at] + value + content[at + width :]


def _inserted(content: bytes, _, rng: np.random.Generator) -> bytes:
    at, times = _place(content, rng), int(rng.choice([1, 1, 4, 100, 10000]))
    return content[:at] + _EXTREMES[rng.integers(len(_EXTREMES))] * times + content[at:]


def _left_out(content: bytes, _, rng: np.random.Generator) -> bytes:
    at = _place(content, rng)
    return content[:at] + content[at + int(rng.integers(1, 65)) :]


def _repeated(content: bytes, _, rng: np.random.Generator) -> bytes:
    at, length = _place(content, rng), int(rng.integers(1, 513))
    return content[: at + length] + content[at:]


def _noise(content: bytes, _, rng: np.random.Generator) -> bytes:
    at, length = _place(content, rng), int(rng.integers(1, 65))
    return content[:at] + rng.bytes(length) + content[at + length :]


def _spliced(content: bytes, others: list[bytes], rng: np.random.Generator) -> bytes:
    other = others[rng.integers(len(others))] or b"\0"
    return content[: _place(content, rng)] + other[_place(other, rng) :]


def _word(content: bytes, _, rng: np.random.Generator) -> bytes:
    """Replace a word by another one of the text or by an extreme; leave one out; say one twice."""
    words = re.split(rb"([,;\t\n\r{}:\[\]]+)", content)
    at, other = rng.integers(len(words), size=2)
    extreme = _EXTREMES[rng.integers(len(_EXTREMES))]
    words[at] = [words[other], extreme, b"", words[at] * 2, b"[" * 2000][rng.integers(5)]
    return b"".join(words)


_WAYS = (_flipped, _cut, _extreme, _inserted, _left_out, _repeated, _noise, _spliced)
