from kindred.frames import remembered, single_value, to_pandas
from kindred.segmentation.fitting import fit_when_due


def model(dbt, session):
    sample = to_pandas(dbt.ref("seg_fit_sample"))
    items = to_pandas(dbt.ref("seg_fit_items"))
    catalog = to_pandas(dbt.ref("feature_catalog"))
    clock = to_pandas(dbt.ref("int_time__resolved"))
    return fit_when_due(
        sample,
        catalog,
        remembered(dbt, session),
        as_of=single_value(clock, "as_of"),
        seed=dbt.config.meta_get("seed"),
        segment_count_min=dbt.config.meta_get("segment_count_min"),
        segment_count_max=dbt.config.meta_get("segment_count_max"),
        refit_after_days=dbt.config.meta_get("refit_after_days"),
        items=items,
    )
