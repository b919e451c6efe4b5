"""A wrong row of a seed stops the build with the row and the remedy."""

import pytest

TEST = "tests/activation/content_variants_are_complete.sql"
SEEDS = (
    *("placements", "content_variants", "personas", "trigger_rules"),
    *("experiments", "experiment_arms"),
)


@pytest.fixture(scope="module")
def check(say_of_seeds):
    return say_of_seeds(TEST, SEEDS)


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
