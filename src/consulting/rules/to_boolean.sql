{% macro to_boolean(sql, meta) -%}
  case when lower({{ sql }}) in ({{ lowered(meta.get('means_true', grammar('means_true'))) }}) then true
    when lower({{ sql }}) in ({{ lowered(meta.get('means_false', grammar('means_false'))) }}) then false end
{%- endmacro %}
