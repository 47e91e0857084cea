{#- No two rows share the values of these columns. -#}
{% test unique_together(model, columns) %}
{{ config(fail_calc = 'coalesce(sum(rows_sharing), 0)') }}
{%- set key -%}
  {%- for column in columns %}{{ column_named(column) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endset %}
select {{ key }}, count(*) as rows_sharing from {{ model }} group by {{ key }} having count(*) > 1
{% endtest %}
