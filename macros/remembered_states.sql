{#-
    Three CTEs for a model that remembers changes of users: `remembered`, what it holds so far
    (nothing in a first run); `last_number`, its newest `change_number`, 0 for none; and `before`,
    the last state of each user who did not exit. `names` are the columns of a state, each
    remembered as `to_<name>`; an exit leaves the first of them null.
-#}
{% macro remembered_states(names) -%}
    remembered as (

        {% if is_incremental() -%}
            select
                change_number,
                user_id
                {%- for name in names %},
                to_{{ name }}
                {%- endfor %}
            from {{ this }}
        {%- else -%}
            select
                cast(null as bigint) as change_number,
                cast(null as varchar) as user_id
                {%- for name in names %},
                cast(null as varchar) as to_{{ name }}
                {%- endfor %}
            where 1 = 0
        {%- endif %}

    ),

    last_number as (

        select coalesce(max(change_number), 0) as change_number
        from remembered

    ),

    last_changes as (

        select
            user_id,
            max(change_number) as change_number
        from remembered
        group by user_id

    ),

    before as (

        select
            remembered.user_id
            {%- for name in names %},
            remembered.to_{{ name }} as {{ name }}
            {%- endfor %}
        from remembered
        inner join last_changes
            on
                remembered.user_id = last_changes.user_id
                and remembered.change_number = last_changes.change_number
        where remembered.to_{{ names[0] }} is not null

    )
{%- endmacro %}
