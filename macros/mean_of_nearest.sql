{#-
    The mean value of the n donors nearest to a user. `known` lists the user's numbers with 0
    where one is unknown, `is_known` 1 or 0 for each. Of each donor `places` lists the same
    numbers and `squares` their squares, 0 where a number tells nothing. The squared distance
    less the part that all donors share, rounded so that the order of a sum decides nothing; of
    equally near donors the first.
-#}
{% macro mean_of_nearest(values, places, squares, known, is_known, n) -%}
    {{ return(adapter.dispatch('mean_of_nearest', 'kindred')(
        values, places, squares, known, is_known, n
    )) }}
{%- endmacro %}

{% macro duckdb__mean_of_nearest(values, places, squares, known, is_known, n) -%}
    list_avg(list_transform(
        list_sort(list_transform(
            range(1, len({{ values }}) + 1),
            lambda number: {
                'distance': round(
                    list_dot_product({{ is_known }}, {{ squares }}[number])
                    - 2 * list_dot_product({{ known }}, {{ places }}[number]),
                    9
                ),
                'number': number,
                'worth': {{ values }}[number]
            }
        ))[:{{ n }}],
        lambda donor: donor.worth
    ))
{%- endmacro %}
