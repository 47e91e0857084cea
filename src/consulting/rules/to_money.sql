{% macro to_money(sql, meta) -%}{{ decimal_of(bare_number(sql, meta), meta) }}{%- endmacro %}
