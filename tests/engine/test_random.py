"""Random numbers depend only on seed, stream, step and purpose."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from landscapes.random import normal, philox, uniform

ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Known answers for philox4x32-10, shipped with Random123 1.14."""

integers = st.integers(0, 2**62)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_known_answers(counter, key, expected):
    words = philox(tuple(torch.tensor([word]) for word in counter), key)
    assert tuple(int(word) for word in words) == expected


@given(
    integers, st.lists(integers, min_size=1, max_size=7), st.integers(0, 10**6), st.integers(0, 100), st.integers(1, 5)
)
def test_a_stream_does_not_depend_on_the_batch(seed, streams, step, purpose, count):
    together = torch.tensor(streams, dtype=torch.int64)
    for draw in (uniform, normal):
        drawn = draw(seed, together, step, purpose, count)
        assert drawn.shape == (count, len(streams))
        assert drawn.dtype == torch.float64
        for i in range(len(streams)):
            assert torch.equal(drawn[:, i], draw(seed, together[i : i + 1], step, purpose, count)[:, 0])
        assert torch.equal(drawn.flip(1), draw(seed, together.flip(0), step, purpose, count))


@pytest.mark.parametrize("draw", [uniform, normal])
def test_every_key_matters(draw):
    stream, base = torch.tensor([3]), (1, 5, 2)
    drawn = {
        draw(seed, stream, step, purpose, 1).item() for seed in (1, 2, 2**40) for step in (5, 6) for purpose in (2, 3)
    }
    drawn |= {draw(base[0], torch.tensor([other]), *base[1:], 1).item() for other in (4, 2**33, 2**62)}
    assert len(drawn) == 15
    assert len(set(draw(*base[:1], stream, *base[1:], 1000).flatten().tolist())) == 1000


def test_count_changes_no_number_but_the_last_of_a_pair():
    """Box–Muller makes numbers in pairs, so the count is part of the purpose."""
    stream = torch.arange(4)
    assert torch.equal(uniform(0, stream, 1, 0, 6)[:3], uniform(0, stream, 1, 0, 6)[:3])
    assert torch.equal(normal(0, stream, 1, 0, 5), normal(0, stream, 1, 0, 6)[:5])


def test_moments():
    count = 200_000
    flat = uniform(11, torch.arange(count), 3, 1, 2)
    assert float(flat.min()) >= 0
    assert float(flat.max()) < 1
    bell = normal(11, torch.arange(count), 3, 1, 2)
    for values, mean, deviation in ((flat, 0.5, 1 / math.sqrt(12)), (bell, 0.0, 1.0)):
        assert float(values.mean()) == pytest.approx(mean, abs=4 * deviation / math.sqrt(values.numel()))
        assert float(values.std()) == pytest.approx(deviation, rel=0.01)
        assert abs(float(torch.corrcoef(values)[0, 1])) < 4 / math.sqrt(count)
        neighbours = torch.stack([values[0, :-1], values[0, 1:]])
        assert abs(float(torch.corrcoef(neighbours)[0, 1])) < 4 / math.sqrt(count)
    assert float((bell**4).mean()) == pytest.approx(3.0, abs=0.06)
    assert bool(bell.isfinite().all())


def test_the_state_of_torch_s_generator_is_unchanged():
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    normal(0, torch.arange(10), 0, 0, 3)
    assert torch.equal(torch.rand(3), expected)
