{#-
    Fails for every combination of several columns that stands more than once among the
    keys that the newest run wrote; the rows of other keys are as the run before left them.
-#}
{% test unique_where_touched(model, columns, key, run='run_number') %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
where {{ key }} in (
    select touched.{{ key }}
    from {{ model }} as touched
    where touched.{{ run }} = (select max(newest.{{ run }}) from {{ model }} as newest)
)
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
