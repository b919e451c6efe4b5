"""What each source table looks like: the one list that code and docs/sources.md share."""

from dataclasses import dataclass


def _texts(*names: str) -> str:
    return ", ".join(f"{name} VARCHAR" for name in names)


_MONEY = "DECIMAL(18,4)"
_VALUE = "STRUCT(string_value VARCHAR, int_value BIGINT, float_value DOUBLE, double_value DOUBLE)"
_USER_VALUE = (
    "STRUCT(string_value VARCHAR, int_value BIGINT, float_value DOUBLE, "
    "double_value DOUBLE, set_timestamp_micros BIGINT)"
)


@dataclass(frozen=True)
class Column:
    """One field. A value of a ``strict`` one that cannot be cast rejects its record."""

    name: str
    type: str = "VARCHAR"
    strict: bool = False
    aliases: tuple[str, ...] = ()
    # the inbox field, in clear, of which this column holds the salted hash
    hashes: str | None = None
    # filled by landing itself, never read from the record
    is_derived: bool = False

    @property
    def is_nested(self) -> bool:
        """True for structs and lists, which only JSON and parquet can carry."""
        return "STRUCT" in self.type


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name) for name in names)


def _strict(name: str, type_: str, *aliases: str) -> Column:
    return Column(name, type_, strict=True, aliases=aliases)


_EMAIL = Column("email_hash", hashes="email")
_PHONE = Column("phone_hash", hashes="phone")

# stand before a table's own columns; `batch` comes from the folder's name
COMMON = (
    Column("loaded_at", "TIMESTAMP"),
    Column("source_file"),
    Column("source_line", "BIGINT"),
    Column("payload_hash"),
    Column("filled_count", "INTEGER"),
    Column("extra"),
)

TABLES: dict[tuple[str, str], tuple[Column, ...]] = {
    ("ga4", "events"): (
        Column("event_date"),
        _strict("event_timestamp", "BIGINT"),
        Column("event_name"),
        Column("event_params", f"STRUCT(key VARCHAR, value {_VALUE})[]"),
        Column("event_previous_timestamp", "BIGINT"),
        Column("event_value_in_usd", "DOUBLE"),
        Column("event_bundle_sequence_id", "BIGINT"),
        Column("event_server_timestamp_offset", "BIGINT"),
        Column("user_id"),
        Column("user_pseudo_id"),
        Column(
            "privacy_info",
            f"STRUCT({_texts('analytics_storage', 'ads_storage')}, uses_transient_token VARCHAR)",
        ),
        Column("user_properties", f"STRUCT(key VARCHAR, value {_USER_VALUE})[]"),
        Column("user_first_touch_timestamp", "BIGINT"),
        Column(
            "device",
            "STRUCT("
            + _texts(
                "category",
                "mobile_brand_name",
                "mobile_model_name",
                "operating_system",
                "operating_system_version",
                "language",
                "browser",
                "browser_version",
            )
            + f", web_info STRUCT({_texts('browser', 'browser_version', 'hostname')}))",
        ),
        Column(
            "geo",
            "STRUCT("
            + _texts("continent", "sub_continent", "country", "region", "city", "metro")
            + ")",
        ),
        Column("traffic_source", f"STRUCT({_texts('name', 'medium', 'source')})"),
        Column(
            "collected_traffic_source",
            "STRUCT("
            + _texts(
                "manual_campaign_id",
                "manual_campaign_name",
                "manual_source",
                "manual_medium",
                "manual_term",
                "manual_content",
                "gclid",
                "dclid",
                "srsltid",
            )
            + ")",
        ),
        Column("stream_id"),
        Column("platform"),
        Column(
            "ecommerce",
            "STRUCT(total_item_quantity BIGINT, "
            + ", ".join(
                f"{name} {_MONEY}"
                for name in (
                    "purchase_revenue_in_usd",
                    "purchase_revenue",
                    "refund_value_in_usd",
                    "refund_value",
                    "shipping_value",
                    "tax_value",
                )
            )
            + ", unique_items BIGINT, transaction_id VARCHAR)",
        ),
        Column(
            "items",
            "STRUCT("
            + _texts("item_id", "item_name", "item_brand", "item_variant", "item_category")
            + ", "
            + ", ".join(
                f"{name} {_MONEY}"
                for name in (
                    "price_in_usd",
                    "price",
                    "quantity",
                    "item_revenue_in_usd",
                    "item_revenue",
                    "item_refund",
                )
            )
            + f", coupon VARCHAR, item_list_name VARCHAR, discount {_MONEY})[]",
        ),
        Column("is_active_user", "BOOLEAN"),
        Column("batch_event_index", "BIGINT"),
        Column("batch_page_id", "BIGINT"),
        Column("batch_ordering_id", "BIGINT"),
        Column("is_intraday", "BOOLEAN", is_derived=True),
        _EMAIL,
        _PHONE,
    ),
    ("web", "events"): (
        *_text("event_id", "anonymous_id", "session_id"),
        Column("login", aliases=("user_id",)),
        Column("name", aliases=("event_name", "event")),
        Column("properties"),
        Column("page", aliases=("page_url", "url", "page_location")),
        Column("page_title"),
        Column("referrer", aliases=("page_referrer",)),
        Column("user_agent"),
        _strict("sent_at", "TIMESTAMP", "occurred_at", "timestamp", "event_time"),
        _strict("received_at", "TIMESTAMP"),
        _EMAIL,
        _PHONE,
        *_text("consent", "product_id", "category"),
        _strict("quantity", _MONEY),
        _strict("price", _MONEY),
        _strict("revenue", _MONEY),
        Column("currency"),
        Column("order_id", aliases=("transaction_id",)),
        *_text("device", "country", "channel"),
    ),
    ("pixel", "hits"): (
        Column("hit_id"),
        _strict("received_at", "TIMESTAMP", "time", "occurred_at"),
        Column("query_string", aliases=("query",)),
        *_text("referrer", "user_agent", "country"),
        _EMAIL,
    ),
    ("crm", "customers"): (
        *_text("customer_id", "login"),
        _EMAIL,
        _PHONE,
        Column("birth_date", "DATE"),
        *_text("gender", "country", "city", "plan"),
        Column("satisfaction_score", "DOUBLE"),
        Column("signed_up_at", "TIMESTAMP"),
        _strict("updated_at", "TIMESTAMP"),
    ),
    ("crm", "orders"): (
        *_text("order_id", "customer_id", "login"),
        _EMAIL,
        *_text("status", "currency"),
        _strict("ordered_at", "TIMESTAMP"),
        _strict("discount_amount", _MONEY),
        _strict("refunded_amount", _MONEY),
        Column("refunds_order_id"),
        _strict("gross_amount", _MONEY),
        _strict("updated_at", "TIMESTAMP"),
    ),
    ("crm", "order_lines"): (
        *_text("order_id", "line_id", "customer_id", "product_id"),
        *_text("category", "description"),
        _strict("quantity", _MONEY),
        _strict("unit_price", _MONEY),
        _strict("discount_amount", _MONEY),
        Column("is_cancelled", "BOOLEAN"),
        _strict("refunded_quantity", _MONEY),
        Column("currency"),
        _strict("ordered_at", "TIMESTAMP"),
    ),
    ("crm", "consents"): (
        *_text("consent_id", "customer_id", "login", "anonymous_id"),
        _EMAIL,
        *_text("analytics", "marketing"),
        _strict("changed_at", "TIMESTAMP"),
    ),
    ("crm", "erasures"): (
        *_text("erasure_id", "identifier_kind", "identifier_value"),
        _strict("requested_at", "TIMESTAMP"),
    ),
    ("ads", "clicks"): (
        Column("click_id"),
        _strict("clicked_at", "TIMESTAMP"),
        *_text("network", "campaign_id", "campaign", "ad_id", "anonymous_id"),
        *_text("landing_page", "country"),
        _strict("cost", _MONEY),
        Column("currency"),
    ),
    ("ads", "costs"): (
        _strict("cost_date", "DATE"),
        *_text("network", "campaign_id", "campaign"),
        _strict("impressions", "BIGINT"),
        _strict("clicks", "BIGINT"),
        _strict("cost", _MONEY),
        Column("currency"),
    ),
    ("decisions", "served"): (
        *_text("decision_id", "user_id", "anonymous_id", "placement_id", "variant_id"),
        *_text("persona_id", "rule_id", "reason", "experiment_id", "arm"),
        Column("is_holdout", "BOOLEAN"),
        _strict("served_at", "TIMESTAMP"),
        Column("valid_until", "TIMESTAMP"),
    ),
    ("optimizely", "decisions"): (
        *_text("uuid", "visitor_id", "campaign_id", "experiment_id", "variation_id"),
        Column("is_holdback", "BOOLEAN"),
        _strict("exposed_at", "TIMESTAMP", "timestamp"),
    ),
    ("growthbook", "exposures"): (
        Column("login", aliases=("user_id",)),
        Column("anonymous_id"),
        Column("experiment_id", aliases=("experimentId",)),
        Column("variation_id", aliases=("variationId", "variantId")),
        _strict("exposed_at", "TIMESTAMP", "timestamp", "received_at"),
    ),
}

BATCHES = (
    *_text("source", "source_table", "source_file", "file_sha256"),
    Column("rows_in", "BIGINT"),
    Column("rows_landed", "BIGINT"),
    Column("rows_rejected", "BIGINT"),
    Column("loaded_at", "TIMESTAMP"),
)
REJECTS = (
    Column("loaded_at", "TIMESTAMP"),
    *_text("source", "source_table", "source_file"),
    Column("source_line", "BIGINT"),
    *_text("reason", "payload_hash"),
)

# what was taken out again for persons who asked to be erased: counts, and nothing of them
ERASED = (
    *_text("source", "source_table"),
    Column("loaded_date", "DATE"),
    Column("rows_erased", "BIGINT"),
)


def landed_columns(source: str, table: str) -> tuple[Column, ...]:
    """All columns of a landed table, the common ones first."""
    return COMMON + TABLES[source, table]
