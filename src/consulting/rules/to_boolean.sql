{% macro to_boolean(sql, meta) -%}
  case when {{ is_one_of(sql, meta.get('means_true', grammar('means_true'))) }} then true
    when {{ is_one_of(sql, meta.get('means_false', grammar('means_false'))) }} then false end
{%- endmacro %}
