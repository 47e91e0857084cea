{% macro to_plate(sql, meta) -%}
  {%- set plate = "upper(replace(replace(" ~ sql ~ ", ' ', ''), '-', ''))" -%}
  case when {{ matches(plate, '^[A-Z0-9]+$') }} then {{ plate }} end
{%- endmacro %}
