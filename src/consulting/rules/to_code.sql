{% macro to_code(sql, meta) -%}
  case
  {%- for code in meta['codes'] %}
    {%- set spellings = [code] + (meta['codes'][code] or [] if meta['codes'] is mapping else []) %}
    when {{ is_one_of(sql, spellings) }} then {{ literal(code) }}
  {%- endfor %}
  {%- if meta.get('otherwise') %}
    when {{ sql }} is not null then {{ literal(meta['otherwise']) }}
  {%- endif %}
  end
{%- endmacro %}
