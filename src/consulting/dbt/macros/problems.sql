{#- What can be wrong with a value: a list of (reason code, SQL condition) for one column, where
    `text` is the trimmed text, `bare` the same without unit or currency, and `value` what the rule
    made of it. -#}
{% macro problems(name, text, bare, value, meta) -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {%- set found = [] -%}
  {%- if meta.get('required') -%}{%- do found.append(('missing', text ~ ' is null')) -%}{%- endif -%}
  {%- if meta.get('decimal') == 'either' -%}
    {%- do found.append(('ambiguous_number', value ~ ' is null and ' ~ number_text(bare, 'point') ~ ' is not null')) -%}
  {%- endif -%}
  {%- if '?' in (meta.get('formats') or []) | join -%}
    {%- set either = ordered_moment(bare, meta, meta['formats'], ['%d', '%m', '%y']) -%}
    {%- do found.append(('ambiguous_date', value ~ ' is null and ' ~ either ~ ' is not null')) -%}
  {%- endif -%}
  {%- if not meta.get('language') and ('%b' in (meta.get('formats') or []) | join or '%B' in (meta.get('formats') or []) | join) -%}
    {%- do found.append(('ambiguous_date', value ~ ' is null and ' ~ matches(bare, grammar('unclear_month')))) -%}
  {%- endif -%}
  {%- if unfit_reason(rule) -%}
    {%- do found.append((unfit_reason(rule), text ~ ' is not null and ' ~ value ~ ' is null')) -%}
  {%- endif -%}
  {%- if meta.get('max_length') -%}
    {%- do found.append(('too_long', 'length(' ~ value ~ ') > ' ~ meta['max_length'])) -%}
  {%- endif -%}
  {%- if meta.get('pattern') -%}
    {%- do found.append(('wrong_format', 'not ' ~ matches(value, '^(?:' ~ meta['pattern'] ~ ')$'))) -%}
  {%- endif -%}
  {%- if meta.get('min') is not none -%}
    {%- do found.append(('below_minimum', value ~ ' < ' ~ bound(meta['min'], rule))) -%}
  {%- endif -%}
  {%- if meta.get('max') is not none -%}
    {%- do found.append(('above_maximum', value ~ ' > ' ~ bound(meta['max'], rule))) -%}
  {%- endif -%}
  {%- do return(found) -%}
{%- endmacro %}

{% macro bound(value, rule) -%}
  {%- if rule in ('to_date', 'to_timestamp') -%}cast({{ literal(value) }} as {{ 'date' if rule == 'to_date' else 'timestamp' }})
  {%- else -%}{{ value }}{%- endif -%}
{%- endmacro %}
