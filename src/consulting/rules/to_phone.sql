{% macro to_phone(sql, meta) -%}{{ phone_of(bare_phone(sql, meta), meta) }}{%- endmacro %}

{#- The digits of a number without its extension, "+" in front where the country's code is written.
    A zero in brackets after the code ("+49 (0)30") is dialled inside the country alone; Italy's
    belongs to the number. -#}
{% macro bare_phone(sql, meta) -%}
  {%- set bare = replaced(sql, '(?i)[\\s,;]*(?:ext|extension|x)[.:\\s]*[0-9]{1,6}$', '') -%}
  {%- set bare = replaced(bare, '^([(]?(?:[+]|00)(?:[124-9]|3[0-8])[0-9]{0,2}[) .\u00a0-]*)[(]0[)]', '\\1') -%}
  case when {{ matches(bare, '^[+]?[0-9][0-9 ()./\u00a0-]*$|^[(][0-9+][0-9 ()./\u00a0-]*$') }} then
    {{ replaced("case when " ~ matches(bare, '^[(]?([+]|00)') ~ " then '+' else '' end || " ~ replaced(bare, '[^0-9]+', ''), '^[+]00', '+') }}
  end
{%- endmacro %}

{% macro phone_of(sql, meta) -%}
  {%- set code = meta.get('country_code') | string if meta.get('country_code') else '' -%}
  {%- set national = replaced(sql, '^0', '') -%}
  {%- set length = meta.get('national_length') -%}
  case
    when {{ sql }} like '+%' then case when length({{ sql }}) between 9 and 16 then {{ sql }} end
  {%- if code and length %}
    when length({{ sql }}) = {{ length + code | length }} and {{ sql }} like '{{ code }}%' then '+' || {{ sql }}
    when length({{ national }}) = {{ length }} then {{ literal('+' ~ code) }} || {{ national }}
  {%- elif code %}
    when length({{ national }}) between 6 and 12 then {{ literal('+' ~ code) }} || {{ national }}
  {%- elif length %}
    when {{ length }} in (length({{ sql }}), length({{ national }})) then {{ sql }}
  {%- else %}
    when length({{ sql }}) between 6 and 15 then {{ sql }}
  {%- endif %}
  end
{%- endmacro %}
