"""A segment keeps its name for as long as it keeps most of its members."""

import numpy as np
import pytest

from kindred.segmentation.matching import match_segments

OLD = ["segment_001", "segment_002", "segment_003"]


def matched(members, old=OLD, next_number=4):
    """Match from {(old place, new place): users}; each row as a tuple."""
    pairs = [pair for pair, count in members.items() for _ in range(count)]
    old_labels, new_labels = np.array(pairs).T
    lineage = match_segments(
        new_labels,
        new_count=int(new_labels.max()) + 1,
        old_labels=old_labels,
        old_segments=old,
        next_number=next_number,
    )
    return [
        (row.segment_id, row.relation, row.from_segments)
        for row in lineage.fillna({"from_segments": "-"}).itertuples()
    ]


def test_clusters_with_the_same_members_keep_their_names_in_any_order():
    assert matched({(0, 2): 50, (1, 0): 30, (2, 1): 20}) == [
        ("segment_002", "same", "segment_002"),
        ("segment_003", "same", "segment_003"),
        ("segment_001", "same", "segment_001"),
    ]


def test_an_overlap_of_exactly_one_half_is_the_same():
    assert matched({(0, 0): 10, (0, 1): 5, (1, 0): 5, (1, 1): 80}, OLD[:2])[0] == (
        "segment_001",
        "same",
        "segment_001",
    )


def test_a_segment_cut_in_halves_is_a_split():
    assert matched({(0, 0): 45, (0, 1): 45, (1, 2): 60}, OLD[:2]) == [
        ("segment_001", "same", "segment_001"),
        ("segment_004", "split", "segment_001"),
        ("segment_002", "same", "segment_002"),
    ]


def test_a_segment_cut_in_three_ends_and_leaves_three_parts():
    assert matched({(0, 0): 30, (0, 1): 30, (0, 2): 30, (1, 3): 60}, OLD[:2]) == [
        ("segment_004", "split", "segment_001"),
        ("segment_005", "split", "segment_001"),
        ("segment_006", "split", "segment_001"),
        ("segment_002", "same", "segment_002"),
        ("segment_001", "retired", "segment_001"),
    ]


def test_a_cluster_of_three_segments_is_their_merger():
    assert matched({(0, 0): 30, (1, 0): 31, (2, 0): 29}) == [
        ("segment_004", "merged", "segment_001, segment_002, segment_003"),
        ("segment_001", "retired", "segment_001"),
        ("segment_002", "retired", "segment_002"),
        ("segment_003", "retired", "segment_003"),
    ]


def test_a_cluster_of_many_crumbs_is_new():
    crumbs = {(0, 0): 80, (1, 1): 80, (2, 2): 80, (3, 4): 80, (4, 5): 80}
    crumbs |= {(place, 3): 12 for place in range(5)}
    old = [f"segment_{n:03d}" for n in range(1, 6)]
    assert matched(crumbs, old, next_number=9)[3] == ("segment_009", "new", "-")


def test_a_segment_whose_members_scattered_is_retired():
    scattered = {(0, place): 8 for place in range(5)}
    scattered |= {(place, place): 100 for place in range(1, 5)}
    scattered |= {(5, 0): 100}
    old = [f"segment_{n:03d}" for n in range(1, 7)]
    names = matched(scattered, old, next_number=7)
    assert names[0] == ("segment_006", "same", "segment_006")
    assert names[-1] == ("segment_001", "retired", "segment_001")


def test_without_an_old_model_every_cluster_is_new():
    lineage = match_segments(
        np.array([0, 1]),
        new_count=2,
        old_labels=None,
        old_segments=[],
        next_number=1,
    )
    assert lineage["segment_id"].tolist() == ["segment_001", "segment_002"]
    assert lineage["relation"].tolist() == ["new", "new"]


@pytest.mark.parametrize("next_number", [4, 40])
def test_a_new_name_was_never_in_use(next_number):
    names = matched({(0, 0): 1, (0, 1): 1, (0, 2): 1}, OLD[:1], next_number)
    assert names[0][0] == f"segment_{next_number:03d}"
