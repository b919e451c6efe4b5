"""Let a segment keep its name: match the clusters of a new model to the old segments.

Both models have labelled the same users. Clusters are paired by overlap of members, so
neither the order of centres nor the scale of features plays a part.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from kindred.segmentation.artifacts import segment_name
from kindred.segmentation.clustering import jaccard_overlap

SAME_OVERLAP = 0.50  # Jaccard at which a cluster is the old segment
HELD_SHARE = 0.25  # of a segment, for a split or a merger to count the part

COLUMNS = ["cluster_number", "segment_id", "relation", "from_segments", "overlap"]


def match_segments(
    new_labels: np.ndarray,
    *,
    new_count: int,
    old_labels: np.ndarray | None,
    old_segments: list[str],
    next_number: int,
) -> pd.DataFrame:
    """Name the clusters of a new model and say what became of each old segment.

    ``new_labels`` and ``old_labels`` are places (from 0) of clusters and of
    ``old_segments`` for the same users; None when there is no old model, or it cannot
    label them. New names count up from ``next_number`` in the order of the clusters.

    Returns one row per new cluster, in order, then one per old segment that ended:
    cluster_number (from 1, null for the ended), segment_id, relation (same, split,
    merged, new, retired), from_segments (the old segments it came from, null for new),
    overlap (Jaccard with the old segment it was paired with, null without a pair).
    """
    if old_labels is None or not old_segments:
        rows = [
            (place + 1, segment_name(next_number + place), "new", None, np.nan)
            for place in range(new_count)
        ]
        rows += [(None, old, "retired", old, np.nan) for old in old_segments]
        return _frame(rows)

    old_count = len(old_segments)
    overlap = jaccard_overlap(old_labels, new_labels, old_count, new_count)
    paired_old, paired_new = linear_sum_assignment(overlap, maximize=True)
    pair_of_new = dict(zip(paired_new.tolist(), paired_old.tolist(), strict=True))

    both = np.zeros((old_count, new_count))
    np.add.at(both, (old_labels, new_labels), 1.0)
    of_old = _share(both, both.sum(axis=1)[:, None])
    of_new = _share(both, both.sum(axis=0)[None, :])
    parts_of_old = (of_old >= HELD_SHARE).sum(axis=1)
    parts_of_new = (of_new >= HELD_SHARE).sum(axis=0)

    rows, kept, number = [], set(), next_number
    for new in range(new_count):
        pair = pair_of_new.get(new)
        score = np.nan if pair is None else float(overlap[pair, new])
        if pair is not None and score >= SAME_OVERLAP:
            kept.add(pair)
            segment = old_segments[pair]
            rows.append((new + 1, segment, "same", segment, score))
            continue
        was_part_of = [
            old
            for old in range(old_count)
            if parts_of_old[old] >= 2 and of_old[old, new] >= HELD_SHARE
        ]
        if was_part_of:
            # the old segment that it holds most of
            origin = max(was_part_of, key=lambda old, new=new: both[old, new])
            relation, sources = "split", old_segments[origin]
        elif parts_of_new[new] >= 2:
            merged = np.flatnonzero(of_new[:, new] >= HELD_SHARE)
            relation = "merged"
            sources = ", ".join(sorted(old_segments[old] for old in merged))
        else:
            relation, sources = "new", None
        rows.append((new + 1, segment_name(number), relation, sources, score))
        number += 1
    rows += [
        (None, segment, "retired", segment, np.nan)
        for old, segment in enumerate(old_segments)
        if old not in kept
    ]
    return _frame(rows)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _frame(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype(
        {
            "cluster_number": "Int64",
            "segment_id": "str",
            "relation": "str",
            "from_segments": "str",
            "overlap": "float64",
        }
    )
