{#-
    Fails for every combination of several columns that stands more than once among the
    keys that the newest run wrote, and for every null that it wrote where none may be; the rows
    of other keys are as the run before left them.
-#}
{% test unique_where_touched(model, columns, key, never_null=[], run='run_number') %}

{%- set newest = newest_run(model, run) %}

with

newest as (

    select * from {{ model }}
    {% if not newest.is_all -%}
        where {{ run }} = {{ newest.number }}
    {%- endif %}

)

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
{% if not newest.is_all -%}
    where {{ key }} in (select newest.{{ key }} from newest)
{% endif -%}
group by {{ columns | join(', ') }}
having count(*) > 1

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
