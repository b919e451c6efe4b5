"""What is said of segments and of guesses is true of the users in the build."""

import duckdb
import numpy as np
import pytest
from scipy.special import softmax

from kindred.segmentation.guessing import CATEGORIES, INTERCEPT, NUMBERS, is_held_out
from kindred.summary import summarize


@pytest.fixture(scope="module")
def build(home):
    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as connection:
        yield connection


def test_the_rule_of_a_segment_is_as_true_in_sql_as_it_says(build):
    """On the very users that the rules were not made of."""
    rules = build.execute(
        "select segment_id, rule_condition, rule_fidelity, rule_precision, rule_recall "
        "from marts.dim_segments where status = 'active'"
    ).fetchall()
    assert len(rules) >= 3
    for segment, condition, *claimed in rules:
        users = build.execute(
            f"select user_id, {condition} as holds, segment_id = ? as is_member "
            "from segmentation.seg_fit_sample "
            "inner join segmentation.seg_users__assigned using (user_id)",
            [segment],
        ).df()
        users = users[is_held_out(users["user_id"])]
        both = (users["holds"] & users["is_member"]).sum()
        found = [
            (users["holds"] == users["is_member"]).mean(),
            both / users["holds"].sum(),
            both / users["is_member"].sum(),
        ]
        assert found == pytest.approx(claimed, abs=1e-12), segment
        assert found[0] > 0.9


def test_the_first_session_foretells_the_segment_better_than_the_majority(build):
    tests = build.execute("from marts.fct_cold_start_backtests").df()
    tests = tests.set_index(["population", "method"])
    of_all = tests.loc["all"]
    assert of_all.loc["cold_start", "is_better_than_majority"]
    assert of_all.loc["cold_start", "hit_share"] > of_all.loc["prior", "hit_share"]
    assert of_all.loc["cold_start", "log_loss"] < of_all.loc["prior", "log_loss"]
    assert of_all.loc["cold_start", "calibration_error"] < 0.15


def test_every_judged_user_is_in_one_bin_of_confidence(build):
    rows = build.execute(
        "select method, sum(user_count), sum(hit_count) from marts.fct_cold_start_calibration "
        "group by all order by method"
    ).fetchall()
    tests = build.execute(
        "select method, user_count, hit_count from marts.fct_cold_start_backtests "
        "where population = 'all' order by method"
    ).fetchall()
    assert rows == tests


def test_nobody_is_judged_whom_the_guess_was_learned_from(build):
    users = build.execute("select distinct user_id from segmentation.seg_guesses__judged").df()
    assert len(users) > 100 and is_held_out(users["user_id"]).all()


def test_sql_guesses_as_python_does(build):
    rows = build.execute("from segmentation.seg_model_artifacts where record = 'guess'").df()
    users, guessed = (
        build.execute(
            f"from segmentation.{of_cold} union all by name from segmentation.{of_sample}"
        ).df()
        for of_cold, of_sample in (
            ("seg_users__first_sessions", "seg_fit_first_sessions"),
            ("seg_users__guessed", "seg_fit_guesses"),
        )
    )
    assert set(guessed["method"]) == {"prior", "cold_start"}
    for method, part in rows.groupby("name"):
        table = part.pivot(index="segment_id", columns="feature", values="value")
        scores = np.tile(table[INTERCEPT].to_numpy(), (len(users), 1))
        for term in table.columns.drop(INTERCEPT):
            name, _, level = term.partition("=")
            assert name in (CATEGORIES if level else NUMBERS)
            values = users[name].eq(level) if level else np.log1p(users[name].fillna(0))
            scores += np.outer(values.astype("float64"), table[term])
        expected = dict(zip(users["user_id"], softmax(scores, axis=1), strict=True))
        own = guessed[guessed["method"].eq(method)]
        own = own.pivot(index="user_id", columns="segment_id", values="probability")
        assert list(own.columns) == list(table.index)
        np.testing.assert_allclose(own, [expected[user] for user in own.index], atol=1e-9)


def test_drivers_are_said_of_everyone_of_whom_something_was_seen(build):
    rows = build.execute(
        "select method, count(*), count(top_drivers), min(margin), max(margin) "
        "from marts.fct_user_segments group by method"
    ).fetchall()
    for method, users, driven, low, high in rows:
        assert 0 <= low <= high <= 1
        assert driven == 0 if method == "prior" else driven > 0.95 * users


def test_the_summary_has_two_lines_a_segment_with_its_rule(home, build):
    segments = build.execute(
        "select segment_id, label, rule from marts.dim_segments where status = 'active'"
    ).fetchall()
    lines = summarize(home).splitlines()
    for segment, label, rule in segments:
        place = next(n for n, line in enumerate(lines) if segment in line)
        assert label in lines[place] and rule in lines[place + 1]
        assert "% of users]" in lines[place + 1]
