{#-
    A number on the scale that a model was fitted on: as it is, log1p, or Yeo-Johnson with
    the learned lambda (Yeo and Johnson, 2000).
-#}
{% macro transformed(value, method, exponent) -%}
    case {{ method }}
        when 'log1p' then case when {{ value }} is not null then ln(1 + greatest({{ value }}, 0)) end
        when 'yeo_johnson' then case
            when {{ value }} >= 0 and {{ exponent }} <> 0
                then (power({{ value }} + 1, {{ exponent }}) - 1) / {{ exponent }}
            when {{ value }} >= 0 then ln({{ value }} + 1)
            when {{ exponent }} <> 2
                then -(power(1 - {{ value }}, 2 - {{ exponent }}) - 1) / (2 - {{ exponent }})
            else -ln(1 - {{ value }})
        end
        else {{ value }}
    end
{%- endmacro %}
