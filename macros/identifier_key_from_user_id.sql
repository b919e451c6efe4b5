{#-
    The `identifier_key` of the identifier that a user id is the hash of. Users are joined, and
    then the id of one is given up; the identifier stays and tells who it is now.
-#}
{% macro identifier_key_from_user_id(user_id) -%}
    {{ return(adapter.dispatch('identifier_key_from_user_id', 'kindred')(user_id)) }}
{%- endmacro %}

{% macro duckdb__identifier_key_from_user_id(user_id) -%}
    {#- what text_number makes of the text that the user id is the md5 of -#}
    cast(try_cast('0x' || left({{ user_id }}, 16) as ubigint) // 2 as bigint)
{%- endmacro %}
