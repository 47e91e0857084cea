{% macro to_phone(sql, meta) -%}
  {%- set bare = replaced(sql, '(?i)[\\s,;]*(?:ext|extension|x)[.:\\s]*[0-9]{1,6}$', '') -%}
  {%- set digits = replaced(bare, '[^0-9]', '') -%}
  {%- set code = meta.get('country_code') | string if meta.get('country_code') else '' -%}
  {%- set national = replaced(digits, '^0', '') -%}
  {%- set length = meta.get('national_length') -%}
  case
    when not {{ matches(bare, '^[+]?[0-9][0-9 ()./\u00a0-]*$|^[(][0-9+][0-9 ()./\u00a0-]*$') }} then null
    when {{ matches(bare, '^[(]?([+]|00)') }} and length({{ replaced(digits, '^00', '') }}) between 8 and 15
      then '+' || {{ replaced(digits, '^00', '') }}
    when {{ matches(bare, '^[(]?([+]|00)') }} then null
  {%- if code and length %}
    when length({{ digits }}) = {{ length + code | length }} and {{ digits }} like '{{ code }}%' then '+' || {{ digits }}
    when length({{ national }}) = {{ length }} then {{ literal('+' ~ code) }} || {{ national }}
  {%- elif code %}
    when length({{ national }}) between 6 and 12 then {{ literal('+' ~ code) }} || {{ national }}
  {%- else %}
    when length({{ digits }}) between 6 and 15 then {{ digits }}
  {%- endif %}
  end
{%- endmacro %}
