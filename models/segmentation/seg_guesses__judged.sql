with

guessed as (

    select * from {{ ref('seg_fit_guesses') }}

),

first_sessions as (

    select * from {{ ref('seg_fit_first_sessions') }}

),

later as (

    select * from {{ ref('seg_users__assigned') }}
    where method = 'cluster'

),

-- what somebody would say who always says the same, and learned it from the same users
taught as (

    select
        later.segment_id,
        row_number() over (
            order by count(*) desc, later.segment_id asc
        ) as size_number
    from first_sessions
    inner join later
        on first_sessions.user_id = later.user_id
    where not first_sessions.is_held_out
    group by later.segment_id

),

compared as (

    select
        guessed.user_id,
        guessed.method,
        min(guessed.model_version) as model_version,
        max(case when guessed.guess_number = 1 then guessed.segment_id end)
            as guessed_segment_id,
        max(case when guessed.guess_number = 1 then guessed.probability end) as confidence,
        max(case when guessed.segment_id = later.segment_id then guessed.probability end)
            as later_probability,
        min(later.segment_id) as later_segment_id
    from guessed
    inner join later
        on guessed.user_id = later.user_id
    group by guessed.user_id, guessed.method

),

final as (

    select
        {{ surrogate_key(['compared.user_id', 'compared.method']) }} as judged_guess_id,
        compared.user_id,
        compared.method,
        compared.model_version,
        compared.guessed_segment_id,
        compared.later_segment_id,
        taught.segment_id as majority_segment_id,
        compared.confidence,
        -- a segment that is never guessed has no probability at all
        greatest(coalesce(compared.later_probability, 0), 1e-15) as later_probability,
        compared.guessed_segment_id = compared.later_segment_id as is_hit,
        coalesce(taught.segment_id = compared.later_segment_id, false) as is_majority_hit,
        -- a first session like those that are guessed from: a cold user has no more
        coalesce(
            first_sessions.event_count < {{ var('cold_start_event_count') }}
            and first_sessions.purchase_count = 0,
            false
        ) as is_short
    from compared
    inner join first_sessions
        on compared.user_id = first_sessions.user_id
    left join taught
        on taught.size_number = 1

)

select * from final
