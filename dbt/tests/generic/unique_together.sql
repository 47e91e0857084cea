{#- No two rows share the values of these columns. -#}
{% test unique_together(model, columns) %}
{%- set key = columns | join(', ') %}
select {{ key }}, count(*) as rows_sharing from {{ model }} group by {{ key }} having count(*) > 1
{% endtest %}
