{#-
    Why a landed row cannot be used: it names nobody, or its time cannot be true. More
    than an hour after it was loaded is the future; before 1990 is a clock that was never set.
-#}
{% macro unusable_reason(identifier, occurred_at, loaded_at) -%}
    case
        when {{ identifier }} is null then 'no_id'
        when {{ occurred_at }} is null then 'impossible_time'
        when {{ occurred_at }} > {{ add_seconds(loaded_at, 3600) }} then 'impossible_time'
        when {{ occurred_at }} < cast('1990-01-01' as timestamp) then 'impossible_time'
    end
{%- endmacro %}
