{% macro to_decimal(sql, meta) -%}{{ decimal_of(bare_number(sql, meta), meta) }}{%- endmacro %}

{% macro decimal_of(sql, meta) -%}
  {%- set scale = meta.get('scale', 2 if meta.get('rule') == 'to_money' else 4) -%}
  {%- set type = 'decimal(' ~ [18, 14 + scale] | max ~ ', ' ~ scale ~ ')' -%}
  {%- set decimal = meta.get('decimal', 'point') -%}
  {%- if decimal == 'either' -%}
    {%- set point = cast_or_null(number_text(sql, 'point'), type) -%}
    {%- set comma = cast_or_null(number_text(sql, 'comma'), type) -%}
    case when {{ point }} <> {{ comma }} then null else coalesce({{ point }}, {{ comma }}) end
  {%- else -%}
    {{ cast_or_null(number_text(sql, decimal), type) }}
  {%- endif -%}
{%- endmacro %}
