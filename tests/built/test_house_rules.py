"""The floor plan, as a test: a row walks forward through the rooms and never back."""

import re

import yaml
from conftest import PROJECT

ROOMS = ["staging", "intermediate", "segmentation", "marts", "exports"]
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "segmentation": ("seg_",),
    "marts": ("fct_", "dim_"),
    "exports": ("exp_",),
}
PYTHON_MODELS = {
    *("int_identities__components", "seg_experiments__tested"),
    *("seg_model_artifacts", "seg_segment_values"),
}
REMEMBERED = {
    *("int_time__resolved", "seg_model_artifacts"),
    *("seg_segment_changes", "seg_audience_changes", "seg_persona_changes"),
}
CLOCKS = re.compile(r"\b(current_date|current_timestamp|now\(\)|today\(\)|getdate)", re.I)
# what only DuckDB understands belongs into a dispatched macro
DUCKDB_ONLY = re.compile(
    r"::|\bqualify\b|\bfilter \(where|\blist_\w+\(|\bstruct_pack|\bepoch_us\(|\barg_m(in|ax)\("
    r"|\bexclude \(|\bunnest\(|\bregexp_\w+\(|\bto_json\(|\bgroup by all|\basof\b|//",
    re.I,
)


def room(node):
    return node["fqn"][1]


def test_a_model_reads_only_from_its_own_room_or_an_earlier_one(models):
    backward = [
        f"{models[parent]['name']} -> {node['name']}"
        for node in models.values()
        for parent in node["depends_on"]["nodes"]
        if parent in models and ROOMS.index(room(models[parent])) > ROOMS.index(room(node))
    ]
    assert backward == []


def test_only_staging_reads_sources_and_reads_one_each(models):
    wrong = [
        node["name"]
        for node in models.values()
        if len(node["sources"]) != (1 if room(node) == "staging" else 0)
    ]
    assert wrong == []


def test_staging_reads_nothing_but_its_source(models):
    wrong = [
        node["name"]
        for node in models.values()
        if room(node) == "staging"
        and [one for one in node["depends_on"]["nodes"] if not one.startswith("source.")]
    ]
    assert wrong == []


def test_the_name_says_the_room(models):
    wrong = [
        node["name"]
        for node in models.values()
        if not node["name"].startswith(PREFIXES[room(node)])
    ]
    assert wrong == []


def test_python_models_are_the_few_that_need_it(models):
    found = {node["name"] for node in models.values() if node["language"] == "python"}
    assert found == PYTHON_MODELS


def test_a_python_model_is_a_sentence(models):
    for node in models.values():
        if node["language"] == "python":
            lines = (PROJECT / node["original_file_path"]).read_text().splitlines()
            assert len(lines) <= 20, node["name"]
            assert not [line for line in lines if re.match(r"\s*(if|for|while) ", line)]


def test_what_is_remembered_survives_a_full_refresh(models):
    kept = {
        node["name"]
        for node in models.values()
        if node["config"]["materialized"] == "incremental"
        and node["config"]["full_refresh"] is False
    }
    assert kept == REMEMBERED


def test_every_model_states_its_grain_and_owner(models):
    wrong = [
        node["name"]
        for node in models.values()
        if not {"grain", "owner"} <= node["config"]["meta"].keys()
    ]
    assert wrong == []


def test_every_model_begins_its_description_with_the_grain(models):
    wrong = [
        node["name"] for node in models.values() if not node["description"].startswith("One row")
    ]
    assert wrong == []


def test_every_column_is_described(models):
    wrong = [
        f"{node['name']}.{name}"
        for node in models.values()
        for name, column in node["columns"].items()
        if not column["description"]
    ]
    assert wrong == []


def test_every_column_of_a_built_table_stands_in_its_yaml(models, home):
    import duckdb

    with duckdb.connect(str(home / "kindred_build.duckdb"), read_only=True) as build:
        rows = build.execute(
            "select table_name, column_name from information_schema.columns"
        ).fetchall()
    built = {}
    for table, column in rows:
        built.setdefault(table, set()).add(column)
    wrong = {
        node["name"]: sorted(built[node["name"]] ^ set(node["columns"]))
        for node in models.values()
        if built[node["name"]] != set(node["columns"])
    }
    assert wrong == {}


def test_public_models_keep_a_contract_and_have_a_group(models):
    wrong = [
        node["name"]
        for node in models.values()
        if node["config"]["access"] == "public"
        and not (node["config"]["group"] and _has_contract(node))
    ]
    assert wrong == []


def _has_contract(node):
    # an export is a view over marts that keep theirs; its own columns carry types too
    typed = all(column["data_type"] for column in node["columns"].values())
    return typed and (node["contract"]["enforced"] or room(node) == "exports")


def test_every_mart_has_a_key_that_is_tested_or_enforced(models, manifest):
    tested = {
        test["attached_node"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and (test.get("test_metadata") or {}).get("name")
        in (
            *("unique", "unique_together", "unique_where_touched", "keyed_by"),
            # of one key no two periods begin at once
            "periods_do_not_overlap",
        )
    }
    enforced = {
        key
        for key, node in models.items()
        for column in node["columns"].values()
        if any(one["type"] == "primary_key" for one in column["constraints"])
    }
    # a view with the rows of one table below has the key that is tested there
    below = {
        key: f"model.kindred.{node['config']['meta'].get('key_tested_on')}"
        for key, node in models.items()
    }
    wrong = [
        node["name"]
        for key, node in models.items()
        if room(node) == "marts"
        and key not in tested | enforced
        and not (below[key] in tested and below[key] in node["depends_on"]["nodes"])
    ]
    assert wrong == []


def test_no_model_asks_the_clock(models):
    wrong = [node["name"] for node in models.values() if CLOCKS.search(node["raw_code"])]
    assert wrong == []


def test_duckdb_only_sql_stands_in_macros(models):
    wrong = {}
    for node in models.values():
        if node["language"] == "sql":
            code = re.sub(r"\{#.*?#\}|--[^\n]*|\{\{.*?\}\}", "", node["raw_code"], flags=re.S)
            if found := DUCKDB_ONLY.findall(code):
                wrong[node["name"]] = found
    assert wrong == {}


def test_a_mart_lists_its_columns(models):
    for node in models.values():
        if room(node) in ("marts", "exports"):
            final = node["raw_code"].split("final as (")[1].rsplit("select * from final")[0]
            assert not re.search(r"select\s+\*|\w\.\*", final), node["name"]


def test_every_macro_is_described(manifest):
    ours = [
        macro
        for macro in manifest["macros"].values()
        if macro["package_name"] == "kindred"
        and not macro["name"].startswith(("duckdb__", "test_", "materialization_"))
    ]
    wrong = [macro["name"] for macro in ours if not macro["description"]]
    assert wrong == []


def test_there_are_at_most_sixteen_variables():
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert len(settings["vars"]) <= 16


def test_personal_columns_are_marked(models):
    personal = {
        *("email_hash", "phone_hash", "login", "customer_id", "identifier_value"),
        *("anonymous_id", "linked_anonymous_id", "device_key", "visitor_id", "unit_id"),
        *("click_id", "user_agent", "birth_date", "gender", "city"),
    }
    wrong = [
        f"{node['name']}.{name}"
        for node in models.values()
        for name, column in node["columns"].items()
        if name in personal and not column["config"]["meta"].get("pii")
    ]
    assert wrong == []
