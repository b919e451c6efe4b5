with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}

),

fitted as (

    select
        model_version,
        min(run_id) as run_id,
        min(as_of) as fitted_as_of,
        max(case when name = 'algorithm' then text end) as algorithm,
        max(case when name = 'shadow_id' then text end) as shadow_id,
        max(case when name = 'due' then text end) as due_reason,
        max(case when name = 'feature_set_hash' then text end) as feature_set_hash,
        max(case when name = 'k' then cast(value as bigint) end) as k,
        max(case when name = 'seed' then cast(value as bigint) end) as seed,
        max(case when name = 'sample_size' then cast(value as bigint) end) as sample_size,
        max(case when name = 'silhouette' then value end) as silhouette,
        max(case when name = 'davies_bouldin' then value end) as davies_bouldin,
        max(case when name = 'calinski_harabasz' then value end) as calinski_harabasz,
        max(case when name = 'smallest_share' then value end) as smallest_share,
        max(case when name = 'stability' then value end) as stability,
        max(case when name = 'kept_share' then value end) as kept_share
    from artifacts
    where record = 'model'
    group by model_version

),

states as (

    select
        model_version,
        run_id,
        min(as_of) as as_of,
        max(case when name = 'status' then text end) as status,
        -- the place among all changes of status, so that the last one is known
        max(case when name = 'status' then value end) as status_number,
        max(case when name = 'gate_reason' then text end) as gate_reason
    from artifacts
    where record = 'status'
    group by model_version, run_id

),

numbered_states as (

    select
        *,
        row_number() over (
            partition by model_version
            order by status_number desc
        ) as state_number
    from states

),

final as (

    select
        fitted.model_version,
        fitted.run_id,
        fitted.algorithm,
        fitted.shadow_id,
        fitted.due_reason,
        fitted.feature_set_hash,
        numbered_states.status,
        numbered_states.gate_reason,
        fitted.k,
        fitted.seed,
        fitted.sample_size,
        fitted.silhouette,
        fitted.davies_bouldin,
        fitted.calinski_harabasz,
        fitted.smallest_share,
        fitted.stability,
        fitted.kept_share,
        numbered_states.status = 'champion' as is_champion,
        fitted.fitted_as_of,
        numbered_states.run_id as status_run_id,
        numbered_states.as_of as status_since_at
    from fitted
    inner join numbered_states
        on
            fitted.model_version = numbered_states.model_version
            and numbered_states.state_number = 1

)

select * from final
