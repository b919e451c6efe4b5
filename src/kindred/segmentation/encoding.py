"""Make numbers of categories and of counted items, so that models can measure them.

* A category by *target*: each level is the mean of an outcome among its users, drawn
  towards everyone's mean where users are few. For the users of the fit it is learned on
  the other folds, so that nobody's own outcome comes back to them.
* Counts of *items*, such as the categories a user looked at or the steps from one page
  to the next: an `embedding` (truncated SVD of users by items, so that users who like
  alike things lie together), the `shares` of the commonest items, or the `entropy`.

What is learned of items is one number for each item and dimension, its *vector*. What a
user is worth in a dimension is the mean of the vectors of the items counted for them;
an item that the sample never showed counts for nothing. SQL does the same arithmetic.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from sklearn.decomposition import TruncatedSVD
from sklearn.model_selection import KFold
from sklearn.preprocessing import TargetEncoder
from threadpoolctl import threadpool_limits

from kindred.segmentation.artifacts import as_artifacts

FOLDS = 5
RARE_COUNT = 5  # users below which levels share one bucket
LEVEL_LIMIT = 500  # levels that get a number of their own
ITEM_LIMIT = 5_000  # items that get a vector: the commonest
_RARE = "\0rare"


@dataclass(frozen=True)
class EncodedByTarget:
    """A number for each level, one for all others, and the held-out number of each user."""

    levels: dict[str, float]
    rest: float
    held_out: np.ndarray


def encode_by_target(texts: np.ndarray, target: np.ndarray, seed: int) -> EncodedByTarget:
    """Learn the mean of ``target`` at each level, as scikit-learn's TargetEncoder does.

    Levels of fewer than ``RARE_COUNT`` users, and those beyond the ``LEVEL_LIMIT``
    commonest, are one bucket; it also stands for levels that were never seen.
    """
    if len(texts) == 0:
        return EncodedByTarget({}, 0.0, np.empty(0))
    counts = pd.Series(texts, dtype="object").value_counts().sort_index()
    counts = counts.sort_values(ascending=False, kind="stable")
    kept = set(counts[counts >= RARE_COUNT].head(LEVEL_LIMIT).index)
    bucketed = np.array([text if text in kept else _RARE for text in texts], dtype=object)
    if len(texts) < 2 * FOLDS or np.ptp(target) <= 0:
        mean = float(np.mean(target))
        return EncodedByTarget({}, mean, np.full(len(texts), mean))
    folds = KFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    encoder = TargetEncoder(target_type="continuous", cv=folds)
    held_out = encoder.fit_transform(bucketed[:, None], target)[:, 0]
    learned = dict(zip(encoder.categories_[0], map(float, encoder.encodings_[0]), strict=True))
    rest = learned.pop(_RARE, float(encoder.target_mean_))
    return EncodedByTarget(learned, rest, held_out)


def dimensions_of(treatment: Any) -> list[str]:
    """The names of the numbers that counted items become."""
    if treatment.encode == "entropy":
        return [treatment.feature]
    return [f"{treatment.feature}_{n}" for n in range(1, treatment.encode_top_count + 1)]


def names_of(treatments: list[Any]) -> list[str]:
    """The names of all numbers that counted items become under a catalogue."""
    return [
        name
        for treatment in treatments
        if treatment.kind == "items"
        for name in dimensions_of(treatment)
    ]


def with_dimensions(treatments: list[Any]) -> list[Any]:
    """The treatments with each kind of items replaced by its numbers."""
    expanded = []
    for treatment in treatments:
        if treatment.kind != "items":
            expanded.append(treatment)
            continue
        expanded += [
            replace(treatment, feature=name, kind="numeric", encode_top_count=None)
            for name in dimensions_of(treatment)
        ]
    return expanded


def learn_vectors(items: pd.DataFrame, treatments: list[Any], *, seed: int = 0) -> pd.DataFrame:
    """`vector` rows: what each item is worth in each dimension.

    ``items`` has a row for each user of the sample, kind and item: ``user_id``,
    ``item_kind``, ``item``, ``item_count`` (above 0). The name of a row is the item, its
    text the kind. Items of an entropy are worth nothing by themselves: their value is
    null. A dimension that the items cannot fill has no rows.
    """
    rows: list[dict[str, Any]] = []
    for treatment in treatments:
        if treatment.kind != "items":
            continue
        own = items[items["item_kind"].eq(treatment.item_kind)]
        totals = own.groupby("item")["item_count"].sum().sort_index()
        totals = totals.sort_values(ascending=False, kind="stable").head(ITEM_LIMIT)
        names = totals.index.to_numpy(dtype=object)
        for dimension, vector in zip(
            dimensions_of(treatment), _vectors(own, names, treatment, seed), strict=False
        ):
            rows += [
                {
                    "record": "vector",
                    "feature": dimension,
                    "name": item,
                    "value": value,
                    "text": treatment.item_kind,
                }
                for item, value in zip(names, vector, strict=True)
            ]
    return as_artifacts(rows)


def _vectors(own, names, treatment, seed) -> list[np.ndarray]:
    if len(names) == 0:
        return []
    if treatment.encode == "entropy":
        return [np.full(len(names), np.nan)]
    if treatment.encode == "shares":
        count = min(treatment.encode_top_count, len(names))
        return list(np.eye(len(names))[:count])
    shares = _shares(own, names)
    # as many directions as there are, less the one that svd needs to spare
    count = min(treatment.encode_top_count, min(shares.shape) - 1)
    if count < 1:
        return []
    with threadpool_limits(limits=1):
        svd = TruncatedSVD(n_components=count, random_state=seed % 2**32).fit(shares)
    # a direction may as well point the other way: its largest item is made positive
    largest = np.abs(svd.components_).argmax(axis=1)
    signs = np.sign(svd.components_[np.arange(count), largest])
    return list(svd.components_ * signs[:, None])


def _shares(own, names) -> coo_array:
    """Users by items, sparse: the share of each item in what was counted for the user."""
    known = own[own["item"].isin(names)]
    users, user_names = pd.factorize(known["user_id"], sort=True)
    items = pd.Index(names).get_indexer(known["item"])
    counts = known["item_count"].to_numpy("float64")
    totals = np.bincount(users, weights=counts, minlength=len(user_names))
    shape = (len(user_names), len(names))
    return coo_array((counts / totals[users], (users, items)), shape=shape).tocsr()


def embed(items: pd.DataFrame, rows: pd.DataFrame, users: pd.Series) -> pd.DataFrame:
    """The raw numbers of each user in each dimension of counted items; nan without items.

    ``rows`` are those of one model; other records than `vector` are passed over. The
    index is that of ``users``.
    """
    columns = {}
    for dimension, vector in rows[rows["record"].eq("vector")].groupby("feature"):
        worth = vector.set_index("name")["value"]
        is_known = items["item_kind"].eq(vector["text"].iloc[0]) & items["item"].isin(worth.index)
        counted = items[is_known]
        count = counted["item_count"].astype("float64")
        total = count.groupby(counted["user_id"]).sum()
        if worth.isna().all():
            spread = (count * np.log(count)).groupby(counted["user_id"]).sum()
            values = (np.log(total) - spread / total).abs().round(9)
        else:
            summed = count * counted["item"].map(worth).astype("float64")
            values = summed.groupby(counted["user_id"]).sum() / total
        columns[dimension] = users.map(values).astype("float64")
    return pd.DataFrame(columns, index=users.index)
