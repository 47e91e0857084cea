{% macro to_integer(sql, meta) -%}{{ integer_of(bare_number(sql, meta), meta) }}{%- endmacro %}

{% macro integer_of(text, meta) -%}
  {%- set thousands = meta.get('thousands', '') -%}
  {%- set shape = grammar('thousands').get(thousands, grammar('thousands')['']) -%}
  {%- set digits = replaced(text, grammar('spaces'), '') -%}
  {%- if thousands -%}{%- set digits = "replace(" ~ digits ~ ", " ~ literal(thousands) ~ ", '')" -%}{%- endif -%}
  case when {{ matches(text, '^-?[0-9]+$') }} then {{ cast_or_null(text, 'bigint') }}
    when {{ matches(text, shape) }} then {{ cast_or_null(replaced(digits, '[.,]0*$', ''), 'bigint') }} end
{%- endmacro %}
