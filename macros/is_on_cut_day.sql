{#-
    That a moment lies on a day that an edge of a window cuts, in numbers that are known before the
    query is planned: the engine then opens only the parts of a table that hold these days, which it
    cannot for a join. `true` where the edges are not known yet, as in a unit test.
-#}
{% macro is_on_cut_day(moment) -%}
    {%- set cuts = ref('int_time__cuts') -%}
    {%- set days = known_rows(
        'select cast(starts_at as varchar), cast(ends_at as varchar) from ' ~ cuts, [cuts]
    ) or [] -%}
    {%- set bounds = [] -%}
    {%- for day in days -%}
        {%- do bounds.append(
            moment ~ " > cast('" ~ day[0] ~ "' as timestamp) and "
            ~ moment ~ " <= cast('" ~ day[1] ~ "' as timestamp)"
        ) -%}
    {%- endfor -%}
    {{ '(' ~ bounds | join(' or ') ~ ')' if bounds else 'true' }}
{%- endmacro %}
