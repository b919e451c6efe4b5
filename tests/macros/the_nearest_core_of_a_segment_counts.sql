with

-- from 3, segment a is 3 away; b has two cores, 6 and 1 away; c halves what is 2 away and adds 3;
-- d lies nowhere
cores as (

    select
        unnest([1, 2, 3, 4, 5]) as core_number,
        unnest([[0.0], [9.0], [4.0], [2.5], null]) as center,
        unnest([null, null, null, [0.5], null]) as scale,
        unnest([0, 0, 0, 3, 16]) as squared_offset

),

segments as (

    select
        unnest([1, 2, 3, 4]) as segment_number,
        unnest(['a', 'b', 'c', 'd']) as segment_id,
        unnest([1, 2, 4, 5]) as first_core,
        unnest([1, 3, 4, 5]) as last_core

),

core_lists as (

    select
        {{ ordered_list('center', 'core_number') }} as centers,
        {{ ordered_list('scale', 'core_number') }} as scales,
        {{ ordered_list('squared_offset', 'core_number') }} as offsets
    from cores

),

segment_lists as (

    select
        {{ ordered_list('segment_id', 'segment_number') }} as ids,
        {{ ordered_list('first_core', 'segment_number') }} as first_cores,
        {{ ordered_list('last_core', 'segment_number') }} as last_cores
    from segments

),

measured as (

    select
        {{ segment_distances(
            number_list(['3']), 1, 4, 'ids', 'first_cores', 'last_cores', 'centers', 'scales', 'offsets'
        ) }} as of_all,
        {{ segment_distances(
            number_list(['3']), 4, 4, 'ids', 'first_cores', 'last_cores', 'centers', 'scales', 'offsets'
        ) }} as of_one
    from core_lists
    cross join segment_lists

),

final as (

    select
        {{ nth_segment('of_all', 1, 'segment_id') }} || {{ nth_segment('of_all', 2, 'segment_id') }}
        || {{ nth_segment('of_all', 3, 'segment_id') }} || {{ nth_segment('of_one', 1, 'segment_id') }}
            as found,
        {{ nth_segment('of_all', 1, 'squared_distance') }} as nearest,
        {{ nth_segment('of_all', 2, 'squared_distance') }} as next_nearest,
        {{ nth_segment('of_all', 4, 'squared_distance') }} as farthest,
        {{ nth_segment('of_one', 2, 'segment_id') }} as nobody,
        {{ nearest_probability('of_all') }} as probability,
        {{ nearest_probability('of_one') }} as certainty
    from measured

)

select * from final
where
    found <> 'bcad'
    or nearest <> 1
    or next_nearest <> 4
    or farthest <> 16
    or nobody is not null
    or abs(probability - 1 / (1 + exp(-1.5) + exp(-4) + exp(-7.5))) > 1e-12
    or certainty <> 1
