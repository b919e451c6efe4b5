{#-
    The users that a run touched, as common table expressions to stand after `progress` and
    `identities`: `touched`, one row per user one of whose identifiers was resolved anew since this
    table was last written; of them `regrouped`, who won or lost an identifier that was known, and
    `steady`, the others, who did before `first_touched_day` what they had done.
-#}
{% macro touched_users(last_read) -%}
touched as (

    select
        identities.user_key,
        {{ dbt.any_value('identities.user_id') }} as user_id,
        max(identities.regrouped_run_number) as regrouped_run_number
    from identities
    where {{ since('identities', last_read) }}
    group by identities.user_key

),

regrouped as (

    select touched.user_key
    from touched
    cross join progress
    where touched.regrouped_run_number > progress.read_until

),

steady as (

    select touched.user_key
    from touched
    cross join progress
    where touched.regrouped_run_number <= progress.read_until

),
{%- endmacro %}

{#- Whether there is anybody in `regrouped`, which is seldom; true where nothing is known yet. -#}
{% macro any_regrouped(last_read) -%}
    {%- if last_read is none -%}
        {{ return(true) }}
    {%- endif -%}
    {{ return(run_query(
        'select count(*) from ' ~ ref('int_identities__resolved') ~ ' where regrouped_run_number > ' ~ last_read
    ).rows[0][0] > 0) }}
{%- endmacro %}

{#- The identifiers of `touched` or `regrouped`, as a question. -#}
{% macro identifiers_of(users) -%}
    select identities.identifier_key from identities
    inner join {{ users }} on identities.user_key = {{ users }}.user_key
{%- endmacro %}

{#-
    The first day of which a run after `last_read` touched an event or a session, as a date that is
    known before the query is planned: what a user did before it is as it was, unless the user won
    or lost an identifier. The first of all days where nothing is known yet, the last of all where
    nothing was touched.
-#}
{% macro first_touched_day(last_read) -%}
    {%- if last_read is none -%}
        {{ return("cast('0001-01-01' as date)") }}
    {%- endif -%}
    {%- set earliest = earliest_touched(last_read) -%}
    {%- if earliest is none -%}
        {{ return("cast('9999-12-31' as date)") }}
    {%- endif -%}
    {{ return('cast(' ~ add_seconds("cast('" ~ earliest ~ "' as timestamp)", '-0.000001') ~ ' as date)') }}
{%- endmacro %}
