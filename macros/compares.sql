{#-
    Whether a comparison holds whose operator is itself a value of a row: how a rule that
    somebody wrote in a seed is evaluated without building SQL out of text. Null when a
    side is unknown or the operator is none of `=`, `!=`, `>`, `>=`, `<`, `<=`.
-#}
{% macro compares(left, operator, right) -%}
    case {{ operator }}
        when '=' then {{ left }} = {{ right }}
        when '!=' then {{ left }} <> {{ right }}
        when '>' then {{ left }} > {{ right }}
        when '>=' then {{ left }} >= {{ right }}
        when '<' then {{ left }} < {{ right }}
        when '<=' then {{ left }} <= {{ right }}
    end
{%- endmacro %}
