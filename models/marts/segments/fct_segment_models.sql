with

models as (

    select * from {{ ref('seg_models') }}

),

final as (

    select
        models.model_version,
        models.run_id,
        models.algorithm,
        models.shadow_id,
        models.due_reason,
        models.feature_set_hash,
        models.status,
        models.gate_reason,
        models.k,
        models.seed,
        models.sample_size,
        models.silhouette,
        models.davies_bouldin,
        models.calinski_harabasz,
        models.smallest_share,
        models.stability,
        models.kept_share,
        models.fitted_as_of,
        models.status_since_at
    from models

)

select * from final
