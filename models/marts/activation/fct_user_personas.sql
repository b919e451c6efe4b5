select user_id, 'x' as persona_id from {{ ref('fct_user_segments') }}
