"""A wrong row of a seed stops the build with the row and the remedy."""

import re

import duckdb
import pytest
from conftest import PROJECT

TEST = "tests/activation/content_variants_are_complete.sql"
SEEDS = (
    *("placements", "content_variants", "personas", "trigger_rules"),
    *("experiments", "experiment_arms"),
)


@pytest.fixture(scope="module")
def check(home):
    """A function that changes the seeds and gives back what the build would say."""
    code = (PROJECT / "target" / "compiled" / "kindred" / TEST).read_text()
    code = re.sub(r'"kindred_build"\."[a-z_]*seeds"\.', "", code)
    build = str(home / "kindred_build.duckdb")

    def said(change: str) -> str | None:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{build}' as build (read_only)")
            schema = connection.execute(
                "select table_schema from information_schema.tables "
                "where table_name = 'content_variants'"
            ).fetchall()[0][0]
            for seed in SEEDS:
                connection.execute(f'create table {seed} as from build."{schema}".{seed}')
            if change:
                assert connection.execute(change).fetchall() != [(0,)], change
            try:
                assert connection.execute(code).fetchall() == []
            except duckdb.Error as error:
                return str(error)
        return None

    return said


def test_the_rows_that_ship_are_right(check):
    assert check("") is None


VARIANT = "update content_variants set {} where variant_id = '{}'"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            VARIANT.format("placement_id = 'hom_hero'", "hero_deals"),
            "content_variants, row hero_deals: placement_id hom_hero is not in placements; "
            "add it there or correct the name.",
        ),
        (
            VARIANT.format("persona_id = 'deal_seeker'", "hero_deals"),
            "content_variants, row hero_deals: persona_id deal_seeker is not in personas; "
            "add it there or correct the name.",
        ),
        (
            VARIANT.format("rule_id = 'cart_left'", "banner_reminder"),
            "content_variants, row banner_reminder: rule_id cart_left is not in trigger_rules; "
            "add it there or correct the name.",
        ),
        (
            VARIANT.format("arm = 'worst_sellers'", "hero_best_sellers"),
            "content_variants, row hero_best_sellers: experiment bestsellers_first has no arm "
            "worst_sellers in experiment_arms; add it there or correct the name.",
        ),
        (
            VARIANT.format("placement_id = 'cart_banner'", "hero_best_sellers"),
            "content_variants, row hero_best_sellers: experiment bestsellers_first is held on "
            "placement home_hero; use that one.",
        ),
        (
            VARIANT.format("cap_count = -1", "banner_reminder"),
            "content_variants, row banner_reminder: the cap is not positive; set cap_count to 1 "
            "or more and cap_hours above 0.",
        ),
        (
            VARIANT.format("cap_hours = null", "banner_reminder"),
            "content_variants, row banner_reminder: a cap needs cap_count and cap_hours; fill "
            "both or none.",
        ),
        (
            "delete from content_variants where variant_id = 'banner_default'",
            "placements, row cart_banner: content_variants has 0 rows with shown_for fallback "
            "for it; it needs exactly one.",
        ),
        (
            VARIANT.format("variant_id = 'hero_deals'", "hero_window"),
            "content_variants, row hero_deals: the variant_id stands twice; rename one of the "
            "rows.",
        ),
        (
            VARIANT.format("consent_needed = null", "hero_deals"),
            "content_variants, row hero_deals: consent_needed must be analytics or marketing; "
            "only a fallback needs none.",
        ),
        (
            VARIANT.format("consent_needed = 'analytics'", "letter_cart"),
            "content_variants, row letter_cart: what is sent needs consent to marketing; set "
            "consent_needed to marketing.",
        ),
        (
            VARIANT.format("quiet_to_hour = 24", "letter_cart"),
            "content_variants, row letter_cart: quiet hours run from one hour of 0 to 23 to "
            "another.",
        ),
        (
            VARIANT.format(
                "valid_from = '2026-02-01', valid_to = '2026-02-01'",
                "hero_deals",
            ),
            "content_variants, row hero_deals: it ends before it begins; correct valid_from or "
            "valid_to.",
        ),
        (
            VARIANT.format("valid_from = '2026-02-01'", "hero_default"),
            "content_variants, row hero_default: a fallback always holds; empty consent, cap, "
            "quiet hours and validity.",
        ),
        (
            VARIANT.format("shown_for = 'personas'", "hero_deals"),
            "content_variants, row hero_deals: shown_for must be experiment, trigger, persona "
            "or fallback.",
        ),
        (
            VARIANT.format("priority = null", "hero_deals"),
            "content_variants, row hero_deals: it has no priority; the smaller number wins.",
        ),
        (
            "update placements set holdout_share = 5 where placement_id = 'home_hero'",
            "placements, row home_hero: holdout_share must lie between 0 and 1.",
        ),
        (
            "update placements set channel = 'email' where placement_id = 'newsletter'",
            "placements, row newsletter: channel must be on_site or message.",
        ),
    ],
)
def test_a_wrong_row_of_content_is_named_with_its_remedy(check, change, message):
    assert check(change) == f"Invalid Input Error: {message}"
