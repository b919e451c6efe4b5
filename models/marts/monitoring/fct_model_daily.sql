with

looks as (

    select * from {{ ref('seg_model_artifacts') }}
    where record = 'monitor'

),

changes as (

    select * from {{ ref('seg_segment_changes') }}

),

models as (

    select * from {{ ref('seg_models') }}

),

watched as (

    select
        cast(as_of as date) as day,
        model_version,
        as_of,
        max(case when name = 'user_count' then cast(value as bigint) end) as user_count,
        max(case when name = 'silhouette' then value end) as silhouette,
        max(case when name = 'silhouette_at_fit' then value end) as silhouette_at_fit,
        max(case when name = 'margin' then value end) as margin,
        max(case when name = 'low_margin_share' then value end) as low_margin_share,
        max(case when name = 'feature_psi' then value end) as feature_psi,
        max(case when name = 'psi' and feature is not null then value end) as largest_feature_psi,
        max(case when name = 'size_psi' then value end) as size_psi,
        max(case when name = 'status' then text end) as status,
        max(case when name = 'reason' then text end) as reason
    from looks
    group by as_of, model_version

),

-- of several looks on one day the last stands
numbered_looks as (

    select
        *,
        row_number() over (
            partition by day, model_version
            order by as_of desc
        ) as look_number
    from watched

),

moves as (

    select
        cast(changed_at as date) as day,
        model_version,
        count(case when operation = 'moved' and change_cause = 'behaviour' then 1 end)
            as moved_by_behaviour,
        count(case when operation = 'moved' and change_cause = 'model' then 1 end)
            as moved_by_model,
        count(case when operation <> 'scored' and change_cause = 'identity' then 1 end)
            as changed_by_identity,
        count(case when operation = 'entered' and change_cause = 'behaviour' then 1 end)
            as entered
    from changes
    where model_version is not null
    group by cast(changed_at as date), model_version

),

days as (

    select
        day,
        model_version
    from moves

    union distinct  -- a day may have moves, a look or both

    select
        day,
        model_version
    from watched

),

final as (

    select
        {{ surrogate_key(['days.day', 'days.model_version']) }} as model_day_id,
        days.day,
        days.model_version,
        models.algorithm,
        models.k,
        numbered_looks.user_count,
        numbered_looks.silhouette,
        coalesce(numbered_looks.silhouette_at_fit, models.silhouette) as silhouette_at_fit,
        numbered_looks.margin,
        numbered_looks.low_margin_share,
        numbered_looks.feature_psi,
        numbered_looks.largest_feature_psi,
        numbered_looks.size_psi,
        models.kept_share,
        coalesce(moves.entered, 0) as entered,
        coalesce(moves.moved_by_behaviour, 0) as moved_by_behaviour,
        coalesce(moves.moved_by_model, 0) as moved_by_model,
        coalesce(moves.changed_by_identity, 0) as changed_by_identity,
        coalesce(numbered_looks.status, 'not watched') as status,
        coalesce(numbered_looks.reason, 'no run looked at the model on this day') as reason,
        numbered_looks.as_of as watched_at
    from days
    inner join models
        on days.model_version = models.model_version
    left join moves
        on
            days.day = moves.day
            and days.model_version = moves.model_version
    left join numbered_looks
        on
            days.day = numbered_looks.day
            and days.model_version = numbered_looks.model_version
            and numbered_looks.look_number = 1

)

select * from final
