{#-
    Fails for every combination of several columns that stands more than once among the
    keys that the newest run wrote, and for every null that it wrote where none may be; the rows
    of other keys are as the run before left them. With `is_replaced` a run writes all rows of a
    key anew: then only what it wrote is held against itself, and a row that an earlier run left of
    such a key fails.
-#}
{% test unique_where_touched(
    model, columns, key, never_null=[], run='run_number', is_replaced=false
) %}

{%- set newest = newest_run(model, run) %}

with

newest as (

    select * from {{ model }}
    {% if not newest.is_all -%}
        where {{ run }} = {{ newest.number }}
    {%- endif %}

),

-- once each: of the many rows the engine might make a table to look up all others in
keys as (

    select distinct {{ key }} from newest

)

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ 'newest' if is_replaced else model }}
{% if not is_replaced and not newest.is_all -%}
    where {{ key }} in (select keys.{{ key }} from keys)
{% endif -%}
group by {{ columns | join(', ') }}
having count(*) > 1

{% if is_replaced and not newest.is_all -%}
    union all

    select
        {% for column in columns -%}
            null as {{ column }},
        {% endfor -%}
        count(*) as row_count
    from {{ model }}
    where
        {{ run }} <> {{ newest.number }}
        and {{ key }} in (select keys.{{ key }} from keys)
    group by {{ key }}
{%- endif %}

{% if never_null -%}
    union all

    select
        {{ columns | join(', ') }},
        0 as row_count
    from newest
    where
        {% for column in never_null -%}
            {{ 'or ' if not loop.first }}{{ column }} is null
        {% endfor %}
{%- endif %}

{% endtest %}
