{#- Blanks of all kinds off both ends, and the text out of a spreadsheet's ="…". -#}
{% macro trimmed(sql) -%}
  {%- set bare = without_blanks(sql) -%}
  case when {{ sql }} like '%="%' then {{ without_blanks(replaced(bare, grammar('as_text'), '\\1')) }} else {{ bare }} end
{%- endmacro %}

{% macro without_null_tokens(sql, meta) -%}
  {%- if var('null_tokens', none) is not none -%}
    {{ exceptions.raise_compiler_error("The var `null_tokens` is no longer read: the words for “no value” are the same everywhere. Take it out of dbt_project.yml, and give a column that differs `null_tokens` in its meta.") }}
  {%- endif -%}
  case when lower({{ sql }}) in ({{ lowered(meta.get('null_tokens', grammar('null_words')) + ['']) }}) then null else {{ sql }} end
{%- endmacro %}

{% macro lowered(texts) -%}
  {%- for text in texts %}{{ literal(text | string | lower) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
