"""The desk's charts and the evidence graph, as geometry."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from openscf_bank.desk.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Chart, Series, columns

AMOUNTS = st.decimals(min_value=-1000, max_value=Decimal("1e12"), places=2)


def draw(*values: tuple[Decimal, ...], stacked: bool = False) -> Chart | None:
    names = [f"n{at}" for at in range(len(values[0]))]
    series = [Series(f"s{at}", f"k{at}", row) for at, row in enumerate(values)]
    return columns("code", "Title", names, series, unit="EUR", write=str, stacked=stacked)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=61), st.booleans())
def test_every_bar_lies_within_the_frame(pairs: list[tuple[Decimal, Decimal]], stacked: bool) -> None:
    chart = draw(*zip(*pairs, strict=True), stacked=stacked)
    if chart is None:
        assert all(value <= 0 for pair in pairs for value in pair)
        return
    slack = Decimal("0.2")
    for bar in chart.bars:
        assert LEFT - slack <= bar.x and bar.x + bar.width <= WIDTH - RIGHT + slack
        assert TOP - slack <= bar.y and bar.y + bar.height <= HEIGHT - BOTTOM + slack
    assert len(chart.labels) <= 7


def test_heights_are_in_proportion() -> None:
    chart = draw((Decimal(10), Decimal(20), Decimal(0)))
    assert chart is not None
    half, whole = chart.bars
    assert abs(whole.height - 2 * half.height) <= Decimal("0.1")


def test_stacked_bars_stand_on_each_other() -> None:
    chart = draw((Decimal(30),), (Decimal(10),), stacked=True)
    assert chart is not None
    below, above = chart.bars
    assert above.y + above.height == below.y
    assert (below.x, below.width) == (above.x, above.width)


def test_the_axis_has_round_numbers() -> None:
    chart = draw((Decimal("58350.17"),))
    assert chart is not None
    assert [mark.text for mark in chart.grid] == ["0", "15k", "30k", "45k", "60k"]


def test_a_chart_without_a_figure_is_left_out() -> None:
    assert draw((Decimal(0), Decimal(0))) is None
    assert columns("c", "T", [], [Series("s", "k", ())], unit="EUR", write=str) is None
