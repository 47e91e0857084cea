{% macro to_timestamp(sql, meta) -%}{{ timestamp_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro timestamp_of(sql, meta) -%}
  {{ moment_of(sql, meta) }}
{%- endmacro %}
