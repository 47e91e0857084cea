{% macro to_currency(sql, meta) -%}
  {%- set words = any_of(grammar('currencies')) -%}
  {%- set pattern = '(?i)' ~ grammar('currency') | replace('@before@', words) | replace('@after@', words) -%}
  {%- set written -%}
    case when length({{ sql }}) > {{ grammar('longest') }} then null
      when {{ matches(sql, grammar('beside') | replace('@word@', grammar('word'))) }} then {{ extracted(sql, grammar('word')) }}
      else {{ replaced(sql, pattern, '\\1\\2') }} end
  {%- endset -%}
  case when {{ is_one_of(written, grammar('currency_codes')) }} then upper({{ written }})
    else case lower({{ written }})
    {%- for sign, code in grammar('currency_signs').items() %} when {{ literal(sign | lower) }} then {{ literal(code) }}{% endfor %} end end
{%- endmacro %}
