{% macro to_date(sql, meta) -%}{{ date_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro date_of(sql, meta) -%}
  cast({{ moment_of(sql, meta, meta.get('formats', ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S'])) }} as date)
{%- endmacro %}
