from kindred.frames import remembered, single_value, to_pandas
from kindred.segmentation.monitoring import fit_and_watch


def model(dbt, session):
    return fit_and_watch(
        to_pandas(dbt.ref("seg_fit_sample")),
        to_pandas(dbt.ref("feature_catalog")),
        remembered(dbt, session),
        items=to_pandas(dbt.ref("seg_fit_items")),
        first_sessions=to_pandas(dbt.ref("seg_fit_first_sessions")),
        shadows=to_pandas(dbt.ref("shadow_models")),
        as_of=single_value(dbt.ref("int_time__resolved"), "as_of"),
        algorithm=dbt.config.meta_get("algorithm"),
        seed=dbt.config.meta_get("seed"),
        segment_count_min=dbt.config.meta_get("segment_count_min"),
        segment_count_max=dbt.config.meta_get("segment_count_max"),
        refit_after_days=dbt.config.meta_get("refit_after_days"),
    )
