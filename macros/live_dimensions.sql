{#-
    The dimensions that a live model clusters on, in the order of `clustering_dimensions`; all
    of them where no model is known yet. Statements that name only these are planned and run in
    half the time; they ask by `live_features` whether a model looks at another one since.
-#}
{% macro live_dimensions() -%}
    {%- set features = live_features() -%}
    {#- a category is clustered on with all that it becomes -#}
    {%- set categories = {} -%}
    {%- for dimension in encoded_dimensions() -%}
        {%- do categories.update({dimension.name: dimension.category}) -%}
    {%- endfor -%}
    {%- set dimensions = [] -%}
    {%- for name in clustering_dimensions() -%}
        {%- if not features or categories.get(name, name) in features -%}
            {%- do dimensions.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{%- endmacro %}


{#- What a live model clusters on, as `feature_catalog` names it; empty where no model is known. -#}
{% macro live_features() -%}
    {%- set learned = ref('seg_feature_parameters') -%}
    {%- set live = ref('seg_models__live') -%}
    {%- set question -%}
        select distinct learned.feature
        from {{ learned }} as learned
        inner join {{ live }} as live
            on learned.model_version = live.model_version
        where learned.is_clustered = 1
    {%- endset -%}
    {{ return((known_rows(question, [learned, live]) or []) | map(attribute=0) | list) }}
{%- endmacro %}
