{#- Fails for every period that begins before the one before it of the same key has ended. -#}
{% test periods_do_not_overlap(model, key) %}

with

followed as (

    select
        {{ key }},
        valid_from,
        valid_to,
        lead(valid_from) over (
            partition by {{ key }}
            order by valid_from
        ) as next_valid_from
    from {{ model }}

)

select *
from followed
where
    valid_to <= valid_from
    or next_valid_from < valid_to
    or (valid_to is null and next_valid_from is not null)

{% endtest %}
