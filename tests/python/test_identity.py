"""Who is who: persons from strong edges, devices from weak ones."""

from hashlib import md5

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kindred.identity import STRONG_KINDS, WEAK_KINDS, resolve_identities

START = pd.Timestamp("2026-01-01")
COLUMNS = ["left_kind", "left_value", "right_kind", "right_value"]


def edges_of(*pairs, days=None):
    """Edges from pairs such as ("login:a", "email:x"); a lone text declares a node."""
    rows = []
    for number, pair in enumerate(pairs):
        left, right = (pair, pair) if isinstance(pair, str) else pair
        left_kind, left_value = left.split(":")
        right_kind, right_value = right.split(":")
        moment = START + pd.Timedelta(days=(days or {}).get(number, number))
        strong = {left_kind, right_kind} <= set(STRONG_KINDS)
        rows.append((left_kind, left_value, right_kind, right_value, strong, moment, moment))
    return pd.DataFrame(rows, columns=[*COLUMNS, "is_strong", "first_seen_at", "last_seen_at"])


def users_of(edges, max_logins=3):
    result = resolve_identities(edges, max_logins=max_logins)
    names = result["identifier_kind"] + ":" + result["identifier_value"]
    return dict(zip(names, result["user_id"], strict=True))


def user_named(identifier):
    return md5(identifier.replace(":", "|").encode()).hexdigest()


def test_a_record_with_two_strong_identifiers_makes_one_person():
    users = users_of(edges_of(("login:a", "email:x"), ("email:x", "phone:1")))
    assert set(users.values()) == {user_named("email:x")}


def test_a_strong_pair_that_no_single_record_held_joins_nothing():
    edges = edges_of(("login:a", "email:x")).assign(is_strong=False)
    assert len(set(users_of(edges).values())) == 2


def test_a_device_follows_the_one_person_it_touches():
    users = users_of(edges_of(("anonymous:d", "login:a"), ("click:c", "anonymous:d")))
    assert set(users.values()) == {user_named("login:a")}


def test_a_shared_device_merges_nobody_and_belongs_to_neither():
    edges = edges_of(
        ("anonymous:shared", "login:a"),
        ("anonymous:shared", "login:b"),
        ("anonymous:shared", "anonymous:own"),
        ("anonymous:own", "login:a"),
        ("anonymous:shared", "click:c"),
    )
    users = users_of(edges)
    assert users["login:a"] != users["login:b"]
    assert users["anonymous:own"] == users["login:a"]
    assert users["anonymous:shared"] == user_named("anonymous:shared")
    assert users["click:c"] == user_named("click:c")
    result = resolve_identities(edges, max_logins=3)
    weak = result["identifier_kind"].isin(WEAK_KINDS)
    assert result["is_suspect"].tolist() == weak.tolist()
    assert result.loc[weak, "component_size"].tolist() == [3, 3, 3]


def test_devices_without_a_person_are_one_user_named_after_the_first_seen():
    edges = edges_of(("anonymous:a", "click:z"), ("click:z", "anonymous:b"), "anonymous:b")
    edges.loc[2, "first_seen_at"] = START - pd.Timedelta(days=9)
    assert set(users_of(edges).values()) == {user_named("anonymous:b")}


def test_a_tie_in_time_goes_to_the_smallest_identifier():
    edges = edges_of(("click:a", "anonymous:b"), ("click:a", "anonymous:c"))
    edges["first_seen_at"] = START
    assert set(users_of(edges).values()) == {user_named("anonymous:b")}


def test_too_many_logins_are_kept_apart_by_login():
    edges = edges_of(
        *((f"login:{n}", "phone:shop") for n in range(4)),
        ("login:0", "email:own"),
        ("phone:shop", "customer:far"),
    )
    users = users_of(edges, max_logins=3)
    assert len({users[f"login:{n}"] for n in range(4)}) == 4
    assert users["email:own"] == users["login:0"] == user_named("email:own")
    assert users["phone:shop"] == user_named("phone:shop")
    assert users["customer:far"] == user_named("customer:far")
    assert resolve_identities(edges, max_logins=3)["is_suspect"].all()


def test_exactly_the_permitted_number_of_logins_is_one_person():
    edges = edges_of(*((f"login:{n}", "phone:home") for n in range(3)))
    assert len(set(users_of(edges, max_logins=3).values())) == 1
    assert not resolve_identities(edges, max_logins=3)["is_suspect"].any()


def test_equal_values_of_different_kinds_are_different_identifiers():
    users = users_of(edges_of("login:7", "customer:7", "anonymous:7"))
    assert len(set(users.values())) == 3


def test_an_identifier_was_seen_from_its_first_edge_to_its_last():
    edges = edges_of(("login:a", "email:x"), "login:a", days={0: 5, 1: 2})
    edges.loc[0, "last_seen_at"] = START + pd.Timedelta(days=8)
    result = resolve_identities(edges, max_logins=3).set_index("identifier_kind")
    assert result.loc["login", "first_seen_at"] == START + pd.Timedelta(days=2)
    assert result.loc["login", "last_seen_at"] == START + pd.Timedelta(days=8)
    assert result.loc["email", "first_seen_at"] == START + pd.Timedelta(days=5)


def test_an_unknown_time_is_no_reason_to_lose_an_identifier():
    edges = edges_of(("click:c", "anonymous:d"), "click:c")
    edges["first_seen_at"] = [pd.NaT, START]
    edges["last_seen_at"] = pd.NaT
    result = resolve_identities(edges, max_logins=3).set_index("identifier_kind")
    assert pd.isna(result.loc["anonymous", "first_seen_at"])
    assert set(result["user_id"]) == {user_named("click:c")}


def test_no_edges_give_a_typed_empty_frame():
    result = resolve_identities(edges_of("login:a").iloc[:0], max_logins=3)
    full = resolve_identities(edges_of("login:a"), max_logins=3)
    assert len(result) == 0
    assert result.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("left_kind", "cookie", "unknown identifier kinds: cookie"),
        ("right_value", None, "without a value"),
    ],
)
def test_an_edge_that_cannot_be_read_is_refused(column, value, message):
    edges = edges_of(("login:a", "email:x"))
    edges[column] = [value]
    with pytest.raises(ValueError, match=message):
        resolve_identities(edges, max_logins=3)


def test_at_least_one_login_must_be_permitted():
    with pytest.raises(ValueError, match="max_logins"):
        resolve_identities(edges_of("login:a"), max_logins=0)


# Small worlds, so that chains, shared devices and crowded components are frequent.
identifiers = st.tuples(
    st.sampled_from(["login", "login", "customer", "email", "anonymous", "click"]),
    st.sampled_from(["1", "2", "3"]),
).map(":".join)
small_graphs = st.lists(
    st.tuples(
        st.tuples(identifiers, identifiers),
        st.booleans(),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=14,
)


def frame_of(graph):
    edges = edges_of(*(pair for pair, *_ in graph))
    # most strong pairs come from one record, some do not
    one_record = [keep or number % 3 for number, (_, keep, *_) in enumerate(graph)]
    edges["is_strong"] &= np.array(one_record, dtype=bool)
    days = [sorted(pair) for _, _, *pair in graph]
    edges["first_seen_at"] = [START + pd.Timedelta(days=day) for day, _ in days]
    edges["last_seen_at"] = [START + pd.Timedelta(days=day) for _, day in days]
    return edges


def spread(start, neighbours):
    found, waiting = {start}, [start]
    while waiting:
        for other in neighbours.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


def reference(edges, max_logins):
    """The rules read aloud, one identifier at a time."""
    strong, weak, mixed, seen = {}, {}, {}, {}
    for row in edges.itertuples():
        ends = [(row.left_kind, row.left_value), (row.right_kind, row.right_value)]
        for one, other in (ends, ends[::-1]):
            seen[one] = min(seen.get(one, row.first_seen_at), row.first_seen_at)
            kinds = (one[0] in STRONG_KINDS, other[0] in STRONG_KINDS)
            if kinds == (True, True) and row.is_strong:
                strong.setdefault(one, set()).add(other)
            elif kinds == (False, False):
                weak.setdefault(one, set()).add(other)
            elif kinds == (False, True):
                mixed.setdefault(one, set()).add(other)

    person, suspect, size = {}, {}, {}
    for node in [node for node in seen if node[0] in STRONG_KINDS]:
        members = spread(node, strong)
        size[node] = len(members)
        suspect[node] = sum(kind == "login" for kind, _ in members) > max_logins
        person[node] = ("component", members)
        if suspect[node]:
            logins = {n for n in strong.get(node, ()) if n[0] == "login"} - {node}
            follows = node[0] != "login" and len(logins) == 1
            person[node] = ("apart", next(iter(logins)) if follows else node)

    user = dict(person)
    for node in [node for node in seen if node[0] in WEAK_KINDS]:
        members = spread(node, weak)
        size[node] = len(members)
        touched = {person[s] for m in members for s in mixed.get(m, ())}
        suspect[node] = len(touched) > 1
        direct = {person[s] for s in mixed.get(node, ())}
        if suspect[node]:
            user[node] = direct.pop() if len(direct) == 1 else ("alone", node)
        else:
            user[node] = touched.pop() if touched else ("weak", members)

    names = {}
    for label in set(user.values()):
        members = [node for node in user if user[node] == label]
        strong_members = [node for node in members if node[0] in STRONG_KINDS]
        names[label] = min(
            strong_members or members,
            key=lambda node: ((seen[node] if not strong_members else START), node),
        )
    return {
        node: (
            md5("|".join(names[user[node]]).encode()).hexdigest(),
            size[node],
            suspect[node],
            seen[node],
        )
        for node in seen
    }


@settings(max_examples=250, deadline=None)
@given(graph=small_graphs, max_logins=st.integers(1, 3))
def test_every_small_graph_resolves_as_the_rules_read(graph, max_logins):
    edges = frame_of(graph)
    result = resolve_identities(edges, max_logins=max_logins)
    actual = {
        (row.identifier_kind, row.identifier_value): (
            row.user_id,
            row.component_size,
            row.is_suspect,
            row.first_seen_at,
        )
        for row in result.itertuples()
    }
    assert actual == reference(edges, max_logins)


@settings(max_examples=100, deadline=None)
@given(graph=small_graphs, order=st.randoms(use_true_random=False))
def test_order_direction_and_repetition_of_edges_change_nothing(graph, order):
    edges = frame_of(graph)
    turned = edges.rename(
        columns={name: name.replace("left", "r").replace("right", "left") for name in COLUMNS}
    ).rename(columns={"r_kind": "right_kind", "r_value": "right_value"})
    places = [*range(len(edges)), *range(len(edges))]
    order.shuffle(places)
    again = pd.concat([edges, turned]).iloc[[*places, *(place + len(edges) for place in places)]]
    pd.testing.assert_frame_equal(
        resolve_identities(edges, max_logins=2),
        resolve_identities(again, max_logins=2),
    )


def test_a_chain_of_two_thousand_is_one_person_among_many():
    count = 60_000
    numbers = np.arange(count).astype(str)
    chain = np.arange(2_000).astype(str)
    edges = pd.concat(
        [
            pd.DataFrame(
                {
                    "left_kind": "anonymous",
                    "left_value": numbers,
                    "right_kind": "login",
                    "right_value": numbers,
                    "is_strong": False,
                }
            ),
            pd.DataFrame(
                {
                    "left_kind": "email",
                    "left_value": "c" + chain[:-1],
                    "right_kind": "email",
                    "right_value": "c" + chain[1:],
                    "is_strong": True,
                }
            ),
        ],
        ignore_index=True,
    ).assign(first_seen_at=START, last_seen_at=START)
    result = resolve_identities(edges, max_logins=3)
    assert result["user_id"].nunique() == count + 1
    assert result["component_size"].max() == 2_000
