from kindred.experiments.analyzing import analyze_experiments
from kindred.frames import single_value, to_pandas


def model(dbt, session):
    sums = to_pandas(dbt.ref("seg_experiments__summed"))
    experiments = to_pandas(dbt.ref("experiments"))
    arms = to_pandas(dbt.ref("experiment_arms"))
    metrics = to_pandas(dbt.ref("experiment_metrics"))
    clock = to_pandas(dbt.ref("int_time__resolved"))
    as_of = single_value(clock, "as_of")
    return analyze_experiments(sums, experiments, arms, metrics, as_of=as_of)
