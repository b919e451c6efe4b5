"""Write delivered records as the files that each source would drop in the inbox.

Blocks of people are spooled as parquet, then every file is written from all of them in
turn, so memory is bounded by a block or a day, whichever is larger. Two runs give the
same bytes: every file is sorted by a unique key and gzip headers carry no time.
"""

import csv
import io
import itertools
import zlib
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from kindred.samples import experimenting, shop
from kindred.samples.simulating import START, Block

MARKER = ".sample"
LINE_TYPES = dict.fromkeys(
    ("quantity", "unit_price", "discount_amount", "refunded_quantity"), "decimal(18, 4)"
) | {"is_cancelled": "boolean"}
LINES_AT_ONCE = 400_000
# a collector that crashed in the middle of a line, on these days
BROKEN_DAYS = (3, 17, 31, 45)
BROKEN_LINE = '{"event_id":"e-broken","anonymous_id":"w-0000","name":"Page Vie\n'
CRM_TIMES = {
    "customers": ("signed_up_at", "updated_at", "loaded_at"),
    "orders": ("ordered_at", "updated_at", "loaded_at"),
    "order_lines": ("ordered_at", "loaded_at"),
    "consents": ("changed_at", "loaded_at"),
}


def spool(
    folder: Path,
    number: int,
    first: int,
    block: Block,
    rows: pd.DataFrame,
    crm: dict,
    served: pd.DataFrame,
) -> None:
    """Put one block's records aside until all blocks are there."""
    columns = [
        "event",
        "copy",
        "source",
        "kind",
        "device",
        "at",
        "received",
        "loaded",
        "file_day",
        "is_intraday",
        "product",
        "quantity",
        "order",
        "arrival",
        "consent",
        "login",
        "gives_email",
        "email_in_url",
        "session_id",
        "click",
        "linked",
    ]
    person = rows["person"].to_numpy()
    frame = rows[columns].rename(
        columns={"copy": "copy_number", "order": "order_number", "at": "moment"}
    )
    frame["person"] = np.where(person >= 0, first + person, -1)
    frame = frame.sort_values(
        ["source", "file_day", "loaded", "event", "copy_number"], ignore_index=True
    )
    countries = block.people["country"].to_numpy()
    owner = block.devices["owner"].to_numpy()
    devices = block.devices[["device", "anonymous_id", "browser", "bot", "is_internal"]]
    devices = devices.assign(country=np.where(owner >= 0, countries[owner], 0))
    # whoever serves the banner knows the persona of those who are of a segment
    segments = np.array([one.name for one in shop.SEGMENTS] + [None], dtype=object)
    segment = block.people["segment"].to_numpy()
    devices["persona_id"] = segments[np.where(owner >= 0, segment[owner], -1)]
    orders = block.orders[
        ["order", "country", "gross_cents", "discount_cents", "event_form"]
    ].rename(columns={"order": "order_number"})
    items = block.items.rename(columns={"order": "order_number"})
    tables = {"rows": frame, "devices": devices, "orders": orders, "items": items}
    tables["served"] = served
    tables |= {f"crm_{name}": records for name, (records, _) in crm.items()}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}-{number:05d}.parquet", index=False)


def write_files(inbox: Path, folder: Path, days: int) -> dict[tuple[str, str], int]:
    """Write all files of all sources from the spooled blocks.

    Returns counts that only writing knows: broken lines by (source, table), and
    records of ads/costs.
    """
    connection = duckdb.connect()
    try:
        connection.execute("set threads = 2; set enable_progress_bar = false")
        _look_ups(connection, folder)
        _write_ga4(connection, inbox, days)
        broken = _write_web(connection, inbox, days)
        for week in range((days + 6) // 7):
            _write_pixel(connection, inbox, week)
            _write_clicks(connection, inbox, week)
            _write_served(connection, inbox, week)
            for table in CRM_TIMES:
                _write_crm(connection, inbox, table, week)
        costs = _write_costs(connection, inbox, days)
    finally:
        connection.close()
    (inbox / MARKER).write_text("This inbox was written by kindred.samples.\n")
    return {("web", "events"): broken, ("ads", "costs"): costs}


def _look_ups(connection, folder):
    for name in (
        "rows",
        "devices",
        "orders",
        "items",
        "served",
        *(f"crm_{t}" for t in CRM_TIMES),
    ):
        files = sorted(folder.glob(f"{name}-*.parquet"))
        kind = "view" if name in ("rows", "items") else "table"
        listed = ", ".join(f"'{path}'" for path in files)
        connection.execute(f"create {kind} {name} as select * from read_parquet([{listed}])")
    products = shop.products()
    frames = {
        "products": pd.DataFrame(
            {
                "product": np.arange(len(products["product_id"])),
                "product_id": products["product_id"],
                "product_name": products["name"],
                "category": np.array(shop.CATEGORIES, dtype=object)[products["category"]],
                "dollars": products["dollars"],
            }
        ),
        "kinds": pd.DataFrame(shop.KINDS, columns=["ga4_name", "web_name", "hit_name"])
        .reset_index(names="kind")
        .astype({"kind": "int64"}),
        "countries": pd.DataFrame(
            shop.COUNTRIES,
            columns=["country_name", "currency", "rate", "city", "continent", "share"],
        ).reset_index(names="country"),
        "browsers": pd.DataFrame(
            shop.BROWSERS, columns=["browser_name", "system", "category", "agent"]
        ).reset_index(names="browser"),
        "bots": pd.DataFrame({"bot_agent": shop.BOT_AGENTS}).reset_index(names="bot"),
        "arrivals": pd.DataFrame(
            shop.ARRIVALS,
            columns=["utm_source", "utm_medium", "utm_campaign", "referrer", "share"],
        ).reset_index(names="arrival"),
    }
    for name, frame in frames.items():
        connection.register(f"{name}_frame", frame)
        connection.execute(f"create table {name} as select * from {name}_frame")
        connection.unregister(f"{name}_frame")
    connection.execute(_MACROS)


_MACROS = f"""
create macro iso(milliseconds) as
    strftime(make_timestamp(milliseconds * 1000), '%Y-%m-%dT%H:%M:%S.%gZ');
create macro clear_email(person) as 'person' || person || '@mail.example';
create macro hashed_email(person) as
    sha256('{shop.SALT}' || 'person' || person || '@mail.example');
create macro login_name(person, which) as
    case when which > 0
        then printf('u%07d', person)
            || case when which = 2 then 'b' else '' end
    end;
create macro click_name(click) as 'Cj0KCQ' || lower(lpad(hex(click), 16, '0'));
create macro money(cents) as
    cast(cast(cents / 100.0 as decimal(18, 2)) as varchar);
create macro order_text(number, form) as
    case form
        when 0 then 'so-' || (100000 + number)
        when 1 then ' SO-' || (100000 + number) || ' '
        else 'SO-' || (100000 + number)
    end;
create macro quoted(name, value) as
    case when value is null then '' else '"' || name || '":"' || value || '",' end;
create macro number_of(name, value) as
    case when value is null then '' else '"' || name || '":' || value || ',' end;
create macro text_parameter(name, value) as
    case when value is null then ''
        else '{{"key":"' || name || '","value":{{"string_value":"' || value || '"}}}},' end;
create macro whole_parameter(name, value) as
    case when value is null then ''
        else '{{"key":"' || name || '","value":{{"int_value":' || value || '}}}},' end;
create macro double_parameter(name, value) as
    case when value is null then ''
        else '{{"key":"' || name || '","value":{{"double_value":' || value || '}}}},' end;
"""

# records of some files with everything that their texts are made of
_DESCRIBED = """
with
chosen as (select * from rows where {condition}),
bought as (
    select
        items.order_number,
        string_agg(
            '{{"item_id":"' || products.product_id
            || '","item_name":"' || products.product_name
            || '","item_category":"' || products.category
            || '","price":' || money(items.price_cents)
            || ',"quantity":' || items.quantity
            || ',"item_revenue":'
            || money(items.price_cents * items.quantity - items.discount_cents)
            || ',"discount":' || money(items.discount_cents) || '}}',
            ',' order by items.line
        ) as ga4_items,
        string_agg(
            '{{"product_id":"' || products.product_id
            || '","category":"' || products.category
            || '","price":' || money(items.price_cents)
            || ',"quantity":' || items.quantity || '}}',
            ',' order by items.line
        ) as web_items
    from items
    inner join products on items.product = products.product
    where items.order_number in (
        select order_number from chosen where order_number >= 0
    )
    group by items.order_number
),
described as (
    select
        chosen.*,
        devices.anonymous_id,
        devices.browser,
        coalesce(devices.is_internal, false) as is_internal,
        kinds.ga4_name,
        kinds.web_name,
        kinds.hit_name,
        countries.country_name,
        countries.currency,
        countries.city,
        countries.continent,
        browsers.browser_name,
        browsers.system,
        browsers.category as device_category,
        coalesce(bots.bot_agent, browsers.agent) as user_agent,
        products.product_id,
        products.product_name,
        products.category,
        cast(round(products.dollars * countries.rate * 100) as bigint) as price_cents,
        arrivals.utm_source,
        arrivals.utm_medium,
        arrivals.utm_campaign,
        arrivals.referrer,
        bought.ga4_items,
        bought.web_items,
        orders.gross_cents - orders.discount_cents as revenue_cents,
        orders.discount_cents,
        case when chosen.order_number >= 0
            then order_text(chosen.order_number, orders.event_form)
        end as order_id,
        login_name(chosen.person, chosen.login) as login_text,
        linked.anonymous_id as linked_anonymous_id,
        case
            when chosen.click >= 0 then 'gclid=' || click_name(chosen.click)
        end as click_parameter,
        case kinds.ga4_name
            when 'page_view' then
                list_value('/', '/gifts', '/about', '/delivery', '/new')[
                    case
                        when chosen.arrival > 0 then 1
                        else cast(chosen.event % 5 as integer) + 1
                    end
                ]
            when 'login' then '/account'
            when 'search' then
                '/search?q=' || list_value('lamp', 'mug', 'blanket', 'chair')[
                    cast(chosen.event % 4 as integer) + 1
                ]
            when 'view_item_list' then
                '/c/' || list_value({categories})[cast(chosen.event % 8 as integer) + 1]
            when 'view_item' then '/p/' || products.product_id
            when 'add_to_cart' then '/p/' || products.product_id
            when 'remove_from_cart' then '/cart'
            when 'wishlist_shared' then '/wishlist'
            when 'begin_checkout' then '/checkout'
            when 'purchase' then '/checkout/thanks'
        end as path
    from chosen
    left join devices on chosen.device = devices.device
    left join devices as linked on chosen.linked = linked.device
    left join kinds on chosen.kind = kinds.kind
    left join countries on coalesce(devices.country, 0) = countries.country
    left join browsers on coalesce(devices.browser, 0) = browsers.browser
    left join bots on devices.bot = bots.bot
    left join products on chosen.product = products.product
    left join arrivals on chosen.arrival = arrivals.arrival
    left join bought on chosen.order_number = bought.order_number
    left join orders on chosen.order_number = orders.order_number
),
placed as (
    select
        *,
        '{site}' || path
        || case
            when email_in_url then '?email=' || clear_email(person) || '&from=letter'
            when utm_source is not null and click_parameter is null
                then '?utm_source=' || utm_source || '&utm_medium=' || utm_medium
                    || '&utm_campaign=' || utm_campaign
            when utm_source is not null
                then '?utm_source=' || utm_source || '&utm_medium=' || utm_medium
                    || '&utm_campaign=' || utm_campaign || '&' || click_parameter
            else ''
        end as url
    from described
)
"""


def _described(condition):
    return _DESCRIBED.format(
        condition=condition,
        site=shop.SITE,
        categories=", ".join(f"'{name.lower()}'" for name in shop.CATEGORIES),
    )


_GA4_LINE = """
select
    file_day,
    '{{'
    || quoted('event_date', strftime(make_timestamp(moment * 1000), '%Y%m%d'))
    || number_of('event_timestamp', moment * 1000)
    || quoted('event_name', ga4_name)
    || '"event_params":['
    || rtrim(
        whole_parameter(
            'ga_session_id', case when session_id >= 0 then session_id end
        )
        || text_parameter('page_location', url)
        || text_parameter('page_title', 'Kindred shop')
        || text_parameter('page_referrer', referrer)
        || whole_parameter('engagement_time_msec', 1200 + event * 7919 % 21000)
        || case when is_internal then text_parameter('traffic_type', 'internal') else '' end
        || case when ga4_name = 'search' then text_parameter('search_term', 'gift') else '' end
        || case when product >= 0 or order_number >= 0
            then text_parameter('currency', currency) else '' end
        || case when order_number >= 0
            then double_parameter('value', money(revenue_cents)) else '' end
        || case when order_number >= 0 and discount_cents > 0
            then text_parameter('coupon', 'WINTER') else '' end,
        ','
    )
    || '],'
    || number_of('event_bundle_sequence_id', event % 1000000007)
    || quoted('user_id', login_text)
    || quoted('user_pseudo_id', anonymous_id)
    || case consent
        when 1 then '"privacy_info":{{"analytics_storage":"Yes","ads_storage":"Yes"}},'
        when 2 then '"privacy_info":{{"analytics_storage":"No","ads_storage":"No"}},'
        else ''
    end
    || case when gives_email
        then '"user_properties":[{{"key":"email","value":{{"string_value":"'
            || clear_email(person) || '","set_timestamp_micros":' || moment * 1000 || '}}}}],'
        else ''
    end
    || '"device":{{"category":"' || device_category || '","operating_system":"' || system
    || '","language":"en","web_info":{{"browser":"' || browser_name
    || '","hostname":"shop.kindred.example"}}}},'
    || '"geo":{{"continent":"' || continent || '","country":"' || country_name
    || '","city":"' || city || '"}},'
    || case when utm_source is not null
        then '"collected_traffic_source":{{"manual_source":"' || utm_source
            || '","manual_medium":"' || utm_medium
            || '","manual_campaign_name":"' || utm_campaign || '"'
            || case when click >= 0
                then ',"gclid":"' || click_name(click) || '"' else '' end
            || '}},'
        else ''
    end
    || case
        when order_number >= 0
            then '"ecommerce":{{"purchase_revenue":' || money(revenue_cents)
                || ',"transaction_id":"' || order_id || '"}},"items":['
                || coalesce(ga4_items, '') || '],'
        when product >= 0
            then '"items":[{{"item_id":"' || product_id || '","item_name":"' || product_name
                || '","item_category":"' || category || '"'
                || case when event % 197 = 0 then ''
                    else ',"price":' || money(price_cents) end
                || ',"quantity":' || quantity || '}}],'
        else ''
    end
    || case when is_intraday then ''
        else '"stream_id":"4711","is_active_user":true,' end
    || '"platform":"WEB","loaded_at":"' || iso(loaded) || '"}}' || chr(10) as line
from placed
order by file_day, loaded, event, copy_number
"""

_WEB_LINE = """
select
    file_day,
    '{{'
    || quoted('event_id', 'e-' || lpad(cast(event as varchar), 13, '0'))
    || '"anonymous_id":"' || coalesce(anonymous_id, '') || '",'
    || quoted('session_id', case when session_id >= 0 then 's' || session_id end)
    || quoted('user_id', login_text)
    || quoted('name', web_name)
    || '"properties":{{'
    || rtrim(
        case when order_number >= 0
            then '"products":[' || coalesce(web_items, '') || '],'
                || number_of('discount', money(discount_cents))
            else '' end
        || quoted('brand', case when product >= 0 then 'Kindred Home' end)
        || quoted('search_term', case when ga4_name = 'search' then 'gift' end)
        || quoted('traffic_type', case when is_internal then 'internal' end),
        ','
    )
    || '}},'
    || quoted('page', url)
    || quoted('referrer', referrer)
    || quoted('user_agent', user_agent)
    || quoted('sent_at', iso(moment))
    || quoted('received_at', iso(received))
    || case when gives_email then quoted('email', upper(left(clear_email(person), 1))
        || substr(clear_email(person), 2)) else '' end
    || case consent
        when 1 then '"consent":"granted",'
        when 2 then '"consent":"denied",'
        else ''
    end
    || case when product >= 0
        then quoted('product_id', product_id) || quoted('category', category)
            || number_of('quantity', quantity)
            || case when event % 197 = 0 then ''
                else number_of('price', money(price_cents)) end
            || quoted('currency', currency)
        else '' end
    || case when order_number >= 0
        then quoted('order_id', order_id) || number_of('revenue', money(revenue_cents))
            || quoted('currency', currency)
        else '' end
    || quoted('country', country_name)
    || '"loaded_at":"' || iso(loaded) || '"}}' || chr(10) as line
from placed
order by file_day, loaded, event, copy_number
"""


def _lines(connection, condition, line):
    """Lines of several files as (day, bytes), straight out of Arrow's buffers."""
    result = connection.sql(_described(condition) + line.format())
    for batch in result.to_arrow_reader(50_000):
        if batch.num_rows == 0:
            continue
        day = batch.column(0).to_numpy()
        lines = batch.column(1)
        width = np.int64 if "large" in str(lines.type) else np.int32
        _, offsets, data = lines.buffers()
        ends = np.frombuffer(offsets, dtype=width)[lines.offset :]
        data = memoryview(data)
        begins = np.flatnonzero(np.diff(day, prepend=-1))
        for begin, end in zip(begins, [*begins[1:], len(day)], strict=True):
            yield int(day[begin]), data[ends[begin] : ends[end]]


def _write_daily(connection, condition, line, path_of, days, tail_of=None):
    """Write one gzip file for each day that has lines; returns the days written."""
    counts = connection.sql(
        f"select file_day, count(*) from rows where {condition} group by file_day"
    ).fetchall()
    sizes = dict(counts)
    written, day = [], 0
    while day < days:
        # as many days at once as make a bounded number of lines
        last, total = day, sizes.get(day, 0)
        while last + 1 < days and total + sizes.get(last + 1, 0) <= LINES_AT_ONCE:
            last += 1
            total += sizes.get(last, 0)
        span = f"({condition}) and file_day between {day} and {last}"
        parts = _lines(connection, span, line) if total else ()
        for number, grouped in itertools.groupby(parts, key=lambda part: part[0]):
            path = path_of(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            packer = zlib.compressobj(5, zlib.DEFLATED, 31)
            with path.open("wb") as file:
                for _, part in grouped:
                    file.write(packer.compress(part))
                if tail_of and tail_of(number):
                    file.write(packer.compress(tail_of(number)))
                file.write(packer.flush())
            written.append(number)
        day = last + 1
    return written


def _date(day):
    return str(shop.START.astype("datetime64[D]") + day).replace("-", "")


def _write_ga4(connection, inbox, days):
    for is_intraday, name in ((False, "events_"), (True, "events_intraday_")):
        _write_daily(
            connection,
            f"source = 0 and is_intraday = {is_intraday}",
            _GA4_LINE,
            lambda day, name=name: inbox / "ga4" / "events" / f"{name}{_date(day)}.jsonl.gz",
            days,
        )


def _write_web(connection, inbox, days):
    written = _write_daily(
        connection,
        "source = 1",
        _WEB_LINE,
        lambda day: inbox / "web" / "events" / f"web_{_date(day)}.jsonl.gz",
        days,
        lambda day: BROKEN_LINE.encode() if day in BROKEN_DAYS else b"",
    )
    return len(set(written) & set(BROKEN_DAYS))


def _write_csv(connection, path, query):
    """Write the query's rows as CSV, in its order; nothing when there are none."""
    result = connection.execute(query)
    names = [entry[0] for entry in result.description]
    rows = result.fetchmany(50_000)
    if not rows:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        while rows:
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            file.write(text.getvalue())
            count += len(rows)
            rows = result.fetchmany(50_000)
    return count


def _weekly(week):
    return f"file_day between {7 * week} and {7 * week + 6}"


def _write_pixel(connection, inbox, week):
    query = (
        _described(f"source = 2 and {_weekly(week)}")
        + f"""
select
    'h-' || lpad(cast(event as varchar), 13, '0') as hit_id,
    iso(moment) as time,
    'e=' || hit_name
    || coalesce('&aid=' || anonymous_id, '')
    || case when gives_email then '&eh=' || hashed_email(person) else '' end
    || case when gives_email then '&cid=weekly_letter' else '' end
    || coalesce('&lid=' || linked_anonymous_id, '')
    || case
        when ga4_name = 'page_view'
            then '&dl={shop.BLOG}/read/' || event % 12
        when ga4_name = 'email_click'
            then '&dl={shop.SITE}/?utm_source=newsletter'
        else ''
    end
    || case consent when 1 then '&co=granted' when 2 then '&co=denied' else '' end
        as query,
    case when ga4_name = 'page_view' then 'https://www.google.com/' end as referrer,
    user_agent,
    country_name as country,
    iso(loaded) as loaded_at
from placed
order by loaded, event, copy_number
"""
    )
    path = inbox / "pixel" / "hits" / f"hits_{_date(7 * week)}.csv"
    _write_csv(connection, path, query)


def _write_served(connection, inbox, week):
    arm, variant = (
        " ".join(f"when {number} then '{name}'" for number, name in enumerate(names))
        for names in (experimenting.ARMS, map(experimenting.VARIANTS.get, experimenting.ARMS))
    )
    query = f"""
select
    'd-' || lpad(cast(served.visit as varchar), 13, '0') as decision_id,
    devices.anonymous_id,
    '{experimenting.PLACEMENT}' as placement_id,
    case served.arm {variant} end as variant_id,
    devices.persona_id,
    'experiment' as reason,
    '{experimenting.EXPERIMENT}' as experiment_id,
    case served.arm {arm} end as arm,
    'false' as is_holdout,
    iso(served.at) as served_at,
    iso(served.at + 43200000) as valid_until,
    iso(served.loaded) as loaded_at
from served
inner join devices on served.device = devices.device
where {_weekly(week)}
order by served.loaded, served.visit
"""
    path = inbox / "decisions" / "served" / f"served_{_date(7 * week)}.csv"
    _write_csv(connection, path, query)


_CLICK_COST = "money(40 + event * 31 % 160)"


def _write_clicks(connection, inbox, week):
    query = (
        _described(f"source = 3 and {_weekly(week)}")
        + f"""
select
    click_name(click) as click_id,
    iso(moment) as clicked_at,
    'google' as network,
    'c-101' as campaign_id,
    'winter_sale' as campaign,
    'ad-' || event % 3 as ad_id,
    anonymous_id,
    '{shop.SITE}/?gclid=' || click_name(click) as landing_page,
    country_name as country,
    {_CLICK_COST} as cost,
    'USD' as currency,
    iso(loaded) as loaded_at
from placed
order by loaded, event, copy_number
"""
    )
    path = inbox / "ads" / "clicks" / f"clicks_{_date(7 * week)}.csv"
    _write_csv(connection, path, query)


def _write_costs(connection, inbox, days):
    count = 0
    for begin in range(0, days, 30):
        query = f"""
with
clicks as (
    select (moment - {START}) // 86400000 as day, event
    from rows where source = 3 and copy_number = 0
),
google as (
    select
        day,
        count(*) as clicks,
        sum(40 + event * 31 % 160) as cents
    from clicks group by day
),
facebook as (
    select
        (moment - {START}) // 86400000 as day,
        count(*) as clicks,
        sum(60 + event * 17 % 90) as cents
    from rows
    where source < 2 and copy_number = 0 and arrival = 6 and moment >= {START}
    group by day
),
together as (
    select day, 'google' as network, 'c-101' as campaign_id, 'winter_sale' as campaign,
        clicks, cents
    from google
    union all
    select day, 'facebook', 'c-202', 'new_home', clicks, cents from facebook
)
select
    strftime(make_timestamp({START}000 + day * 86400000000), '%Y-%m-%d') as cost_date,
    network,
    campaign_id,
    campaign,
    clicks * 41 + day % 17 as impressions,
    clicks,
    money(cents) as cost,
    'USD' as currency,
    iso({START} + (day + 1) * 86400000 + 7200000) as loaded_at
from together
where day between {begin} and {min(begin + 29, days - 1)}
order by day, network
"""
        path = inbox / "ads" / "costs" / f"costs_{_date(begin)}.csv"
        count += _write_csv(connection, path, query)
    return count


def _write_crm(connection, inbox, table, week):
    times = CRM_TIMES[table]
    columns = [
        entry[0]
        for entry in connection.execute(f"describe crm_{table}").fetchall()
        if entry[0] not in ("record", "file_week")
    ]
    listed = ", ".join(
        f"iso({name}) as {name}" if name in times else f"nullif({name}, '') as {name}"
        for name in columns
    )
    query = f"select {listed} from crm_{table} where file_week = {week} order by loaded_at, record"
    folder = inbox / "crm" / table
    name = f"{table}_{_date(7 * week)}"
    if table != "order_lines":
        _write_csv(connection, folder / f"{name}.csv", query)
        return
    # this one comes out of a warehouse, typed
    found = connection.execute(
        f"select 1 from crm_{table} where file_week = {week} limit 1"
    ).fetchall()
    if not found:
        return
    folder.mkdir(parents=True, exist_ok=True)
    typed = ", ".join(
        f"make_timestamp({name} * 1000) as {name}"
        if name in times
        else f"cast(nullif({name}, '') as {LINE_TYPES.get(name, 'varchar')}) as {name}"
        for name in columns
    )
    connection.execute(
        f"copy (select {typed} from crm_{table} where file_week = {week}"
        f" order by loaded_at, record) to '{folder / name}.parquet'"
        " (format parquet, compression zstd)"
    )
