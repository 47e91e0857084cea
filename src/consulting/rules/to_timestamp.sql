{% macro to_timestamp(sql, meta) -%}{{ timestamp_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro timestamp_of(sql, meta) -%}
  {{ moment_of(sql, meta, meta.get('formats', ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d'])) }}
{%- endmacro %}
