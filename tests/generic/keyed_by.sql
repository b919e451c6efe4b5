{#-
    Fails for every key that stands more than once or has a null in it, and for every null in
    a column that is never null. With `of_newest_run` only what the newest run wrote is held
    against the whole table: that is all that can have changed. A view names in `newest_of`
    the table under it that knows the run. Where that table's key is tested already, a view that
    has the `run_number` names it in `newest_rows_of`: only the rows of the run are looked at.
-#}
{% test keyed_by(
    model, columns, never_null=[], of_newest_run=false, newest_of=none, newest_rows_of=none
) %}

{%- set written = newest_of or (model if of_newest_run else none) %}
{%- set newest = newest_run(written or newest_rows_of) if written or newest_rows_of else {'is_all': true} %}

with

checked as (

    select * from {{ model }}
    {% if written and not newest.is_all -%}
        where {{ columns[0] }} in (
            select written.{{ columns[0] }}
            from {{ written }} as written
            where written.run_number = {{ newest.number }}
        )
    {%- elif newest_rows_of and not newest.is_all -%}
        where run_number = {{ newest.number }}
    {%- endif %}

)

select
    {{ columns | join(', ') }},
    count(*) as row_count,
    count(
        case
            when
                {% for column in columns + never_null -%}
                    {{ 'or ' if not loop.first }}{{ column }} is null
                {% endfor %}
            then 1
        end
    ) as null_count
from checked
group by {{ columns | join(', ') }}
having
    count(*) > 1
    or count(
        case
            when
                {% for column in columns + never_null -%}
                    {{ 'or ' if not loop.first }}{{ column }} is null
                {% endfor %}
            then 1
        end
    ) > 0

{% endtest %}
