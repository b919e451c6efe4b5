{#-
    Fails for every key that is on one side only: one lost between two rooms, or one
    that appeared from nowhere.
-#}
{% test same_keys_as(model, column_name, to, field) %}

with

here as (

    select distinct {{ column_name }} as key_value
    from {{ model }}

),

there as (

    select distinct {{ field }} as key_value
    from {{ to }}

)

select
    coalesce(here.key_value, there.key_value) as key_value,
    case when here.key_value is null then 'lost' else 'invented' end as problem
from here
full outer join there
    on here.key_value = there.key_value
where
    here.key_value is null
    or there.key_value is null

{% endtest %}
