"""The sample is the same for everyone, hard enough, and holds every planted trait."""

import gzip
import json
from hashlib import sha256
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kindred.samples import (
    DEFAULT_DAYS,
    DEFAULT_PEOPLE,
    DEFAULT_SEED,
    delivering,
    evaluation,
    judging,
    simulating,
    write_sample,
)


def digests(home: Path) -> dict[str, str]:
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, people=500, days=30, progress=False)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    write_sample(folder, people=80, days=14, progress=False)
    return folder


@pytest.fixture(scope="module")
def lines(home):
    """Records of the sources, parsed, by source."""
    found = {}
    for source in ("ga4", "web"):
        found[source] = [
            (path.name, line)
            for path in sorted((home / "inbox" / source / "events").glob("*.gz"))
            for line in gzip.decompress(path.read_bytes()).decode().splitlines()
        ]
    records = {}
    for source, texts in found.items():
        records[source] = []
        for name, text in texts:
            try:
                records[source].append(json.loads(text) | {"file": name})
            except json.JSONDecodeError:
                records.setdefault("broken", []).append(text)
    return records


@pytest.fixture(scope="module")
def outcomes(home):
    frame = pd.read_parquet(home / "truth" / "row_outcomes.parquet")
    return frame.set_index(["source", "source_table", "outcome"])["row_count"]


def table(home: Path, source: str, name: str) -> pd.DataFrame:
    reader = "read_parquet" if name == "order_lines" else "read_csv"
    options = "" if name == "order_lines" else ", all_varchar = true"
    pattern = home / "inbox" / source / name / "*"
    return duckdb.sql(f"select * from {reader}('{pattern}'{options})").df()


def test_equal_arguments_give_equal_bytes(small, tmp_path):
    write_sample(tmp_path, people=80, days=14, progress=False)
    assert digests(tmp_path) == digests(small)


def test_another_seed_gives_another_shop(small, tmp_path):
    write_sample(tmp_path, people=80, days=14, seed=7, progress=False)
    ours, theirs = digests(small), digests(tmp_path)
    assert ours.keys() & theirs.keys()
    different = {n for n in ours.keys() & theirs.keys() if ours[n] != theirs[n]}
    assert different >= {n for n in ours if n.startswith("inbox/ga4/events/events_2026")}


def test_a_gzip_header_carries_no_time(small):
    for path in (small / "inbox").rglob("*.gz"):
        assert path.read_bytes()[4:8] == bytes(4)


def test_the_size_scales_and_blocks_of_people_share_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("kindred.samples.BLOCK_PEOPLE", 60)
    counts = write_sample(tmp_path, people=150, days=14, progress=False)
    assert counts["people"] == 150
    identifiers = pd.read_parquet(tmp_path / "truth" / "identifiers.parquet")
    assert not identifiers.duplicated(["identifier_kind", "identifier_value"]).any()
    people = pd.read_parquet(tmp_path / "truth" / "people.parquet")
    assert people["person_id"].is_unique


def test_other_peoples_files_are_left_alone(tmp_path):
    own = tmp_path / "inbox" / "web" / "events" / "mine.jsonl"
    own.parent.mkdir(parents=True)
    own.write_text("{}\n")
    with pytest.raises(FileExistsError):
        write_sample(tmp_path, people=40, days=14, progress=False)
    assert own.read_text() == "{}\n"


@pytest.mark.parametrize(("people", "days"), [(39, 60), (2000, 13)])
def test_a_sample_too_small_to_hold_its_traits_is_refused(tmp_path, people, days):
    with pytest.raises(ValueError, match="at least"):
        write_sample(tmp_path, people=people, days=days)


def test_the_sample_is_hard_but_not_impossible(tmp_path):
    block = simulating.simulate(0, 0, DEFAULT_PEOPLE, DEFAULT_DAYS, DEFAULT_SEED)
    rows = delivering.deliver(block, 0, DEFAULT_DAYS, DEFAULT_SEED)
    judging.judge(block, rows).people.to_parquet(tmp_path / "people.parquet")
    scores = evaluation.yardsticks(tmp_path)
    assert scores["naive"] <= evaluation.NAIVE_LIMIT
    assert 0.90 <= scores["oracle"] <= evaluation.ORACLE_LIMIT
    assert scores["people"] > 1_500


def test_rows_of_each_file_are_counted_in_the_truth(home, lines, outcomes):
    for source in ("ga4", "web"):
        total = outcomes.loc[source, "events"].sum()
        broken = outcomes.get((source, "events", "unparsable"), 0)
        assert total - broken == len(lines[source])
    assert outcomes["web", "events", "unparsable"] == len(lines["broken"])
    for source, name in (
        ("pixel", "hits"),
        ("ads", "clicks"),
        ("ads", "costs"),
        ("crm", "customers"),
        ("crm", "orders"),
        ("crm", "order_lines"),
        ("crm", "consents"),
        ("crm", "erasures"),
    ):
        assert outcomes.loc[source, name].sum() == len(table(home, source, name))


@pytest.mark.parametrize(
    "outcome",
    ["no_id", "impossible_time", "duplicate", "no_consent", "bot_behaviour", "kept"],
)
def test_every_outcome_happens_to_ga4_and_web(outcomes, outcome):
    assert outcomes["ga4", "events", outcome] > 0
    assert outcomes["web", "events", outcome] > 0


def test_whoever_asks_to_be_erased_is_in_no_other_truth(home, outcomes):
    asked = table(home, "crm", "erasures")
    assert set(asked["identifier_kind"]) == {"email", "login", "customer"}
    known = pd.read_parquet(home / "truth" / "identifiers.parquet")["identifier_value"]
    assert not known.str.contains("leaver", case=False).any()
    assert outcomes["web", "events", "erased"] == 3 * len(asked)
    assert outcomes["crm", "customers", "erased"] == len(asked)


def test_bots_by_name_come_through_the_tag(outcomes):
    assert outcomes["web", "events", "bot_pattern"] > 0


def test_devices_clocks_are_days_ahead_or_stand_at_1970(lines):
    web = pd.DataFrame(lines["web"])
    sent, loaded = pd.to_datetime(web["sent_at"]), pd.to_datetime(web["loaded_at"])
    assert ((sent - loaded) == pd.Timedelta(days=2)).any()
    assert (sent.dt.year == 1970).any()


def test_some_records_come_days_late_and_out_of_order(lines):
    web = pd.DataFrame(lines["web"])
    sent, loaded = pd.to_datetime(web["sent_at"]), pd.to_datetime(web["loaded_at"])
    delay = loaded - sent
    assert ((delay > pd.Timedelta(days=1)) & (delay < pd.Timedelta(days=6))).any()
    assert not sent[loaded.argsort(kind="stable")].is_monotonic_increasing


def test_intraday_files_repeat_and_anticipate_daily_ones(lines):
    ga4 = pd.DataFrame(lines["ga4"])
    key = ["user_pseudo_id", "event_name", "event_timestamp"]
    early = ga4["file"].str.contains("intraday")
    both = ga4[early].merge(ga4[~early], on=key)
    assert 0 < len(both) < early.sum()


def test_sessions_stay_open_for_1800_seconds_and_close_after_1801(home, lines):
    sessions = pd.read_parquet(home / "truth" / "sessions.parquet")
    web = pd.DataFrame(lines["web"])
    web = web[web["session_id"].isna() & (web["anonymous_id"] != "")]
    web = web.drop_duplicates("event_id")
    web["at"] = pd.to_datetime(web["sent_at"]).dt.tz_localize(None)
    web = web[web["at"].dt.year == 2026].sort_values(["anonymous_id", "at", "event_id"])
    gap = web.groupby("anonymous_id")["at"].diff()
    starts = set(zip(sessions["anonymous_id"], sessions["started_at"], strict=True))
    stays = web[gap == pd.Timedelta(seconds=1800)]
    opens = web[gap == pd.Timedelta(seconds=1801)]
    assert len(stays)
    assert len(opens)
    assert not {*zip(stays["anonymous_id"], stays["at"], strict=True)} & starts
    kept = list(zip(opens["anonymous_id"], opens["at"], strict=True))
    assert sum(pair in starts for pair in kept) > 0.7 * len(kept)  # others are dropped


def test_sessions_run_over_midnight_and_none_over_a_day(home):
    sessions = pd.read_parquet(home / "truth" / "sessions.parquet")
    over = sessions["started_at"].dt.date != sessions["ended_at"].dt.date
    assert over.any()
    length = sessions["ended_at"] - sessions["started_at"]
    assert length.max() <= pd.Timedelta(hours=24)
    # a provided id holds a visit together over a long silence
    assert (length > pd.Timedelta(hours=2)).any()


def test_people_have_devices_and_logins_and_some_share_them(home):
    people = pd.read_parquet(home / "truth" / "people.parquet")
    assert people["device_count"].max() >= 3
    identifiers = pd.read_parquet(home / "truth" / "identifiers.parquet")
    logins = identifiers[identifiers["identifier_kind"] == "login"]
    assert set(logins.groupby("person_id").size()) >= {1, 2}
    shared = identifiers[identifiers["is_shared"]]
    assert set(shared["identifier_kind"]) == {"anonymous", "email"}
    assert shared["person_id"].is_unique
    assert set(people["role"]) == {"member", "passer_by", "crm_only", "internal"}


def test_internal_visits_are_marked_in_both_trackers(lines):
    assert any('"traffic_type"' in json.dumps(row) for row in lines["web"])
    assert any('"traffic_type"' in json.dumps(row) for row in lines["ga4"])


def test_two_trackers_report_some_visits(lines):
    ga4 = {row.get("user_pseudo_id") for row in lines["ga4"]}
    web = {row["anonymous_id"] for row in lines["web"]}
    assert len(ga4 & web - {None, ""}) > 2


def test_paid_clicks_match_the_landings(home, lines):
    clicks = set(table(home, "ads", "clicks")["click_id"])
    landed = {
        row["collected_traffic_source"].get("gclid")
        for row in lines["ga4"]
        if "collected_traffic_source" in row
    } - {None}
    assert landed
    assert landed <= clicks
    assert clicks - landed


def test_the_pixel_knows_letters_and_the_other_domain(home):
    hits = table(home, "pixel", "hits")["query"]
    assert hits.str.contains("e=open&eh=[0-9a-f]{64}").any()
    assert hits.str.contains("e=click&aid=.*&eh=").any()
    assert hits.str.contains("&lid=").any()


def test_the_crm_is_as_untidy_as_crms_are(home):
    customers = table(home, "crm", "customers")
    assert customers["birth_date"].str.startswith("1850").any()
    assert customers["birth_date"].isna().any()
    assert (customers["satisfaction_score"] == "99.0").any()
    assert customers["email"].str.contains("[A-Z]").any()
    orders = table(home, "crm", "orders")
    assert set(orders["status"]) == {"completed", "cancelled", "refunded", "refund"}
    assert set(orders["currency"]) == {"USD", "EUR", "GBP"}
    refunds = orders[orders["status"] == "refund"]
    assert refunds["refunds_order_id"].notna().any()
    assert refunds["refunds_order_id"].isna().any()
    order_lines = table(home, "crm", "order_lines")
    assert order_lines["unit_price"].isna().any()
    assert order_lines["is_cancelled"].any()
    assert (order_lines["refunded_quantity"] > 0).any()
    assert order_lines["line_id"].isna().any()
    consents = table(home, "crm", "consents")
    assert set(consents["analytics"]) == {"granted", "denied"}
    for identifier in ("customer_id", "login", "email", "anonymous_id"):
        assert consents[identifier].notna().any()


def test_events_spell_order_ids_in_their_own_way(home, lines):
    known = set(table(home, "crm", "orders")["order_id"])
    told = {row["order_id"] for row in lines["web"] if "order_id" in row}
    tidy = {text.strip().upper() for text in told}
    assert told - known
    assert len(tidy & known) > 0.8 * len(tidy)


def test_an_address_stands_in_a_page_and_a_name_is_unmapped(lines):
    assert any("email=person" in row["page"] for row in lines["web"])
    assert "Wishlist Shared" in {row["name"] for row in lines["web"]}
    prices = [row.get("price") for row in lines["web"] if "product_id" in row]
    assert None in prices


def test_a_perfect_build_scores_perfectly_and_a_wrong_one_does_not(small):
    truth = small / "truth"
    connection = duckdb.connect()
    connection.execute("create schema marts")
    connection.execute(f"create table marts.fct_sessions as from '{truth}/sessions.parquet'")
    connection.execute(
        "create table marts.dim_identities as select *, person_id as user_id"
        f" from '{truth}/identifiers.parquet'"
    )
    connection.execute(
        "create table marts.fct_user_segments as"
        " select person_id as user_id, segment as segment_id"
        f" from '{truth}/people.parquet'"
    )
    connection.execute(
        f"create table marts.fct_row_outcomes as from '{truth}/row_outcomes.parquet'"
    )
    connection.execute(
        "create table marts.fct_experiment_results as select 'order_count' as metric,"
        " 'all' as slice_kind, 'hint' as arm, avg(orders_with - orders_without) - 0.01 as ci_low,"
        f" ci_low + 0.02 as ci_high from '{truth}/experiments.parquet' where arm_count = 1"
    )
    scores = evaluation.evaluate(connection, truth)
    assert not any(line.startswith("MISS") for line in evaluation.report(scores))
    assert scores["outcomes_wrong"] == 0
    assert scores["sessions_missing"] == scores["sessions_extra"] == 0
    assert scores["identity_precision"] == scores["identity_recall"] == 1
    assert scores["segments_ari"] > 0.95
    connection.execute("update marts.fct_sessions set event_count = event_count + 1")
    connection.execute("update marts.dim_identities set user_id = 'everybody'")
    connection.execute("update marts.fct_user_segments set segment_id = 'one'")
    connection.execute("update marts.fct_row_outcomes set row_count = row_count + 1")
    # a lift that the interval does not hold; the shop of a few days has not begun its experiment
    missed = {**scores, "lift_people": 9, "lift_true": 0.2, "lift_low": 0.3, "lift_high": 0.4}
    assert sum(line.startswith("MISS") for line in evaluation.report(missed)) == 1
    assert not any(
        line.startswith("MISS") for line in evaluation.report({**missed, "lift_low": 0.1})
    )
    worse = evaluation.evaluate(connection, truth)
    assert worse["outcomes_wrong"] == worse["outcomes"]
    assert worse["sessions_missing"] == worse["sessions_true"]
    assert worse["identity_precision"] < 0.1
    assert sum(line.startswith("MISS") for line in evaluation.report(worse)) == 4
