{#- Texts as one pattern; only points and dollars are special in a unit or the sign of a currency. -#}
{% macro any_of(texts) -%}
  {%- set escaped = [] -%}
  {%- for text in ([texts] if texts is string else texts) | sort(attribute='length', reverse=true) -%}
    {%- set parts = namespace(text=text | string) -%}
    {%- for special in ['\\', '.', '$', '(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^'] -%}
      {%- set parts.text = parts.text | replace(special, '\\' ~ special) -%}
    {%- endfor -%}
    {%- do escaped.append(parts.text) -%}
  {%- endfor -%}
  (?:{{ escaped | join('|') }})
{%- endmacro %}

{#- A number without currency and unit, its signs in front: "(12.50 €)" is "-12.50", "9-" is "-9".
    Any other text stays. `stage` makes it a column of its own, for the rules look at it several times. -#}
{% macro bare_number(sql, meta) -%}
  {%- set currencies = meta.get('currencies', grammar('currencies')) if meta.get('rule') == 'to_money' else [] -%}
  {%- set units = [meta['unit']] if meta.get('unit') is string else meta.get('unit') or [] -%}
  {%- set words = currencies + units -%}
  {%- set currency = any_of(currencies) if currencies else '' -%}
  {%- set pattern = '(?i)' ~ grammar('number')
      | replace('@before@', currency ~ '?' if currency else '')
      | replace('@after@', any_of(words) ~ '?' if words else '') -%}
  {%- set parts = replaced("replace(" ~ sql ~ ", '()', '(')", pattern, grammar('number_parts')) -%}
  case when {{ matches(sql, '^-?[0-9][0-9.,]*$') }} then {{ sql }}
  {%- if words %}
    when {{ matches(sql, grammar('beside')) }} and lower({{ extracted(sql, grammar('word')) }}) in ({{ lowered(words) }})
      then case when {{ sql }} like '%-%' or {{ sql }} like '%(%' or {{ sql }} like '%−%' then '-' else '' end || {{ extracted(sql, grammar('digits')) }}
  {%- endif %}
    else {{ replaced("replace(" ~ parts ~ ", '()', '-')", grammar('minus'), '-') }} end
{%- endmacro %}

{#- One bare number as plain text: groups of thousands taken out, the decimal mark made a point;
    NULL if it is none. -#}
{% macro number_text(sql, decimal) -%}
  {%- set plain = replaced(sql, '[,]|' ~ grammar('spaces'), '') if decimal == 'point'
      else "replace(" ~ replaced(sql, '[.]|' ~ grammar('spaces'), '') ~ ", ',', '.')" -%}
  case when {{ matches(sql, '^-?[0-9]+' ~ ('' if decimal == 'comma' else '([.][0-9]*)?') ~ '$') }} then {{ sql }}
    when {{ matches(sql, grammar(decimal)) }} then {{ plain }} end
{%- endmacro %}
