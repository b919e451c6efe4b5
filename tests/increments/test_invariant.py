"""One full refresh, increments, and increments in any order of arrival: the same tables."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse import WHOLE, differences

# told again once more: the one thing that a second delivery may change
COUNTED = {"fct_events": ["duplicate_count"]}


@pytest.fixture(scope="module")
def five_in_order(warehouse, tmp_path_factory):
    """Snapshots after five increments in order of arrival, and after one full refresh."""
    folder = tmp_path_factory.mktemp("snapshots")
    warehouse.start_over()
    for rows in warehouse.split(5):
        warehouse.land(rows)
        warehouse.derive()
    increments = warehouse.snapshot(folder / "increments.duckdb")
    warehouse.derive(anew=True)
    return increments, warehouse.snapshot(folder / "anew.duckdb")


def test_five_increments_equal_one_full_refresh(five_in_order):
    increments, anew = five_in_order
    assert differences(increments, anew) == {}


def test_the_order_of_arrival_and_second_deliveries_do_not_matter(
    warehouse, five_in_order, tmp_path
):
    chance = random.Random(7)
    warehouse.start_over()
    parts = warehouse.split(5, chance=chance)
    again = {
        key: chance.sample(rows, len(rows) // 3)
        for key, rows in parts[0].items()
        if key not in WHOLE
    }
    for rows in [*parts[:3], again, *parts[3:]]:
        warehouse.land(rows)
        warehouse.derive()
    shuffled = warehouse.snapshot(tmp_path / "shuffled.duckdb")
    found = differences(shuffled, five_in_order[1], except_columns=COUNTED)
    found.pop("fct_row_outcomes")  # duplicates are counted there
    assert found == {}


@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(parts=st.integers(2, 3), seed=st.integers(0, 10_000))
def test_any_split_in_any_order_gives_the_same_tables(
    warehouse, five_in_order, tmp_path_factory, parts, seed
):
    """Of arrival, and of the tables among those that may be next."""
    chance = random.Random(seed)
    warehouse.start_over()
    for rows in warehouse.split(parts, chance=chance):
        warehouse.land(rows)
        warehouse.derive_in_any_order(chance)
    snapshot = warehouse.snapshot(tmp_path_factory.mktemp("split") / "split.duckdb")
    assert differences(snapshot, five_in_order[1]) == {}


def test_slices_of_a_long_history_give_the_same_tables(warehouse, five_in_order, tmp_path):
    warehouse.start_over()
    for rows in warehouse.split(3):
        warehouse.land(rows)
    unread = warehouse.unread_batches()
    while unread:
        warehouse.derive(slice_rows=4000)
        # what waits for the next run is not lost, and is told
        warehouse.dbt("test", "--select", "rows_landed_are_rows_accounted_for")
        assert warehouse.unread_batches() < unread
        unread = warehouse.unread_batches()
    snapshot = warehouse.snapshot(tmp_path / "slices.duckdb")
    assert differences(snapshot, five_in_order[1]) == {}
