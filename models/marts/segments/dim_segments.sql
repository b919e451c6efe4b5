with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}

),

models as (

    select * from {{ ref('seg_models') }}

),

traits as (

    select * from {{ ref('seg_segment_traits') }}

),

assigned as (

    select * from {{ ref('seg_users__assigned') }}

),

appearances as (

    select
        centers.segment_id,
        min(models.fitted_as_of) as first_fitted_as_of,
        max(models.fitted_as_of) as last_fitted_as_of,
        min(models.model_version) as first_model_version,
        max(models.model_version) as last_model_version,
        count(case when models.is_champion then 1 end) > 0 as is_active
    from {{ ref('seg_segment_centers') }} as centers
    inner join models
        on centers.model_version = models.model_version
    -- a challenger that was refused never named a segment anybody saw
    where
        models.status in ('champion', 'retired')
        and models.shadow_id is null
    group by centers.segment_id

),

described as (

    select
        artifacts.segment_id,
        artifacts.model_version,
        max(case when artifacts.record = 'label' then artifacts.text end) as label,
        max(case when artifacts.name = 'rule' then artifacts.text end) as rule,
        max(case when artifacts.name = 'condition' then artifacts.text end) as rule_condition,
        max(case when artifacts.name = 'fidelity' then artifacts.value end) as rule_fidelity,
        max(case when artifacts.name = 'precision' then artifacts.value end) as rule_precision,
        max(case when artifacts.name = 'recall' then artifacts.value end) as rule_recall,
        row_number() over (
            partition by artifacts.segment_id
            order by models.fitted_as_of desc
        ) as description_number
    from artifacts
    inner join models
        on artifacts.model_version = models.model_version
    where
        artifacts.record in ('label', 'rule')
        and models.status in ('champion', 'retired')
        and models.shadow_id is null
    group by artifacts.segment_id, artifacts.model_version, models.fitted_as_of

),

ranked_traits as (

    select
        *,
        row_number() over (
            partition by segment_id
            order by abs(z_score) desc, feature asc
        ) as trait_number
    from traits

),

top_traits as (

    select
        segment_id,
        {{ ordered_text(
            "feature || case when z_score >= 0 then ' +' else ' ' end || cast(cast(z_score as decimal(9, 1)) as varchar)",
            'trait_number',
            ', '
        ) }} as top_traits
    from ranked_traits
    where trait_number <= 5
    group by segment_id

),

differences as (

    select
        segment_id,
        count(case when is_different then 1 end) as different_kpi_count
    from {{ ref('seg_segment_values') }}
    group by segment_id

),

sizes as (

    select
        segment_id,
        count(*) as size,
        count(case when method = 'cluster' then 1 end) as clustered_size
    from assigned
    group by segment_id

),

total as (

    select count(*) as size from assigned

),

final as (

    select
        appearances.segment_id,
        case when appearances.is_active then 'active' else 'retired' end as status,
        described.label,
        top_traits.top_traits,
        described.rule,
        described.rule_condition,
        described.rule_fidelity,
        described.rule_precision,
        described.rule_recall,
        -- of a segment without a history nothing is said
        coalesce(differences.different_kpi_count = 0, false) as is_indistinct,
        coalesce(sizes.size, 0) as size,
        coalesce(sizes.clustered_size, 0) as clustered_size,
        coalesce({{ safe_ratio('sizes.size', 'total.size') }}, 0) as share,
        appearances.first_model_version,
        appearances.last_model_version,
        appearances.first_fitted_as_of,
        appearances.last_fitted_as_of
    from appearances
    cross join total
    left join described
        on
            appearances.segment_id = described.segment_id
            and described.description_number = 1
    left join top_traits
        on appearances.segment_id = top_traits.segment_id
    left join differences
        on appearances.segment_id = differences.segment_id
    left join sizes
        on appearances.segment_id = sizes.segment_id

)

select * from final
