{#-
    A bound of the 95 % interval of a share (Wilson, 1927); null without trials. `side` is -1
    for the lower bound and 1 for the upper one.
-#}
{% macro wilson_bound(successes, trials, side) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set n = 'nullif(cast(' ~ trials ~ ' as double), 0)' -%}
    {%- set k = 'cast(' ~ successes ~ ' as double)' -%}
    (
        ({{ k }} + {{ z * z / 2 }} {{ '-' if side < 0 else '+' }} {{ z }} * sqrt(
            {{ k }} * ({{ n }} - {{ k }}) / {{ n }} + {{ z * z / 4 }}
        )) / ({{ n }} + {{ z * z }})
    )
{%- endmacro %}
