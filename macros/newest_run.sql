{#-
    The newest run that wrote to a table, as `number`, and whether it wrote all that is there, as
    `is_all`: what a test need not look for again. Found before the test is planned, so that the
    engine opens only what the run wrote; a query stands in where nothing was built yet.
-#}
{% macro newest_run(relation, run='run_number') -%}
    {%- if execute and flags.WHICH in ['build', 'test'] -%}
        {%- set found = run_query('select min(' ~ run ~ '), max(' ~ run ~ ') from ' ~ relation).rows[0] -%}
        {{ return({'number': found[1], 'is_all': found[0] == found[1]}) }}
    {%- endif -%}
    {{ return({
        'number': '(select max(newest.' ~ run ~ ') from ' ~ relation ~ ' as newest)', 'is_all': false
    }) }}
{%- endmacro %}
