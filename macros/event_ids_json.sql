{#- A list of event keys as the text of a JSON list of event ids; an id needs no escaping. -#}
{% macro event_ids_json(keys) -%}
    {{ return(adapter.dispatch('event_ids_json', 'kindred')(keys)) }}
{%- endmacro %}

{% macro duckdb__event_ids_json(keys) -%}
    '["' || array_to_string(
        list_transform({{ keys }}, lambda key: {{ id_from_key('key') }}), '","'
    ) || '"]'
{%- endmacro %}
