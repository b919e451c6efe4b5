{#-
    How far a user is from each segment of a model, as a list of records sorted by the squared
    distance, then by the id of the segment. Segments `first` to `last` have their ids in
    `segments` and the bounds of their cores in `first_cores` and `last_cores`; of several cores
    the nearest counts. A core lies at one of `centers` (null: nowhere, its offset alone counts);
    `scales` stretches the user's `numbers` to it (null: by nothing), `offsets` is added.
-#}
{% macro segment_distances(
    numbers, first, last, segments, first_cores, last_cores, centers, scales, offsets
) -%}
    {{ return(adapter.dispatch('segment_distances', 'kindred')(
        numbers, first, last, segments, first_cores, last_cores, centers, scales, offsets
    )) }}
{%- endmacro %}

{% macro duckdb__segment_distances(
    numbers, first, last, segments, first_cores, last_cores, centers, scales, offsets
) -%}
    list_sort(list_transform(
        range({{ first }}, {{ last }} + 1),
        lambda segment: {
            'squared_distance': list_min(list_transform(
                range({{ first_cores }}[segment], {{ last_cores }}[segment] + 1),
                lambda core: coalesce(
                    power(
                        list_distance(
                            if(
                                {{ scales }}[core] is null,
                                {{ numbers }},
                                list_transform(
                                    range(1, len({{ numbers }}) + 1),
                                    lambda place: {{ numbers }}[place] * {{ scales }}[core][place]
                                )
                            ),
                            {{ centers }}[core]
                        ),
                        2
                    ),
                    0
                ) + {{ offsets }}[core]
            )),
            'segment_id': {{ segments }}[segment]
        }
    ))
{%- endmacro %}
