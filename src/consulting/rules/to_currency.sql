{% macro to_currency(sql, meta) -%}{{ currency_of(bare_currency(sql, meta), meta) }}{%- endmacro %}

{#- What stands beside a number: a sign, a name or a code. -#}
{% macro bare_currency(sql, meta) -%}
  {%- set words = any_of(grammar('currencies')) -%}
  {%- set pattern = '(?i)' ~ grammar('currency') | replace('@before@', words) | replace('@after@', words) -%}
  case when length({{ sql }}) > {{ grammar('longest') }} then null
    when {{ matches(sql, grammar('beside') | replace('@word@', grammar('word'))) }} then {{ extracted(sql, grammar('word')) }}
    else {{ replaced(sql, pattern, '\\1\\2') }} end
{%- endmacro %}

{% macro currency_of(sql, meta) -%}
  case when {{ is_one_of(sql, grammar('currency_codes')) }} then upper({{ sql }})
    else case lower({{ sql }})
    {%- for sign, code in grammar('currency_signs').items() %} when {{ literal(sign | lower) }} then {{ literal(code) }}{% endfor %} end end
{%- endmacro %}
