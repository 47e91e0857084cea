{% macro to_currency(sql, meta) -%}
  {%- set signs = any_of(grammar('currencies')) -%}
  {%- set pattern = '(?i)' ~ grammar('currency') | replace('@before@', signs) | replace('@after@', signs) -%}
  case lower({{ replaced(sql, pattern, '\\1\\2') }})
    {%- for sign, code in grammar('currency_codes').items() %} when {{ literal(sign | lower) }} then {{ literal(code) }}{% endfor %} end
{%- endmacro %}
