"""The cache is bounded, evicts the least recently used entry, and serves several threads."""

from __future__ import annotations

import threading

import pytest

from landscapes.caching import Cache


def test_a_value_is_made_once_per_key():
    cache, made = Cache[str, int](capacity=3), []

    def make() -> int:
        made.append(None)
        return len(made)

    assert [cache.get_or_make(key, make) for key in ("a", "b", "a", "b")] == [1, 2, 1, 2]
    assert len(made) == 2


def test_none_is_cached_like_any_value():
    cache = Cache[str, None](capacity=1)
    cache.get_or_make("a", lambda: None)
    assert cache.get_or_make("a", lambda: pytest.fail("made twice")) is None


def test_the_least_recently_used_entry_is_evicted():
    cache = Cache[str, int](capacity=2)
    for key in ("a", "b", "a", "c"):
        cache.get_or_make(key, lambda: 0)
    assert [key for key, _ in cache.items()] == ["a", "c"]
    assert len(cache) == 2


def test_clear_drops_all_entries():
    cache = Cache[str, int](capacity=2)
    cache.get_or_make("a", lambda: 1)
    cache.clear()
    assert cache.items() == []
    assert cache.get_or_make("a", lambda: 2) == 2


def test_an_exception_stores_nothing():
    cache = Cache[str, int](capacity=2)

    def fail() -> int:
        raise RuntimeError("no value")

    with pytest.raises(RuntimeError, match="no value"):
        cache.get_or_make("a", fail)
    assert len(cache) == 0


@pytest.mark.parametrize("capacity", [0, -1])
def test_capacity_below_one_is_rejected(capacity):
    with pytest.raises(ValueError, match=f"^capacity must be >= 1, got {capacity}$"):
        Cache(capacity)


def test_threads_that_race_for_one_key_receive_one_object():
    cache, both_making = Cache[str, object](capacity=2), threading.Barrier(2)
    received: list[object] = []

    def make() -> object:
        both_making.wait(timeout=10)
        return object()

    threads = [threading.Thread(target=lambda: received.append(cache.get_or_make("a", make))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert received[0] is received[1]


def test_make_may_use_the_cache():
    cache = Cache[str, int](capacity=2)
    assert cache.get_or_make("b", lambda: cache.get_or_make("a", lambda: 1) + 1) == 2
