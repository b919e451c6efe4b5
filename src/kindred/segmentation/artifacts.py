"""The remembered table of everything learned: its columns, types and how to read it.

One row is one learned number or text. It is appended to and never changed, so the model
in force is a matter of reading the latest `status` row, and two models can be compared
with a join.
"""

from collections.abc import Iterable
from hashlib import md5
from typing import Any

import pandas as pd

DTYPES = {
    "artifact_id": "str",
    "run_id": "str",
    "as_of": "datetime64[us]",
    "model_version": "str",
    "record": "str",
    "feature": "str",
    "segment_id": "str",
    "cluster_number": "Int64",
    "cluster_count": "Int64",
    "name": "str",
    "value": "float64",
    "text": "str",
}
KEYS = (
    "run_id",
    "as_of",
    "model_version",
    "record",
    "feature",
    "segment_id",
    "cluster_number",
    "cluster_count",
    "name",
)


def empty_artifacts() -> pd.DataFrame:
    """No rows, every column, the exact types."""
    return as_artifacts(pd.DataFrame())


def as_artifacts(rows: pd.DataFrame | Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows with every column of the contract in its order and exact type.

    Accepts what a warehouse hands over (objects with None, integers widened to floats
    by a null); columns that are absent become null.
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    frame = frame.reset_index(drop=True)
    typed = {
        name: frame[name] if name in frame else pd.Series(None, index=frame.index)
        for name in DTYPES
    }
    return pd.DataFrame({name: _typed(column, DTYPES[name]) for name, column in typed.items()})


def _typed(column: pd.Series, dtype: str) -> pd.Series:
    if dtype == "str":
        return column.astype("object").where(column.notna(), None).astype("str")
    if dtype == "Int64":
        return pd.to_numeric(column).astype("Int64")
    if dtype == "float64":
        return pd.Series(column.to_numpy("float64", na_value=float("nan")))
    return pd.to_datetime(column).astype(dtype)


def seal(
    rows: pd.DataFrame, *, run_id: str, as_of: pd.Timestamp, model_version: str
) -> pd.DataFrame:
    """Stamp new rows with their run and give each its key.

    Rows that already name a model version keep it: the retirement of the old champion
    is written by the run of the new one. Raises ValueError if two rows share all keys.
    """
    sealed = as_artifacts(rows)
    sealed["run_id"] = run_id
    sealed["as_of"] = as_of
    sealed["model_version"] = sealed["model_version"].fillna(model_version)
    texts = sealed[list(KEYS)].astype("object").where(sealed[list(KEYS)].notna(), "")
    columns = (texts[name].map(str) for name in KEYS)
    keys = pd.Series(["|".join(parts) for parts in zip(*columns, strict=True)], dtype="object")
    if keys.duplicated().any():
        raise ValueError(f"two artifacts with one key: {keys[keys.duplicated()].iloc[0]}")
    sealed["artifact_id"] = [md5(key.encode()).hexdigest() for key in keys]
    return sealed.astype(DTYPES)


def of_model(memory: pd.DataFrame, model_version: str | None) -> pd.DataFrame:
    """All rows of one model version; none when the version is None."""
    return memory[memory["model_version"].eq(model_version or "")]


def latest_statuses(memory: pd.DataFrame) -> pd.Series:
    """The status that holds of each model version.

    The `value` of a status row is its place in the sequence of all status rows.
    """
    statuses = memory[memory["record"].eq("status") & memory["name"].eq("status")]
    latest = statuses.sort_values("value").drop_duplicates("model_version", keep="last")
    return latest.set_index("model_version")["text"]


def current_champion(memory: pd.DataFrame) -> str | None:
    """The model version whose latest status is champion; None before the first fit."""
    statuses = latest_statuses(memory)
    champions = statuses.index[statuses.eq("champion")]
    return champions[-1] if len(champions) else None


def challengers(memory: pd.DataFrame) -> pd.DataFrame:
    """Every model that was fitted to become champion: model_version, as_of, algorithm.

    In the order in which they were fitted; shadow models are not among them.
    """
    models = memory[memory["record"].eq("model") & memory["name"].eq("algorithm")]
    models = models[~models["model_version"].isin(shadow_ids(memory).index)]
    models = models.rename(columns={"text": "algorithm"})
    return models.sort_values(["as_of", "run_id"], kind="stable", ignore_index=True)[
        ["model_version", "as_of", "algorithm"]
    ]


def last_fitted_model(memory: pd.DataFrame) -> str | None:
    """The version fitted last, promoted or not; None before the first fit."""
    fits = challengers(memory)
    return fits["model_version"].iloc[-1] if len(fits) else None


def shadow_ids(memory: pd.DataFrame) -> pd.Series:
    """The shadow that each shadow model stands for, by model version."""
    named = memory[memory["record"].eq("model") & memory["name"].eq("shadow_id")]
    return named.set_index("model_version")["text"]


def live_shadows(memory: pd.DataFrame) -> pd.Series:
    """The shadow models in force: model version by shadow_id."""
    statuses = latest_statuses(memory)
    names = shadow_ids(memory)
    live = names[names.index.isin(statuses.index[statuses.eq("shadow")])]
    return pd.Series(live.index, index=live.to_numpy(), dtype="str")


def next_status_number(memory: pd.DataFrame) -> int:
    """The next place in the sequence of status rows."""
    statuses = memory[memory["record"].eq("status") & memory["name"].eq("status")]
    return int(statuses["value"].max()) + 1 if len(statuses) else 1


def next_segment_number(memory: pd.DataFrame) -> int:
    """The smallest number no segment ever had, rejected challengers included."""
    numbers = memory["segment_id"].str.extract(r"^segment_(\d+)$")[0].dropna()
    return int(numbers.astype("int64").max()) + 1 if len(numbers) else 1


def free_name(name: str, taken: pd.Series) -> str:
    """The name, or where it is taken already the first free of ``name_2``, ``name_3`` ..."""
    used, free, count = set(taken.dropna()), name, 2
    while free in used:
        free, count = f"{name}_{count}", count + 1
    return free


def segment_name(number: int) -> str:
    """The id of the n-th segment ever found, such as ``segment_001``."""
    return f"segment_{number:03d}"
