{#- What engines spell differently; everything else in this project is plain SQL.
    Another engine is added by writing `<engine>__<name>` beside the `default__<name>` of DuckDB. -#}

{% macro quoted(name) -%}{{ adapter.dispatch('quoted', 'consulting')(name) }}{%- endmacro %}
{% macro default__quoted(name) -%}"{{ name | replace('"', '""') }}"{%- endmacro %}

{#- A column as the YAML names it; dbt has quoted it already where the YAML says `quote: true`. -#}
{% macro column_named(name) -%}
  {{ name if name | length > 2 and name[0] == '"' and name[-1] == '"' else quoted(name) }}
{%- endmacro %}

{% macro literal(value) -%}'{{ value | string | replace("'", "''") }}'{%- endmacro %}

{#- NULL instead of an error where the text is not of the type. -#}
{% macro cast_or_null(sql, type) -%}{{ adapter.dispatch('cast_or_null', 'consulting')(sql, type) }}{%- endmacro %}
{% macro default__cast_or_null(sql, type) -%}try_cast({{ sql }} as {{ type }}){%- endmacro %}

{% macro matches(sql, pattern) -%}{{ adapter.dispatch('matches', 'consulting')(sql, pattern) }}{%- endmacro %}
{% macro default__matches(sql, pattern) -%}regexp_matches({{ sql }}, {{ literal(pattern) }}){%- endmacro %}

{#- Every match of the pattern replaced. -#}
{% macro replaced(sql, pattern, by) -%}{{ adapter.dispatch('replaced', 'consulting')(sql, pattern, by) }}{%- endmacro %}
{% macro default__replaced(sql, pattern, by) -%}
  regexp_replace({{ sql }}, {{ literal(pattern) }}, {{ literal(by) }}, 'g')
{%- endmacro %}

{#- The first match of the pattern. -#}
{% macro extracted(sql, pattern) -%}{{ adapter.dispatch('extracted', 'consulting')(sql, pattern) }}{%- endmacro %}
{% macro default__extracted(sql, pattern) -%}regexp_extract({{ sql }}, {{ literal(pattern) }}){%- endmacro %}

{#- Blanks of all kinds off both ends: spaces, tabs, line ends, no-break and zero-width spaces, BOM. -#}
{% macro without_blanks(sql) -%}{{ adapter.dispatch('without_blanks', 'consulting')(sql) }}{%- endmacro %}
{% macro default__without_blanks(sql) -%}
  {#- to look at both ends costs a fifth of trimming, and few texts need it -#}
  case when {{ matches(sql, grammar('space_at_an_end')) }} then
  trim({{ sql }}, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160) || chr(8199) || chr(8203) || chr(8239) || chr(12288) || chr(65279))
  else {{ sql }} end
{%- endmacro %}

{#- The first of the formats (strptime directives) that fits the whole text, or NULL. -#}
{% macro parsed_timestamp(sql, formats) -%}
  {{ adapter.dispatch('parsed_timestamp', 'consulting')(sql, formats) }}
{%- endmacro %}
{% macro default__parsed_timestamp(sql, formats) -%}
  try_strptime({{ sql }}, [{% for format in formats %}{{ literal(format) }}{{ ', ' if not loop.last }}{% endfor %}])
{%- endmacro %}

{#- As `parsed_timestamp`, of formats with a zone (`%z`): the moment in UTC, without a zone. -#}
{% macro parsed_moment(sql, formats) -%}{{ adapter.dispatch('parsed_moment', 'consulting')(sql, formats) }}{%- endmacro %}
{% macro default__parsed_moment(sql, formats) -%}
  make_timestamp(epoch_us({{ parsed_timestamp(sql, formats) }}))
{%- endmacro %}
