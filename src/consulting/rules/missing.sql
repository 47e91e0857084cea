{#- Blanks of all kinds off both ends, and the text out of a spreadsheet's ="…". -#}
{% macro trimmed(sql) -%}
  {#- to look at both ends costs a fifth of trimming, and few texts need it -#}
  case when {{ sql }} like '%="%' then {{ without_blanks(replaced(without_blanks(sql), grammar('as_text'), '\\1')) }}
    when {{ matches(sql, grammar('space_at_an_end')) }} then {{ without_blanks(sql) }} else {{ sql }} end
{%- endmacro %}

{% macro without_null_tokens(sql, meta) -%}
  {%- if var('null_tokens', none) is not none -%}
    {{ exceptions.raise_compiler_error("The var `null_tokens` is no longer read: the words for “no value” are the same everywhere. Take it out of dbt_project.yml, and give a column that differs `null_tokens` in its meta.") }}
  {%- endif -%}
  case
  {%- for right, wrong in (meta.get('replace') or {}).items() %}
    when {% for text in wrong %}{{ sql }} = {{ literal(text) }}{{ ' or ' if not loop.last }}{% endfor %} then {{ literal(right) if right else 'null' }}
  {%- endfor %}
    when {{ is_one_of(sql, meta.get('null_tokens', grammar('null_words')) + ['']) }} then null else {{ sql }} end
{%- endmacro %}

{#- Whether a text is one of these but for its case. As a pattern: engines turn a list of constants
    into a join, and a hundred columns would be a hundred joins. -#}
{% macro is_one_of(sql, texts) -%}
  {%- set lowered = texts | map('string') | map('lower') | list -%}
  (length({{ sql }}) <= {{ lowered | map('length') | max }} and {{ matches('lower(' ~ sql ~ ')', '^' ~ any_of(lowered) ~ '$') }})
{%- endmacro %}

{#- Texts as one pattern: escaped all at once, for there are hundreds of currencies. -#}
{% macro any_of(texts) -%}
  {%- set between = '\x1f' -%}
  {%- set all = namespace(text=([texts] if texts is string else texts) | map('string') | join(between)) -%}
  {%- for special in ['\\', '.', '$', '(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^'] -%}
    {%- set all.text = all.text | replace(special, '\\' ~ special) -%}
  {%- endfor -%}
  (?:{{ all.text | replace(between, '|') }})
{%- endmacro %}
