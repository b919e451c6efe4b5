{#-
    Sums over GA4's `items` of one event: quantity, revenue, revenue_in_usd, is_in_usd.
    An item without a revenue counts price times quantity; an event without any amount
    has a null revenue.
-#}
{% macro ga4_item_amounts() -%}
    {{ return(adapter.dispatch('ga4_item_amounts', 'kindred')()) }}
{%- endmacro %}

{% macro duckdb__ga4_item_amounts() -%}
    {
        'quantity': cast(list_sum(list_transform(
            items, lambda item: item['quantity']
        )) as decimal(18, 4)),
        'revenue': cast(list_sum(list_transform(
            items, lambda item: coalesce(
                item['item_revenue'],
                cast(item['price'] * item['quantity'] as decimal(18, 4)),
                -item['item_refund']
            )
        )) as decimal(18, 4)),
        'revenue_in_usd': cast(list_sum(list_transform(
            items, lambda item: coalesce(
                item['item_revenue_in_usd'],
                cast(item['price_in_usd'] * item['quantity'] as decimal(18, 4)),
                item['item_revenue'],
                cast(item['price'] * item['quantity'] as decimal(18, 4))
            )
        )) as decimal(18, 4)),
        'is_in_usd': len(list_filter(
            items,
            lambda item: coalesce(item['item_revenue_in_usd'], item['price_in_usd']) is not null
        )) > 0
    }
{%- endmacro %}
