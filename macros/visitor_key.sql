{#-
    The number of the visitor that an identifier is by itself: a device, or a login or e-mail
    that stands for one where nothing else is known. Null for identifiers that are none.
-#}
{% macro visitor_key(identifier_kind, identifier_value) -%}
    case {{ identifier_kind }}
        when 'anonymous' then {{ text_number(identifier_value) }}
        when 'login' then {{ text_number("'login:' || " ~ identifier_value) }}
        when 'email' then {{ text_number("'email:' || " ~ identifier_value) }}
        when 'click' then {{ text_number("'click:' || " ~ identifier_value) }}
    end
{%- endmacro %}
