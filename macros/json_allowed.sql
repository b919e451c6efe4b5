{#- A JSON object with only the members whose names stand in a list; null when none is left. -#}
{% macro json_allowed(text, names) -%}
    {{ return(adapter.dispatch('json_allowed', 'kindred')(text, names)) }}
{%- endmacro %}

{% macro duckdb__json_allowed(text, names) -%}
    case when json_valid({{ text }}) then nullif(
        '{' || array_to_string(
            list_transform(
                list_filter(
                    list_distinct(json_keys({{ text }})),
                    lambda name: list_contains({{ names }}, name)
                ),
                lambda name: to_json(name) || ':' || cast(
                    json_extract({{ text }}, '$."' || name || '"') as varchar
                )
            ),
            ','
        ) || '}',
        '{}'
    ) end
{%- endmacro %}
