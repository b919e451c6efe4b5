{#-
    The names with the largest positive strengths of a row, strongest first, each with its
    number and sign, as one text; null when no strength is positive. Equal strengths go by name.
-#}
{% macro top_named(candidates, count) -%}
    {{ return(adapter.dispatch('top_named', 'kindred')(candidates, count)) }}
{%- endmacro %}

{% macro duckdb__top_named(candidates, count) -%}
    nullif(array_to_string(list_transform(
        list_aggregate(list_filter(
            [
                {%- for one in candidates %}
                    {'weakness': -({{ one.strength }}), 'name': '{{ one.name }}', 'number': {{ one.number }}}
                    {{- ',' if not loop.last }}
                {%- endfor %}
            ],
            lambda one: one['weakness'] < -1e-12
        ), 'min', {{ count }}),
        lambda one: one['name'] || case when one['number'] >= 0 then ' +' else ' ' end
        || cast(cast(one['number'] as decimal(9, 1)) as varchar)
    ), ', '), '')
{%- endmacro %}
