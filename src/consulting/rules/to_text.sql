{% macro to_text(sql, meta) -%}
  {%- set text = replaced(sql, '[\\s\u00a0]+', ' ') if meta.get('collapse') else sql -%}
  {%- if meta.get('pad_zeros') -%}
    {%- set text = 'case when ' ~ matches(text, '^[0-9]{1,' ~ meta['pad_zeros'] ~ '}$')
        ~ ' then lpad(' ~ text ~ ', ' ~ meta['pad_zeros'] ~ ", '0') else " ~ text ~ ' end' -%}
  {%- endif -%}
  {%- set case = meta.get('case') -%}
  {%- if case == 'upper' -%}upper({{ text }})
  {%- elif case == 'lower' -%}lower({{ text }})
  {%- elif case == 'capital' -%}upper(substr({{ text }}, 1, 1)) || lower(substr({{ text }}, 2))
  {%- else -%}{{ text }}{%- endif -%}
{%- endmacro %}
