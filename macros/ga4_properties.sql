{#- GA4's `event_params` as the text of one JSON object. -#}
{% macro ga4_properties() -%}
    {{ return(adapter.dispatch('ga4_properties', 'kindred')()) }}
{%- endmacro %}

{% macro duckdb__ga4_properties() -%}
    '{' || array_to_string(
        list_transform(
            event_params,
            lambda entry: to_json(entry['key']) || ':' || to_json(coalesce(
                entry['value']['string_value'],
                cast(entry['value']['int_value'] as varchar),
                cast(entry['value']['double_value'] as varchar),
                cast(entry['value']['float_value'] as varchar)
            ))
        ),
        ','
    ) || '}'
{%- endmacro %}
