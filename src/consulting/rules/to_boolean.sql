{% macro to_boolean(sql, meta) -%}
  case when {{ is_one_of(sql, meta.get('means_true', grammar('means_true'))) }} then true
    when {{ is_one_of(sql, meta.get('means_false', grammar('means_false'))) }} then false
  {#- as cells that are true or false in a workbook, JSON or Parquet are read -#}
  {%- if 'means_true' in meta or 'means_false' in meta %}
    when {{ is_one_of(sql, ['true']) }} then true when {{ is_one_of(sql, ['false']) }} then false
  {%- endif %} end
{%- endmacro %}
