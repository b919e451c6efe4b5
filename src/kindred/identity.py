"""Resolve identifiers to users. Frames in, frames out: no dbt, no warehouse, no clock.

Strong identifiers (login, customer, email, phone) name a person; weak ones (anonymous,
click) name a device or a visit. Strong edges make persons, weak edges carry devices to
them. The answer depends on the set of edges only, never on their order or repetition.
"""

from hashlib import md5

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# In alphabetical order, so that the code of a kind is also its rank.
KINDS = ("anonymous", "click", "customer", "email", "login", "phone")
STRONG_KINDS = ("customer", "email", "login", "phone")
WEAK_KINDS = ("anonymous", "click")

_IS_STRONG_KIND = np.array([kind in STRONG_KINDS for kind in KINDS])
_LOGIN = KINDS.index("login")
_NEVER = np.iinfo(np.int64).max  # sorts an identifier without a time last


def resolve_identities(edges: pd.DataFrame, *, max_logins: int) -> pd.DataFrame:
    """Give every identifier its user.

    ``edges`` has one row per pair seen together: left_kind, left_value, right_kind,
    right_value, is_strong, first_seen_at, last_seen_at. An edge from an identifier to
    itself declares it. Order, direction and repetition of rows do not matter.

    Two strong identifiers are joined only by a row with ``is_strong`` (one record
    held both). An edge with a weak end counts as weak whatever the flag says.

    Returns one row per identifier, sorted by kind and value: identifier_kind,
    identifier_value, user_id (md5 of ``kind|value`` of the identifier that names the
    user), cluster_id (the same of the smallest of all identifiers that any edge leads to:
    nothing outside the cluster has a part in the answer), component_size, is_suspect,
    first_seen_at, last_seen_at. The size is that of the component the identifier was
    judged in: strong identifiers joined by strong edges, or weak identifiers joined by
    weak edges. Suspect are strong components with
    more than ``max_logins`` logins and weak components that touch several persons.

    Raises ValueError for an unknown kind, a missing value or ``max_logins`` below 1.
    """
    if max_logins < 1:
        raise ValueError("max_logins must be at least 1")
    nodes, left, right = _number_identifiers(edges)
    node_count = len(nodes)
    is_strong = _IS_STRONG_KIND[nodes["kind"].to_numpy()]

    person, strong_size, strong_suspect = _resolve_strong(
        nodes["kind"].to_numpy(),
        is_strong,
        *_select(left, right, edges["is_strong"].to_numpy(dtype=bool)),
        max_logins=max_logins,
    )
    user, weak_size, weak_suspect = _resolve_weak(is_strong, person, left, right)

    cluster = _components(left, right, node_count)
    first_member = np.full(node_count, node_count, dtype="int64")
    np.minimum.at(first_member, cluster, np.arange(node_count))

    first_seen, last_seen = _seen(edges, left, right, node_count)
    name = _naming_identifier(user, is_strong, first_seen)
    return pd.DataFrame(
        {
            "identifier_kind": pd.array(np.array(KINDS)[nodes["kind"]], dtype="str"),
            "identifier_value": nodes["value"],
            "user_id": _hash_names(nodes, name),
            "cluster_id": _hash_names(nodes, first_member[cluster]),
            "component_size": np.where(is_strong, strong_size, weak_size),
            "is_suspect": np.where(is_strong, strong_suspect, weak_suspect),
            "first_seen_at": _times(first_seen, missing=_NEVER),
            "last_seen_at": _times(last_seen, missing=-_NEVER),
        }
    )


def _number_identifiers(
    edges: pd.DataFrame,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Number identifiers by rank of (kind, value); the ends of edges as numbers."""
    codes, kinds = pd.factorize(
        pd.concat([edges["left_kind"], edges["right_kind"]], ignore_index=True)
    )
    unknown = sorted({str(name) for name in kinds} - set(KINDS))
    if unknown or (codes < 0).any():
        raise ValueError(f"unknown identifier kinds: {', '.join(unknown) or 'null'}")
    kind = pd.Index(KINDS).get_indexer(kinds)[codes].astype("int64")

    ends = [
        pa.array(edges[f"{side}_value"], type=pa.large_string(), from_pandas=True)
        for side in ("left", "right")
    ]
    flat = [end.combine_chunks() if isinstance(end, pa.ChunkedArray) else end for end in ends]
    values = pa.concat_arrays(flat)
    if values.null_count:
        raise ValueError("an edge holds an identifier without a value")
    coded = values.dictionary_encode()
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), dtype="int64")
    rank[order] = np.arange(len(order))
    value = rank[coded.indices.to_numpy(zero_copy_only=False)]

    # kind first, then value: one integer that sorts as the pair does
    pair = kind * max(len(order), 1) + value
    distinct, number = _number_in_order(pair)
    nodes = pd.DataFrame(
        {
            "kind": distinct // max(len(order), 1),
            "value": coded.dictionary.take(
                pa.array(order[distinct % max(len(order), 1)])
            ).to_pandas(),
        }
    )
    nodes["value"] = nodes["value"].astype("str")
    return nodes, number[: len(edges)], number[len(edges) :]


def _number_in_order(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct keys and the place of each key; hashing beats sorting twice."""
    codes, distinct = pd.factorize(keys)
    order = np.argsort(distinct)
    place = np.empty(len(order), dtype="int64")
    place[order] = np.arange(len(order))
    return distinct[order], place[codes]


def _select(left, right, mask):
    return left[mask], right[mask]


def _components(left: np.ndarray, right: np.ndarray, node_count: int) -> np.ndarray:
    graph = coo_matrix(
        (np.ones(len(left), dtype="int8"), (left, right)),
        shape=(node_count, node_count),
    )
    if node_count == 0:
        return np.zeros(0, dtype="int64")
    return connected_components(graph, directed=False)[1].astype("int64")


def _distinct_pairs(one: np.ndarray, other: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct pairs of numbers, the second below ``size``."""
    pair = pd.unique(one * max(size, 1) + other)
    return pair // max(size, 1), pair % max(size, 1)


def _only_partner(
    one: np.ndarray, other: np.ndarray, one_count: int, other_count: int
) -> tuple[np.ndarray, np.ndarray]:
    """For each ``one``: how many distinct others, and the other where there is one."""
    one, other = _distinct_pairs(one, other, other_count)
    count = np.bincount(one, minlength=one_count)
    partner = np.full(one_count, -1, dtype="int64")
    single = count[one] == 1
    partner[one[single]] = other[single]
    return count, partner


def _resolve_strong(kind, is_strong, left, right, *, max_logins):
    """Persons of the strong identifiers, as the number of one of their members."""
    node_count = len(kind)
    both = is_strong[left] & is_strong[right] & (left != right)
    left, right = _select(left, right, both)
    component = _components(left, right, node_count)
    size = np.bincount(component, minlength=1)[component]

    is_login = kind == _LOGIN
    logins = np.bincount(component[is_login], minlength=node_count + 1)
    suspect = logins[component] > max_logins

    # a number of its own for each person: the first member of the component
    first_member = np.full(node_count, node_count, dtype="int64")
    np.minimum.at(first_member, component, np.arange(node_count))
    person = first_member[component]

    # kept apart by login: others follow the one login that they were seen with
    person[suspect] = np.flatnonzero(suspect)
    ends = np.concatenate([left, right])
    partners = np.concatenate([right, left])
    to_login = suspect[ends] & ~is_login[ends] & is_login[partners]
    login_count, login = _only_partner(ends[to_login], partners[to_login], node_count, node_count)
    follows = login_count == 1
    person[follows] = login[follows]
    return person, size, suspect


def _resolve_weak(is_strong, person, left, right):
    """Users of all identifiers, as the number of one identifier of each user."""
    node_count = len(is_strong)
    both = ~is_strong[left] & ~is_strong[right] & (left != right)
    component = _components(*_select(left, right, both), node_count)
    size = np.bincount(component, minlength=1)[component]

    mixed = is_strong[left] != is_strong[right]
    weak = np.where(is_strong[left], right, left)[mixed]
    touched = person[np.where(is_strong[left], left, right)[mixed]]
    of_component, component_person = _only_partner(component[weak], touched, node_count, node_count)
    of_node, node_person = _only_partner(weak, touched, node_count, node_count)

    suspect = of_component[component] > 1
    first_member = np.full(node_count, node_count, dtype="int64")
    np.minimum.at(first_member, component, np.arange(node_count))
    user = np.where(
        suspect,
        np.where(of_node == 1, node_person, np.arange(node_count)),
        np.where(
            of_component[component] == 1,
            component_person[component],
            first_member[component],
        ),
    )
    return np.where(is_strong, person, user), size, suspect


def _seen(edges, left, right, node_count):
    """Earliest and latest moment of each identifier, in microseconds."""
    first = np.full(node_count, _NEVER, dtype="int64")
    last = np.full(node_count, -_NEVER, dtype="int64")
    for column, extreme, seen in (
        ("first_seen_at", np.minimum, first),
        ("last_seen_at", np.maximum, last),
    ):
        times = edges[column].astype("datetime64[us]").to_numpy()
        known = ~np.isnat(times)
        moments = times[known].astype("int64")
        extreme.at(seen, left[known], moments)
        extreme.at(seen, right[known], moments)
    return first, last


def _times(moments: np.ndarray, *, missing: int) -> np.ndarray:
    times = moments.astype("datetime64[us]")
    times[moments == missing] = np.datetime64("NaT")
    return times


def _naming_identifier(user, is_strong, first_seen):
    """The identifier that names each one's user, as its number.

    Identifiers are numbered by rank of (kind, value), so the smallest number is the
    smallest identifier.
    """
    node_count = len(user)
    numbers = np.arange(node_count)
    name = np.full(node_count, -1, dtype="int64")
    # best name last, since the last assignment of a repeated index is the one kept
    order = np.lexsort((-numbers, -first_seen * ~is_strong, is_strong))
    name[user[order]] = order
    return name[user]


def _hash_names(nodes: pd.DataFrame, name: np.ndarray) -> pd.Series:
    codes, distinct = pd.factorize(name)
    kinds = nodes["kind"].to_numpy()[distinct].tolist()
    values = nodes["value"].iloc[distinct].tolist()
    hashes = np.array(
        [
            md5(f"{KINDS[kind]}|{value}".encode()).hexdigest()
            for kind, value in zip(kinds, values, strict=True)
        ],
        dtype=object,
    )
    return pd.Series(pd.array(hashes, dtype="str")).take(codes).reset_index(drop=True)
