{#-
    The mean value of the n donors nearest to a user, of those numbered `first` to `last` in two
    lists: `values`, and in `places` what the user's list `known` is multiplied by, place by place,
    for a distance less what all donors share. Rounded, so that the order of a sum decides
    nothing; of equally near donors the first.
-#}
{% macro mean_of_nearest(values, places, first, last, known, n) -%}
    {{ return(adapter.dispatch('mean_of_nearest', 'kindred')(
        values, places, first, last, known, n
    )) }}
{%- endmacro %}

{% macro duckdb__mean_of_nearest(values, places, first, last, known, n) -%}
    list_avg(list_transform(
        list_aggregate(
            list_transform(
                range({{ first }}, {{ last }} + 1),
                lambda number: {
                    'distance': round(list_dot_product({{ known }}, {{ places }}[number]), 9),
                    'number': number
                }
            ),
            'min', {{ n }}
        ),
        lambda donor: {{ values }}[donor.number]
    ))
{%- endmacro %}
