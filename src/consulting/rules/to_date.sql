{% macro to_date(sql, meta) -%}{{ date_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro date_of(sql, meta) -%}
  cast({{ moment_of(sql, meta) }} as date)
{%- endmacro %}
