with

artifacts as (

    select * from {{ ref('seg_model_artifacts') }}

),

trials as (

    select
        model_version,
        min(run_id) as run_id,
        min(as_of) as as_of,
        max(case when name = 'algorithm' then text end) as algorithm,
        cluster_count,
        max(case when name = 'silhouette' then value end) as silhouette,
        max(case when name = 'davies_bouldin' then value end) as davies_bouldin,
        max(case when name = 'calinski_harabasz' then value end) as calinski_harabasz,
        max(case when name = 'smallest_share' then value end) as smallest_share,
        max(case when name = 'stability' then value end) as stability,
        max(case when name = 'is_chosen' then value end) as chosen,
        max(case when name = 'reason' then text end) as reason
    from artifacts
    where record = 'trial'
    group by model_version, cluster_count

),

final as (

    select
        {{ surrogate_key(['trials.model_version', 'trials.cluster_count']) }} as trial_id,
        trials.run_id,
        trials.model_version,
        trials.algorithm,
        trials.cluster_count as k,
        trials.silhouette,
        trials.davies_bouldin,
        trials.calinski_harabasz,
        trials.smallest_share,
        trials.stability,
        coalesce(trials.chosen, 0) = 1 as is_chosen,
        trials.reason,
        trials.as_of
    from trials

)

select * from final
