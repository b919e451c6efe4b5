{#- One value of GA4's `event_params` as text; null when the parameter is absent. -#}
{% macro ga4_parameter(name) -%}
    {{ return(adapter.dispatch('ga4_parameter', 'kindred')(name)) }}
{%- endmacro %}

{% macro duckdb__ga4_parameter(name) -%}
    list_transform(
        list_filter(event_params, lambda entry: entry['key'] = '{{ name }}'),
        lambda entry: coalesce(
            entry['value']['string_value'],
            cast(entry['value']['int_value'] as varchar),
            cast(entry['value']['double_value'] as varchar),
            cast(entry['value']['float_value'] as varchar)
        )
    )[1]
{%- endmacro %}
