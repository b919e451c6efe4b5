{#-
    The number of the visitor that an identifier is by itself: a device, or a login or e-mail
    that stands for one where nothing else is known. Null for identifiers that are none.
-#}
{% macro visitor_key(identifier_kind, identifier_value) -%}
    case {{ identifier_kind }}
        when 'anonymous' then {{ key_from_text(identifier_value) }}
        when 'login' then {{ key_from_text("'login:' || " ~ identifier_value) }}
        when 'email' then {{ key_from_text("'email:' || " ~ identifier_value) }}
        when 'click' then {{ key_from_text("'click:' || " ~ identifier_value) }}
    end
{%- endmacro %}
