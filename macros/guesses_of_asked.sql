{#-
    CTEs that end with `guesses`: how likely each segment is for each user and step of the ladder in
    `asked`: the softmax of the sums of what was learned. The model has brought the CTEs `asked` (first
    sessions, with the `method` to guess by), `artifacts` and `models`.
-#}
{% macro guesses_of_asked() -%}
    {%- set numbers = first_session_numbers() -%}
    {%- set categories = first_session_categories() -%}
    learned as (

        select
            artifacts.model_version,
            artifacts.name as method,
            artifacts.segment_id,
            artifacts.feature as term,
            artifacts.value as coefficient
        from artifacts
        inner join models
            on artifacts.model_version = models.model_version
        where
            artifacts.record = 'guess'
            and models.is_champion

    ),

    wide as (

        select
            model_version,
            method,
            segment_id,
            {%- for number in numbers %}
                coalesce(max(case when term = '{{ number }}' then coefficient end), 0)
                    as {{ number }}__coefficient,
            {%- endfor %}
            max(case when term = 'intercept' then coefficient end) as intercept
        from learned
        group by model_version, method, segment_id

    ),

    -- users are many, what is known of who came and how is the same for most of them
    kinds as (

        select distinct {{ categories | join(', ') }}
        from asked

    ),

    kind_terms as (

        {% for category in categories -%}
            select
                {%- for other in categories %}
                    kinds.{{ other }},
                {%- endfor %}
                learned.method,
                learned.segment_id,
                learned.coefficient
            from kinds
            inner join learned
                on learned.term = '{{ category }}=' || kinds.{{ category }}
            {% if not loop.last %}
                union all

            {% endif -%}
        {%- endfor %}

    ),

    kind_scores as (

        select
            {%- for category in categories %}
                {{ category }},
            {%- endfor %}
            method,
            segment_id,
            sum(coefficient) as score
        from kind_terms
        group by {{ categories | join(', ') }}, method, segment_id

    ),

    scored as (

        select
            asked.user_id,
            wide.model_version,
            wide.method,
            wide.segment_id,
            wide.intercept
            + coalesce(kind_scores.score, 0)
            {%- for number in numbers %}
                + wide.{{ number }}__coefficient
                * ln(1 + greatest(coalesce(asked.{{ number }}, 0), 0))
            {%- endfor %} as score
        from asked
        inner join wide
            on asked.method = wide.method
        left join kind_scores
            on
                wide.method = kind_scores.method
                and wide.segment_id = kind_scores.segment_id
                {%- for category in categories %}
                    and asked.{{ category }} = kind_scores.{{ category }}
                {%- endfor %}

    ),

    ranked as (

        select
            *,
            exp(score - max(score) over (partition by user_id, method)) as weight,
            row_number() over (
                partition by user_id, method
                order by score desc, segment_id asc
            ) as guess_number
        from scored

    ),

    guesses as (

        select
            user_id,
            method,
            segment_id,
            model_version,
            guess_number,
            weight / sum(weight) over (partition by user_id, method) as probability
        from ranked

    )
{%- endmacro %}
