{#-
    Two CTEs for a walk that takes a row, passes over those it reaches, takes the next, and so
    on. They read `numbered`: the rows of each chain with their `number`, the `next_number` that
    follows if the row is taken, and `is_sure` where nothing before can reach the row, so that it
    is taken whatever came before. `walked` holds the others that are taken. It only leads
    forward, so what comes later changes nothing before it. Needs `with recursive`.
-#}
{% macro greedy_walk() -%}
    -- of the doubtful ones only those that some row, taken or not, hands over to can be taken
    doubtful as (

        select
            numbered.user_key,
            numbered.chain_key,
            numbered.number,
            numbered.next_number
        from numbered
        where
            not numbered.is_sure
            and exists (
                select 1
                from numbered as earlier
                where
                    earlier.user_key = numbered.user_key
                    and earlier.chain_key = numbered.chain_key
                    and earlier.next_number = numbered.number
            )

    ),

    walked as (

        select
            doubtful.user_key,
            doubtful.chain_key,
            doubtful.number,
            doubtful.next_number
        from numbered
        inner join doubtful
            on
                numbered.user_key = doubtful.user_key
                and numbered.chain_key = doubtful.chain_key
                and numbered.next_number = doubtful.number
        where numbered.is_sure

        union all

        select
            doubtful.user_key,
            doubtful.chain_key,
            doubtful.number,
            doubtful.next_number
        from walked
        inner join doubtful
            on
                walked.user_key = doubtful.user_key
                and walked.chain_key = doubtful.chain_key
                and walked.next_number = doubtful.number

    )
{%- endmacro %}
