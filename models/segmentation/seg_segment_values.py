from kindred.frames import to_pandas
from kindred.segmentation.valuing import value_segments


def model(dbt, session):
    return value_segments(to_pandas(dbt.ref("seg_segment_outcomes")))
