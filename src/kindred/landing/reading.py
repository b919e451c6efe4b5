"""The SQL that turns a file's records into typed rows, for JSON, CSV and parquet alike.

Every reader yields the same relation ``fields``: the record's number and one raw column
for each field of the contract. From there on there is one way of typing, hashing and
scrubbing, so the same record lands the same from every format.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from kindred.landing.contract import Column
from kindred.landing.layout import quoted

EMAIL_PATTERN = r"[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9.-]+\.[A-Za-z]{2,}"
HASH_PATTERN = "[0-9a-f]{64}"
# members of JSON objects that name a person in clear
PERSONAL_KEYS = ("email", "e_mail", "email_address", "phone", "phone_number")
SALT = "(select salt from salting)"
# columns that tell one thing from another; of these an address leaves a hash, not a mark
IDENTIFIERS = frozenset(
    (
        "anonymous_id",
        "click_id",
        "consent_id",
        "customer_id",
        "decision_id",
        "erasure_id",
        "event_id",
        "hit_id",
        "line_id",
        "login",
        "order_id",
        "product_id",
        "refunds_order_id",
        "session_id",
        "user_id",
        "user_pseudo_id",
        "visitor_id",
    )
)


def quoted_name(name: str) -> str:
    """A column name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def source_names(column: Column) -> tuple[str, ...]:
    """Under which names of the inbox a column's value may come."""
    return (column.name, *column.aliases)


def known_names(columns: tuple[Column, ...]) -> set[str]:
    """Every name that does not belong to the unknown fields."""
    names = {name for column in columns for name in source_names(column)}
    clear = {column.hashes for column in columns if column.hashes}
    return names | clear | {"loaded_at", *PERSONAL_KEYS}


def json_structure(type_: str) -> object:
    """A DuckDB type as the structure that json_transform wants."""
    type_ = type_.strip()
    if type_.endswith("[]"):
        return [json_structure(type_[:-2])]
    if type_.startswith("STRUCT("):
        return {
            name: json_structure(inner)
            for name, inner in (part.strip().split(" ", 1) for part in _split(type_[7:-1]))
        }
    return type_


def _split(inside: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(inside):
        depth += character in "(["
        depth -= character in ")]"
        if character == "," and depth == 0:
            parts.append(inside[start:position])
            start = position + 1
    return [*parts, inside[start:]]


def scrubbed(text: str) -> str:
    """An expression with e-mail addresses taken out; cheap where there is none."""
    return (
        f"case when contains({text}, '@') or contains({text}, '%40') "
        f"then regexp_replace({text}, {quoted(EMAIL_PATTERN)}, '[email]', 'g') "
        f"else {text} end"
    )


def pseudonym(text: str) -> str:
    """An identifier as it is, or where it holds an address, the salted hash of it whole.

    The hash of a login that is an address equals that of the address, so both name the
    same person.
    """
    plain = f"lower(trim(replace({text}, '%40', '@')))"
    is_address = f"may_hold_address and {holds_address(text)}"
    return f"case when {is_address} then sha256({SALT} || {plain}) else {text} end"


def holds_address(text: str) -> str:
    """An expression that is true where a text holds an e-mail address."""
    return (
        f"coalesce((contains({text}, '@') or contains({text}, '%40')) "
        f"and regexp_matches({text}, {quoted(EMAIL_PATTERN)}), false)"
    )


def _may_hold_address(columns: tuple[Column, ...]) -> str:
    names = [f"raw_{column.name}" for column in columns if column.name in IDENTIFIERS]
    if not names:
        return "false"
    together = f"concat_ws(' ', {', '.join(names)})"
    return f"(contains({together}, '@') or contains({together}, '%40'))"


def hashed(clear: str, kind: str) -> str:
    """Salted SHA-256 of a clear e-mail or phone number; null where there is none."""
    plain = (
        f"lower(trim({clear}))"
        if kind == "email"
        else f"regexp_replace({clear}, '[^0-9]', '', 'g')"
    )
    return f"case when trim({clear}) <> '' then sha256({SALT} || {plain}) end"


# --- readers -------------------------------------------------------------------------


def json_fields(path: Path, columns: tuple[Column, ...], *, is_array: bool, line: int):
    """The relation ``fields`` of a file with one JSON object a line, or one array.

    ``line`` is the length in bytes of the longest line.
    """
    size = max(16_777_216, line + 1024)
    reader = "read_json_objects" if is_array else "read_ndjson_objects"
    shape = "format = 'array', " if is_array else "ignore_errors = true, "
    records = (
        "select row_number() over () as source_line, json as original "
        f"from {reader}({quoted(path)}, {shape}maximum_object_size = {size})"
    )
    return _fields_of_json(records, columns)


def nested_parquet_fields(path: Path, columns: tuple[Column, ...]) -> str:
    """The relation ``fields`` of a parquet file whose table has structs or lists."""
    records = (
        "select row_number() over () as source_line, to_json(record) as original "
        f"from read_parquet({quoted(path)}) as record"
    )
    return _fields_of_json(records, columns)


def _fields_of_json(records: str, columns: tuple[Column, ...]) -> str:
    wanted = [column for column in columns if not column.is_derived]
    structure = {
        name: json_structure(column.type) if column.is_nested else "VARCHAR"
        for column in wanted
        for name in source_names(column)
    }
    structure["loaded_at"] = "VARCHAR"
    known = dict.fromkeys(sorted(known_names(columns)))
    raws = []
    for column in wanted:
        names = [f"value[{quoted(name)}]" for name in source_names(column)]
        if column.name in IDENTIFIERS:
            # not scrubbed: an address in it is hashed, so that it still tells one from another
            names = [
                f"json_extract_string(original, {quoted(_json_path(name))})"
                for name in source_names(column)
            ]
        raws.append(f"coalesce({', '.join(names)}, null) as raw_{column.name}")
    return f"""
        with records as ({records}),
        cleaned as (
            select source_line, original,
                case when json_type(original) = 'OBJECT'
                    then cast({scrubbed("cast(original as varchar)")} as json) end as clean
            from records
        ),
        parsed as (
            select *, json_transform(clean, {quoted(json.dumps(structure))}) as value
            from cleaned
        )
        select source_line, {", ".join(raws)},
            value['loaded_at'] as raw_loaded_at,
            {_clear_from_json(columns)},
            nullif(cast(json_merge_patch(clean, {quoted(json.dumps(known))})
                as varchar), '{{}}') as unknown,
            case when original is null then 'broken_json'
                when clean is null then 'not_an_object' end as broken
        from parsed"""


def _json_path(name: str) -> str:
    return '$."' + name + '"'


def _clear_from_json(columns: tuple[Column, ...]) -> str:
    kinds = {column.hashes for column in columns if column.hashes}
    names = {column.name for column in columns}
    parts = []
    for kind in ("email", "phone"):
        if kind not in kinds:
            parts.append(f"cast(null as varchar) as clear_{kind}")
            continue
        found = [f"json_extract_string(original, '$.{kind}')"]
        if "event_params" in names:
            # GA4 sends them as a user property or parameter
            found += [_ga4_value(member, kind) for member in _GA4_LISTS]
        if "query_string" in names and kind == "email":
            found.append(_query_email("json_extract_string(original, '$.query_string')"))
        parts.append(f"coalesce({', '.join(found)}, null) as clear_{kind}")
    return ", ".join(parts)


_GA4_LISTS = ("user_properties", "event_params")


def _ga4_value(member: str, kind: str) -> str:
    return (
        f"case when contains(cast(original as varchar), '{kind}') then "
        "list_transform(list_filter("
        f"cast(json_extract(original, '$.{member}') as json[]), "
        "lambda entry: lower(json_extract_string(entry, '$.key')) in "
        f"('{kind}', '{kind}_address', '{kind}_number', 'user_{kind}')), "
        "lambda entry: json_extract_string(entry, '$.value.string_value'))[1] end"
    )


def _query_email(text: str) -> str:
    return (
        f"case when contains({text}, 'em') then nullif(try(url_decode(regexp_extract({text}, "
        "'(?:^|[?&])(?:em|email)=([^&#]*)', 1))), '') end"
    )


def flat_fields(reader: str, present: Mapping[str, str], columns: tuple[Column, ...]) -> str:
    """The relation ``fields`` of a file with columns.

    ``reader`` is the table function that reads it, ``present`` its columns and types.
    """
    by_name = {name.lower(): name for name in present}
    raws = []
    for column in columns:
        if column.is_derived:
            continue
        found = [quoted_name(by_name[name]) for name in source_names(column) if name in by_name]
        if not found:
            value = "cast(null as varchar)"
        elif len(found) == 1:
            value = found[0]
        else:
            value = f"coalesce({', '.join(f'cast({name} as varchar)' for name in found)})"
        raws.append(f"{value} as raw_{column.name}")
    own = by_name.get("loaded_at")
    raws.append(f"{quoted_name(own) if own else 'cast(null as varchar)'} as raw_loaded_at")
    kinds = {column.hashes for column in columns if column.hashes}
    query = by_name.get("query_string") or by_name.get("query")
    for kind in ("email", "phone"):
        found = []
        if kind in kinds and kind in by_name:
            found.append(f"cast({quoted_name(by_name[kind])} as varchar)")
        if kind == "email" and query and kind in kinds:
            found.append(_query_email(quoted_name(query)))
        raws.append(
            f"coalesce({', '.join([*found, 'null'])}, cast(null as varchar)) as clear_{kind}"
        )
    known = known_names(columns)
    unknown = [name for name in present if name.lower() not in known]
    extra = "cast(null as varchar)"
    if unknown:
        packed = ", ".join(f"{quoted_name(name)} := {quoted_name(name)}" for name in unknown)
        text = f"cast(to_json(struct_pack({packed})) as varchar)"
        any_value = " or ".join(f"{quoted_name(name)} is not null" for name in unknown)
        extra = f"case when {any_value} then {scrubbed(text)} end"
    return (
        f"select row_number() over () as source_line, {', '.join(raws)}, "
        f"{extra} as unknown, cast(null as varchar) as broken from {reader}"
    )


def csv_reader(path: Path, separator: str) -> str:
    """The table function that reads a CSV file with a header, all columns as text."""
    return (
        f"read_csv({quoted(path)}, header = true, all_varchar = true, "
        f"delim = {quoted(separator)}, quote = '\"', escape = '\"', "
        "store_rejects = true, rejects_table = 'csv_errors', "
        "rejects_scan = 'csv_scans', max_line_size = 33554432)"
    )


def separator_of(header: str) -> str:
    """Comma, semicolon or tab: whichever stands most often in the header line."""
    return max(",;\t", key=header.count)


def columns_of(connection: duckdb.DuckDBPyConnection, reader: str) -> dict[str, str]:
    """Names and types of the columns that a table function yields."""
    rows = connection.execute(f"describe select * from {reader}").fetchall()
    return {row[0]: row[1] for row in rows}


# --- typing --------------------------------------------------------------------------


def typed_rows(
    fields: str,
    types: Mapping[str, str],
    columns: tuple[Column, ...],
    *,
    source_file: str,
    loaded_at: str,
    is_intraday: bool,
) -> str:
    """All landed columns of a table from the relation ``fields``, and why a row fails.

    ``types`` are the types of the raw columns, ``loaded_at`` the moment for records that
    bring none of their own.
    """
    raws, values, faults, spilled = [], [], [], []
    for column in columns:
        name = column.name
        if column.is_derived:
            values.append(f"{str(is_intraday).lower()} as {name}")
            continue
        raw = f"raw_{name}"
        raws.append(raw)
        value = _value(column, raw, types[raw])
        if column.hashes == "email" and any(one.name == "login" for one in columns):
            # who logs in with an address has told it
            login = "cast(raw_login as varchar)"
            told = (
                f"case when may_hold_address and {holds_address(login)} then {pseudonym(login)} end"
            )
            value = f"coalesce({value}, {told})"
        values.append(f"{value} as {name}")
        if column.type != "VARCHAR" and not column.is_nested:
            present = f"{raw} is not null"
            if types[raw] == "VARCHAR":
                present = f"trim({raw}) <> ''"
            fault = f"{present} and {name} is null"
            if column.strict:
                faults.append(f"when {fault} then 'bad_value:{name}'")
            else:
                spilled.append(f"'{name}', case when {fault} then cast({raw} as varchar) end")
    own = ", ".join(column.name for column in columns)
    content = ", '|', ".join(
        f"coalesce(cast({column.name} as varchar), '')"
        for column in columns
        if not column.is_derived
    )
    filled = " + ".join(
        f"cast({column.name} is not null as integer)" for column in columns if not column.is_derived
    )
    spill = "unknown"
    if spilled:
        # merging drops what is null, so only values that could not be cast remain
        spill = (
            "nullif(cast(json_merge_patch(coalesce(cast(unknown as json), '{}'), "
            f"json_object({', '.join(spilled)})) as varchar), '{{}}')"
        )
    needs_salt = " or ".join(
        [f"coalesce(trim(clear_{kind}), '') <> ''" for kind in ("email", "phone")]
        + [
            f"may_hold_address and {holds_address(f'cast(raw_{column.name} as varchar)')}"
            for column in columns
            if column.name in IDENTIFIERS
        ]
        + (["identifier_needs_hash"] if _is_erasure(columns) else [])
    )
    loaded = _value(Column("loaded_at", "TIMESTAMP"), "raw_loaded_at", types["raw_loaded_at"])
    return f"""
        with fields as ({fields}),
        -- one look for all identifiers: few records hold an address in any of them
        looked_at as (select *, {_may_hold_address(columns)} as may_hold_address from fields),
        typed as (
            select source_line, unknown, broken, clear_email, clear_phone,
                {", ".join(raws)}, {loaded} as given_loaded_at,
                {_identifier_needs_hash(columns)}
                {", ".join(values)},
                may_hold_address
            from looked_at
        ),
        judged as (
            select *, coalesce(broken, case {" ".join(faults)} else null end)
                as reject_reason
            from typed
        )
        select
            coalesce(given_loaded_at, timestamp '{loaded_at}') as loaded_at,
            {quoted(source_file)} as source_file,
            source_line,
            md5(concat({content})) as payload_hash,
            cast({filled} as integer) as filled_count,
            case when reject_reason is null then {spill} end as extra,
            {own},
            reject_reason,
            ({needs_salt}) as needs_salt
        from judged"""


def _is_erasure(columns: tuple[Column, ...]) -> bool:
    return any(column.name == "identifier_value" for column in columns)


def _identifier_needs_hash(columns: tuple[Column, ...]) -> str:
    if not _is_erasure(columns):
        return ""
    return (
        "coalesce(lower(trim(raw_identifier_kind)) in ('email', 'phone') and not "
        f"regexp_full_match(lower(trim(raw_identifier_value)), '{HASH_PATTERN}'), false) "
        "as identifier_needs_hash,"
    )


def _value(column: Column, raw: str, raw_type: str) -> str:
    if column.hashes:
        given = f"lower(trim(cast({raw} as varchar)))"
        return (
            f"case when regexp_full_match({given}, '{HASH_PATTERN}') then {given} "
            f"else {hashed(f'clear_{column.hashes}', column.hashes)} end"
        )
    if column.name == "identifier_value":
        return (
            f"case when lower(trim(raw_identifier_kind)) = 'email' and not "
            f"regexp_full_match(lower(trim({raw})), '{HASH_PATTERN}') "
            f"then {hashed(raw, 'email')} "
            f"when lower(trim(raw_identifier_kind)) = 'phone' and not "
            f"regexp_full_match(lower(trim({raw})), '{HASH_PATTERN}') "
            f"then {hashed(raw, 'phone')} else nullif(cast({raw} as varchar), '') end"
        )
    if column.is_nested:
        return _nested_value(column, raw, raw_type)
    if column.name in IDENTIFIERS:
        return f"nullif({pseudonym(f'cast({raw} as varchar)')}, '')"
    if column.type == "VARCHAR":
        text = raw if raw_type == "VARCHAR" else f"cast({raw} as varchar)"
        value = f"nullif({scrubbed(text)}, '')"
        return _without_personal_keys(value, text) if column.name == "properties" else value
    if column.type == "TIMESTAMP":
        return _timestamp(raw, raw_type)
    if raw_type != "VARCHAR":
        return f"try_cast({raw} as {column.type})"
    text = f"nullif(trim({raw}), '')"
    if column.type == "DATE":
        return f"coalesce(try_cast({text} as date), cast(try_cast({text} as timestamptz) as date))"
    return f"try_cast({text} as {column.type})"


def _without_personal_keys(value: str, text: str) -> str:
    patch = quoted(json.dumps(dict.fromkeys(PERSONAL_KEYS)))
    mentions = " or ".join(f"contains({text}, '{word}')" for word in ("mail", "phone"))
    return (
        f"case when ({mentions}) and json_valid({text}) "
        f"then cast(json_merge_patch(cast({value} as json), {patch}) as varchar) "
        f"else {value} end"
    )


def _nested_value(column: Column, raw: str, raw_type: str) -> str:
    value = raw
    if raw_type == "VARCHAR":
        structure = quoted(json.dumps(json_structure(column.type)))
        text = scrubbed(raw)
        value = (
            f"case when json_valid({raw}) "
            f"then json_transform(cast({text} as json), {structure}) end"
        )
    if column.name in _GA4_LISTS:
        names = ", ".join(quoted(name) for name in (*PERSONAL_KEYS, "user_email", "user_phone"))
        return f"list_filter({value}, lambda entry: lower(entry['key']) not in ({names}))"
    return value


def _timestamp(raw: str, raw_type: str) -> str:
    if raw_type == "TIMESTAMP WITH TIME ZONE":
        return f"cast({raw} as timestamp)"
    if raw_type == "DATE" or re.match("TIMESTAMP", raw_type):
        return f"try_cast({raw} as timestamp)"
    text = f"trim(cast({raw} as varchar))"
    number = f"try_cast({text} as bigint)"
    return (
        f"case when regexp_full_match({text}, '[0-9]{{9,17}}') then make_timestamp(case "
        f"when length({text}) <= 11 then {number} * 1000000 "
        f"when length({text}) <= 14 then {number} * 1000 else {number} end) "
        f"else cast(try_cast(nullif({text}, '') as timestamptz) as timestamp) end"
    )
