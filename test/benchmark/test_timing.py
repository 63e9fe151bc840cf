"""Turns and their statistics, on numbers that can be counted by hand."""

import pytest

from csrnet_ros.benchmark.timing import LEAST_TURNS, MOST_TURNS, summarise, take_turns


def test_median_quartiles_and_least():
    summary = summarise([5.0, 1.0, 4.0, 2.0, 3.0])
    assert (summary.median_ms, summary.q1_ms, summary.q3_ms, summary.min_ms) == (3, 2, 4, 1)


def test_candidates_take_turns():
    order = []

    def runner(name):
        return lambda: order.append(name) or len(order)

    results = take_turns([runner('a'), runner('b')], seconds=0)
    assert order == ['a', 'b'] * LEAST_TURNS
    assert results == [list(range(1, 10, 2)), list(range(2, 11, 2))]


def test_it_ends_after_enough_turns():
    (results,) = take_turns([lambda: 0], seconds=3600)
    assert len(results) == MOST_TURNS


def test_the_turns_can_be_watched():
    seen = []

    def watch(turns):
        for turn in turns:
            seen.append(turn)
            yield turn

    take_turns([lambda: 0], seconds=3600, watch=watch)
    assert seen == list(range(MOST_TURNS))


def test_there_is_a_spread_of_one_time():
    assert summarise([2.5]).q3_ms == pytest.approx(2.5)
