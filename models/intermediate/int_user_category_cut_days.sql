with

cuts as (

    select * from {{ ref('int_time__cuts') }}

),

-- each day is read by its own bounds: a join by the date would compute it for all events
cut_items as (

    {% for days in [0] + feature_windows() -%}
        select
            items.user_id,
            items.category,
            cuts.cut_at
        from {{ ref('int_events__items') }} as items
        inner join cuts
            on
                cuts.window_days = {{ days }}
                and items.occurred_at > cuts.starts_at
                and items.occurred_at <= cuts.cut_at
        where items.category is not null
        {{- '\n\n        union all\n' if not loop.last }} -- noqa: LT02

    {% endfor %}
),

final as (

    select
        user_id,
        category,
        cut_at,
        {{ text_number('user_id') }} as user_key,
        count(*) as item_count
    from cut_items
    group by user_id, category, cut_at

)

select * from final
