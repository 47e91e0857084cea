{#- A number without currency and unit, its signs in front: "(12.50 €)" is "-12.50", "9-" is "-9".
    Any other text stays. `stage` makes it a column of its own, for the rules look at it several times. -#}
{% macro bare_number(sql, meta) -%}
  {%- set currencies = meta.get('currencies', grammar('currencies')) if meta.get('rule') == 'to_money' else [] -%}
  {%- set units = [meta['unit']] if meta.get('unit') is string else meta.get('unit') or [] -%}
  {%- set words = currencies + units -%}
  {#- with a point and in the plural, too, by `are_spellings` -#}
  {%- for unit in units -%}
    {%- set bare = (unit[:-1] if unit.endswith('.') else unit) | lower -%}
    {%- for end, least in grammar('plurals').items() if bare.endswith(end) and bare | length - end | length >= least -%}
      {%- set stem = bare[:bare | length - end | length] -%}
      {%- for other, least in grammar('plurals').items() if stem | length >= least -%}
        {%- do words.extend([stem ~ other, stem ~ other ~ '.']) -%}
      {%- endfor -%}
    {%- endfor -%}
  {%- endfor -%}
  {%- set words = words | unique | list -%}
  {%- set currency = any_of(currencies) if currencies else '' -%}
  {%- set pattern = '(?i)' ~ grammar('number')
      | replace('@before@', currency ~ '?' if currency else '')
      | replace('@after@', any_of(words) ~ '?' if words else '') -%}
  {%- set parts = replaced("replace(" ~ sql ~ ", '()', '(')", pattern, grammar('number_parts')) -%}
  case when length({{ sql }}) > {{ grammar('longest') }} or {{ matches(sql, '^-?[0-9][0-9.,]*$') }} then {{ sql }}
  {%- set simple = [] -%}
  {#- what has digits or a sign of its own can not be told from the number's so quickly -#}
  {%- for word in words if not word | list | select('in', '0123456789-−–()') | list %}{% do simple.append(word) %}{% endfor -%}
  {%- if simple %}
    when {{ matches(sql, '(?i)' ~ grammar('beside') | replace('@word@', any_of(simple))) }}
      then case when {{ sql }} like '%-%' or {{ sql }} like '%(%' or {{ sql }} like '%−%' then '-' else '' end || {{ extracted(sql, grammar('digits')) }}
  {%- endif %}
    else {{ replaced("replace(" ~ parts ~ ", '()', '-')", grammar('minus'), '-') }} end
{%- endmacro %}

{#- One bare number as plain text: groups of thousands taken out, the decimal mark made a point;
    NULL if it is none. -#}
{% macro number_text(sql, decimal) -%}
  {%- set plain = replaced(sql, '[,]|' ~ grammar('spaces'), '') if decimal == 'point'
      else "replace(" ~ replaced(sql, '[.]|' ~ grammar('spaces'), '') ~ ", ',', '.')" -%}
  case when length({{ sql }}) > {{ grammar('longest') }} then null when {{ matches(sql, '^-?[0-9]+' ~ ('' if decimal == 'comma' else '([.][0-9]*)?') ~ '$') }} then {{ sql }}
    when {{ matches(sql, grammar(decimal)) }} then {{ plain }} end
{%- endmacro %}
