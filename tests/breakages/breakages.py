"""One-line breakages, each with the check that must notice it."""

from typing import NamedTuple


class Breakage(NamedTuple):
    """``old`` becomes ``new`` once in ``file``; ``check`` is a kind and what it takes.

    Kinds: ``pytest`` a path, ``unit`` models whose unit tests run, ``build`` a dbt
    selection on a small sample, ``truth`` the whole sample held against its truth,
    ``scored`` a test over users scored again.
    """

    sentence: str
    file: str
    old: str
    new: str
    check: str


INT = "models/intermediate"
SEG = "models/segmentation"
PY = "src/kindred"
TRIGGERS = (
    "unit int_triggers__counted int_triggers__candidates int_triggers__walked fct_trigger_firings"
)
INVARIANT = "pytest tests/increments/test_invariant.py"
INCREMENTS = f"{INVARIANT}::test_five_increments_equal_one_full_refresh"
ORDER = f"{INVARIANT}::test_the_order_of_arrival_and_second_deliveries_do_not_matter"
BREAKAGES = [
    # --- sessions, outcomes, identity ------------------------------------------------
    Breakage(
        "a silence of exactly the timeout opens a session",
        f"{INT}/int_events__sessionized.sql",
        "                > {{ var('session_timeout_seconds') }}",
        "                >= {{ var('session_timeout_seconds') }}",
        "truth",
    ),
    Breakage(
        "a provided session id is forgotten",
        f"{INT}/int_events__sessionized.sql",
        "when provided_session_id is not null\n",
        "when provided_session_id is null and false\n",
        "truth",
    ),
    Breakage(
        "two sources share their sessions",
        f"{INT}/int_events__sessionized.sql",
        "partition by visitor_key, source, provided_session_id order by",
        "partition by visitor_key, provided_session_id order by",
        "truth",
    ),
    Breakage(
        "a repeated delivery counts twice",
        f"{INT}/int_events__judged.sql",
        "when ranked.copy_number > 1 then 'duplicate'",
        "when ranked.copy_number > 9 then 'duplicate'",
        "unit int_events__judged",
    ),
    Breakage(
        "refused consent is ignored",
        f"{INT}/int_events__judged.sql",
        "then 'no_consent'",
        "then 'kept'",
        "truth",
    ),
    Breakage(
        "consent withdrawn in the CRM is ignored",
        f"{INT}/int_consents__resolved.sql",
        "    where consents.login is null\n",
        "    where consents.login is null and 1 = 0\n",
        "truth",
    ),
    Breakage(
        "bots by user agent are people",
        f"{INT}/int_user_agents__classified.sql",
        "bots.user_agent is not null as is_bot",
        "false as is_bot",
        "truth",
    ),
    Breakage(
        "bots by behaviour are people",
        f"{INT}/int_sessions__judged.sql",
        "and event_count > duration_seconds",
        "and event_count > 1000 * duration_seconds + 1000000",
        "truth",
    ),
    Breakage(
        "an event of the future is believed",
        "macros/unusable_reason.sql",
        "add_seconds(loaded_at, 3600)",
        "add_seconds(loaded_at, 360000000)",
        "truth",
    ),
    Breakage(
        "a late event is lost",
        f"{INT}/int_events__judged.sql",
        "when told.occurred_at > clock.as_of then 'after_as_of'",
        "when told.own_loaded_at > {{ add_seconds('told.occurred_at', 86400) }} then 'after_as_of'",
        "truth",
    ),
    Breakage(
        "unreadable records are not counted",
        f"{INT}/int_rows__outcomes.sql",
        "    select * from reject_rows",
        "    select * from reject_rows where 1 = 0",
        "build int_rows__outcomes+1",
    ),
    Breakage(
        "a shared device joins two people",
        f"{PY}/identity.py",
        "suspect = of_component[component] > 1",
        "suspect = of_component[component] > 9",
        "pytest tests/python/test_identity.py",
    ),
    Breakage(
        "a login on another's device is the other's",
        f"{INT}/int_events__enriched.sql",
        "            collected.login,\n            collected.customer_id,\n"
        "            collected.email_hash",
        "            collected.anonymous_id,\n            collected.customer_id,\n"
        "            collected.email_hash",
        "unit int_events__enriched",
    ),
    # --- money, users, features ------------------------------------------------------
    Breakage(
        "a wrong join doubles revenue",
        f"{INT}/int_sessions__measured.sql",
        "    from events\n    group by session_key",
        "    from events cross join (select 1 as one union all select 2 as one) as twice\n"
        "    group by session_key",
        "build int_sessions__measured+",
    ),
    Breakage(
        "equal lines of one delivery are one",
        f"{INT}/int_orders__lined.sql",
        '"quantity", "unit_price", "equal_line_number"',
        '"quantity", "unit_price"',
        "truth",
    ),
    Breakage(
        "a cancelled order keeps its money",
        f"{INT}/int_orders__resolved.sql",
        "then greatest(gross_revenue, returned_amount)",
        "then returned_amount",
        "unit int_orders__resolved",
    ),
    Breakage(
        "a user without history is dropped",
        f"{SEG}/seg_users__assigned.sql",
        "    from features\n    inner join scored",
        "    from (select * from features where lifetime_event_count > 0) as features\n"
        "    inner join scored",
        "build seg_users__assigned+",
    ),
    Breakage(
        "a window reaches one day too far",
        f"{INT}/int_users__measured.sql",
        "{{ add_seconds('as_of', -86400 * days) }} as edge_at,",
        "{{ add_seconds('as_of', -86400 * (days + 1)) }} as edge_at,",
        "unit int_users__measured",
    ),
    Breakage(
        "midnight belongs to the next day",
        f"{INT}/int_user_days.sql",
        "cast({{ add_seconds('occurred_at', '-0.000001') }} as date)",
        "cast({{ add_seconds('occurred_at', '0') }} as date)",
        "unit int_user_days",
    ),
    Breakage(
        "what vanished stays in the days of a user",
        f"{INT}/int_user_days.sql",
        "    where identities.user_id is null\n",
        "    where identities.user_id is null and 1 = 0\n",
        "unit int_user_days",
    ),
    Breakage(
        "a day that a window begins in is never active",
        f"{INT}/int_user_cut_days.sql",
        "and later_count = 0 then 1",
        "and later_count >= 0 then 1",
        "unit int_user_cut_days",
    ),
    # --- segmentation ----------------------------------------------------------------
    Breakage(
        "the training mean is shifted",
        f"{SEG}/seg_users__scaled.sql",
        "__transformed - ",
        "__transformed - 1 - ",
        "scored tests/built/test_build.py::test_sql_scores_every_user_as_python_does",
    ),
    Breakage(
        "the second nearest centre wins",
        f"{SEG}/seg_users__scored.sql",
        "{{ nth_by('segment_id', ['squared_distance', 'segment_id'], 1) }} as segment_id",
        "{{ nth_by('segment_id', ['squared_distance', 'segment_id'], 2) }} as segment_id",
        "scored tests/built/test_build.py::test_sql_scores_every_user_as_python_does",
    ),
    Breakage(
        "the smallest cluster is not guarded",
        f"{PY}/segmentation/clustering.py",
        "if trial.smallest_share < guards.smallest_share:",
        "if trial.smallest_share < 0:",
        "pytest tests/python/test_segmentation_fitting.py",
    ),
    Breakage(
        "a feature of the catalogue is unknown to SQL",
        "macros/catalogued_features.sql",
        "        'recency_days',\n",
        "",
        "build feature_catalog_and_sql_agree",
    ),
    # --- triggers and personas -------------------------------------------------------
    Breakage(
        "events at the instant before the window count",
        f"{INT}/int_triggers__counted.sql",
        "rules.within_microseconds + 1 as",
        "rules.within_microseconds + 2 as",
        TRIGGERS,
    ),
    Breakage(
        "a wait that ends exactly now does not fire",
        "models/marts/activation/fct_trigger_firings.sql",
        "walked.fired_at <= clock.as_of",
        "walked.fired_at < clock.as_of",
        TRIGGERS,
    ),
    Breakage(
        "what may fire in the future has fired",
        "models/marts/activation/fct_trigger_firings.sql",
        "    where walked.fired_at <= clock.as_of\n",
        "",
        TRIGGERS,
    ),
    Breakage(
        "a purchase exactly at the end of a wait comes too late",
        f"{INT}/int_triggers__candidates.sql",
        "next_end_microseconds > due_microseconds",
        "next_end_microseconds >= due_microseconds",
        TRIGGERS,
    ),
    Breakage(
        "a cooldown lasts beyond its end",
        f"{INT}/int_triggers__walked.sql",
        " - 1, 0) as reach_microseconds",
        ", 0) as reach_microseconds",
        TRIGGERS,
    ),
    Breakage(
        "a trigger rule names an unknown event",
        "seeds/rules/trigger_rules.csv",
        "absence,add_to_cart",
        "absence,add_to_kart",
        "build trigger_rules event_names personas persona_rules rules_name_only_what_there_is",
    ),
    Breakage(
        "a user has several primary personas",
        "models/marts/activation/fct_user_personas.sql",
        "    where is_primary\n",
        "",
        "build fct_user_personas",
    ),
    Breakage(
        "one of several conditions is enough for a persona",
        f"{SEG}/seg_personas__matched.sql",
        "            and held.held_count = ranked_rules.condition_count\n",
        "",
        "unit seg_personas__matched",
    ),
    # --- landing ---------------------------------------------------------------------
    Breakage(
        "an address is hashed without its salt",
        f"{PY}/landing/reading.py",
        'SALT = "(select salt from salting)"',
        "SALT = \"''\"",
        "pytest tests/python/test_landing.py",
    ),
    Breakage(
        "addresses in texts are not scrubbed",
        f"{PY}/landing/reading.py",
        "case when contains({text}, '@') or contains({text}, '%40') ",
        "case when false ",
        "pytest tests/python/test_landing.py",
    ),
    Breakage(
        "a file lands again under another name",
        f"{PY}/landing/landing.py",
        "if found.sha256 in known:",
        "if found.sha256 in ():",
        "pytest tests/python/test_landing.py",
    ),
    Breakage(
        "money that is no number is dropped in silence",
        f"{PY}/landing/contract.py",
        "return Column(name, type_, strict=True, aliases=aliases)",
        "return Column(name, type_, strict=False, aliases=aliases)",
        "pytest tests/python/test_landing.py",
    ),
    # --- increments --------------------------------------------------------------------
    Breakage(
        "a run takes what came since the one before it as read",
        "macros/progress.sql",
        "else own.run_number end as read_until",
        "else runs.run_number end as read_until",
        INCREMENTS,
    ),
    Breakage(
        "a batch is skipped",
        f"{INT}/int_batches__read.sql",
        "where batch > {{ '(select coalesce(max(batch), 0) from '",
        "where batch > {{ '(select coalesce(max(batch), 0) + 1 from '",
        INCREMENTS,
    ),
    Breakage(
        "an event whose session was joined to another keeps the old one",
        f"{INT}/int_events__sessionized.sql",
        "            or stored.session_key <> sessionized.session_key\n",
        "",
        ORDER,
    ),
    Breakage(
        "an identity that changed is not resolved again",
        f"{INT}/int_identities__touched.sql",
        "    where cluster_key in (select clusters.cluster_key from clusters)",
        "    where false and cluster_key in (select clusters.cluster_key from clusters)",
        INCREMENTS,
    ),
    Breakage(
        "which copy stands depends on which was read first",
        f"{INT}/int_events__judged.sql",
        "                usable.own_loaded_at asc,\n",
        "",
        ORDER,
    ),
    Breakage(
        "a copy that was left half-written is taken for a whole one",
        "src/kindred/publishing.py",
        "        bring_up_to_date(build, beside)\n",
        "        bring_up_to_date(build, beside, block_size)\n",
        "pytest tests/python/test_publishing.py",
    ),
    # --- decisions -----------------------------------------------------------------------
    Breakage(
        "a frequency cap is ignored",
        f"{SEG}/seg_situations__decided.sql",
        "then 'frequency_cap'",
        "then null",
        "unit seg_situations__decided",
    ),
    Breakage(
        "a cap looks back an hour too far",
        f"{SEG}/seg_users__situated.sql",
        "'-3600 * variants.cap_hours'",
        "'-3600 * (variants.cap_hours + 1)'",
        "unit seg_users__situated",
    ),
    Breakage(
        "refused consent is skipped in a decision",
        f"{SEG}/seg_situations__decided.sql",
        "placed.is_refused\n                or (",
        "false\n                or (",
        "unit seg_situations__decided",
    ),
    Breakage(
        "a message goes to who never said yes",
        f"{SEG}/seg_situations__decided.sql",
        "placed.marketing_consent <> 'granted'",
        "placed.marketing_consent = 'denied'",
        "unit seg_situations__decided",
    ),
    Breakage(
        "the holdout is ignored",
        f"{SEG}/seg_situations__decided.sql",
        "when placed.is_holdout then 'holdout'",
        "when false then 'holdout'",
        "unit seg_situations__decided",
    ),
    Breakage(
        "who was held out is drawn anew after a join of identities",
        f"{SEG}/seg_users__situated.sql",
        "when held_out_before.user_id is not null then 0",
        "when false then 0",
        "unit seg_users__situated",
    ),
    Breakage(
        "who asked to be erased is decided for",
        f"{SEG}/seg_users__situated.sql",
        "where erased_users.user_id is null",
        "where true",
        "unit seg_users__situated",
    ),
    Breakage(
        "quiet hours that reach over midnight end at it",
        f"{SEG}/seg_situations__decided.sql",
        "or extract(hour from clock.as_of) < variants.quiet_to_hour",
        "or false",
        "unit seg_situations__decided",
    ),
    Breakage(
        "an unsure segment gets persona content",
        f"{SEG}/seg_situations__decided.sql",
        "then 'low_margin'\n        end",
        "then null\n        end",
        "unit seg_situations__decided",
    ),
    Breakage(
        "a persona goes before a trigger",
        f"{SEG}/seg_situations__decided.sql",
        "        2 as step,",
        "        3.5 as step,",
        "unit seg_situations__decided",
    ),
    Breakage(
        "a decision outlives its trigger",
        "models/marts/activation/fct_decisions.sql",
        "when firings.expires_at < decided.valid_until then firings.expires_at",
        "when false then firings.expires_at",
        "unit fct_decisions",
    ),
    Breakage(
        "an audience is told of who never said yes",
        f"{SEG}/seg_audience_changes.sql",
        "users.marketing_consent = 'granted'",
        "users.marketing_consent <> 'denied'",
        "unit seg_audience_changes",
    ),
    Breakage(
        "who withdraws consent stays in the audience",
        f"{SEG}/seg_audience_changes.sql",
        "        or members.user_id is null\n",
        "",
        "unit seg_audience_changes",
    ),
    Breakage(
        "the next copy is written into what the current release shows",
        f"{PY}/serving/releases.py",
        "            if slot.samefile(shown):",
        "            if False:",
        "pytest tests/python/test_serving.py",
    ),
    Breakage(
        "two different answers are taken for one",
        f"{PY}/serving/lookup.py",
        "bit_xor(hash(placement_id, {fields}))",
        "bit_xor(hash(placement_id))",
        "pytest tests/python/test_serving.py",
    ),
    # --- beginnings and explanations ---------------------------------------------------
    Breakage(
        "the last session is taken for the first",
        f"{SEG}/seg_users__first_sessions.sql",
        "order by sessions.started_at, sessions.session_id",
        "order by sessions.started_at desc, sessions.session_id",
        "unit seg_users__first_sessions",
    ),
    Breakage(
        "a guess knows the country of later sessions",
        f"{SEG}/seg_users__first_sessions.sql",
        "else coalesce(first_sessions.country, 'Unknown')",
        "else coalesce(first_sessions.country, aged.country, 'Unknown')",
        "unit seg_users__first_sessions",
    ),
    Breakage(
        "guesses learn from the users they are judged on",
        f"{PY}/segmentation/guessing.py",
        'users = users[~is_held_out(users["user_id"])].sort_values',
        "users = users.sort_values",
        "pytest tests/python/test_segmentation_guessing.py",
    ),
    Breakage(
        "SQL holds out others than Python",
        "macros/held_out.sql",
        "in ('0', '1', '2')",
        "in ('0', '1', '3')",
        "build held_out_is_the_same_for_ever",
    ),
    Breakage(
        "an unknown level shifts every score",
        f"{PY}/segmentation/guessing.py",
        "            intercepts += mean\n",
        "",
        "pytest tests/python/test_segmentation_guessing.py",
    ),
    Breakage(
        "a guess counts its terms without their size",
        f"{SEG}/seg_users__guessed.sql",
        "* ln(1 + greatest(coalesce(users.{{ number }}, 0), 0))",
        "* greatest(coalesce(users.{{ number }}, 0), 0)",
        "unit seg_users__guessed",
    ),
    Breakage(
        "a mature user is guessed",
        f"{SEG}/seg_users__assigned.sql",
        "    where is_cold_start\n",
        "",
        "unit seg_users__assigned",
    ),
    Breakage(
        "nobody is ever ambiguous",
        f"{SEG}/seg_users__assigned.sql",
        "placed.margin < {{ ambiguous_margin }}",
        "placed.margin < 0",
        "unit seg_users__assigned",
    ),
    Breakage(
        "a guessed user moves at the end of each week",
        f"{SEG}/seg_segment_changes.sql",
        "case when assigned.is_cold_start then",
        "case when false then",
        "unit seg_segment_changes",
    ),
    Breakage(
        "a driver is what is far, not what decides",
        f"{SEG}/seg_users__explained.sql",
        "                when other.{{ dimension }} is null then",
        "                when true then",
        "unit seg_users__explained",
    ),
    Breakage(
        "the back-test counts who taught",
        f"{SEG}/seg_guesses__judged.sql",
        "    where guessed.is_held_out\n",
        "    where true\n",
        "unit seg_guesses__judged",
    ),
    Breakage(
        "a guess is better whatever its interval",
        "models/marts/segments/fct_cold_start_backtests.sql",
        "            > {{ safe_ratio('counted.majority_hit_count', 'counted.user_count') }},",
        "            > -1,",
        "unit fct_cold_start_backtests",
    ),
    Breakage(
        "a rule in SQL leaves out who is unknown",
        f"{PY}/segmentation/describing.py",
        'return f"coalesce({self.feature}, {self.fill:.10g}) {bound}"',
        'return f"coalesce({self.feature}, -1) {bound}"',
        "pytest tests/python/test_segmentation_rules.py",
    ),
    Breakage(
        "a rule learns from the users it is judged on",
        f"{PY}/segmentation/describing.py",
        "_branches(values[~held_out], is_member[~held_out], wholes, fills)",
        "_branches(values, is_member, wholes, fills)",
        "pytest tests/python/test_segmentation_rules.py",
    ),
    Breakage(
        "every p value stands alone",
        f"{PY}/segmentation/valuing.py",
        "p_values[order] * factors",
        "p_values[order]",
        "pytest tests/python/test_segmentation_values.py",
    ),
    Breakage(
        "what made a member counts as its value",
        f"{SEG}/seg_segment_outcomes.sql",
        "where user_days.active_date > clock.last_day_before",
        "where user_days.active_date >= clock.last_day_before",
        "unit seg_segment_outcomes",
    ),
]
