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
{% macro default__without_blanks(sql) -%}trim({{ sql }}, {{ literal(grammar('blanks')) }}){%- endmacro %}

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

{#- The moment after so many microseconds since 1970, in UTC. -#}
{% macro moment_since_1970(micros) -%}{{ adapter.dispatch('moment_since_1970', 'consulting')(micros) }}{%- endmacro %}
{% macro default__moment_since_1970(micros) -%}make_timestamp(cast({{ micros }} as bigint)){%- endmacro %}
{% macro postgres__moment_since_1970(micros) -%}(timestamp '1970-01-01' + ({{ micros }}) * interval '1 microsecond'){%- endmacro %}

{#- PostgreSQL: what it has no function for is told by a pattern before it is cast, so that no text
    of a client raises an error. Its `quoted` and `without_blanks` are those of DuckDB. -#}
{% macro postgres__matches(sql, pattern) -%}({{ sql }} ~ {{ literal(pattern) }}){%- endmacro %}

{% macro postgres__extracted(sql, pattern) -%}coalesce(substring({{ sql }} from {{ literal(pattern) }}), ''){%- endmacro %}

{% macro postgres__cast_or_null(sql, type) -%}
  {%- set number = "cast(" ~ sql ~ " as numeric)" -%}
  {%- set digits = type[8:-1].split(',') | map('int') | list if type.startswith('decimal') else [18, 0] -%}
  case when {{ matches(sql, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$') }}
    then case when abs(round({{ number }}, {{ digits[1] }})) < 1e{{ digits[0] - digits[1] }} then cast({{ number }} as {{ type }}) end end
{%- endmacro %}

{% macro postgres__parsed_timestamp(sql, formats) -%}
  coalesce({% for format in formats %}{{ timestamp_of_parts(sql, format) }}, {% endfor %}null)
{%- endmacro %}

{% macro postgres__parsed_moment(sql, formats) -%}{{ parsed_timestamp(sql, formats) }}{%- endmacro %}

{#- A format taken apart: a pattern with a group for each directive, and what the groups make. -#}
{% macro timestamp_of_parts(sql, format) -%}
  {%- set patterns = {
    'Y': '([0-9]{4})', 'y': '([0-9]{2})', 'm': '([0-9]{1,2})', 'd': '([0-9]{1,2})', 'b': '([A-Za-z]{3})',
    'H': '([0-9]{1,2})', 'I': '([0-9]{1,2})', 'M': '([0-9]{1,2})', 'S': '([0-9]{1,2})', 'f': '([0-9]{1,6})',
    'p': '([AaPp])[Mm]', 'z': '([+-][0-9]{2}:?(?:[0-9]{2})?)'} -%}
  {%- if '%Y%m%d' in format -%}{%- do patterns.update({'m': '([0-9]{2})', 'd': '([0-9]{2})'}) -%}{%- endif -%}
  {%- set group = {} -%}
  {%- set found = namespace(pattern='') -%}
  {%- for part in format.split('%') -%}
    {%- if loop.first -%}{%- set found.pattern = any_of([part]) if part else '' -%}
    {%- else -%}
      {%- do group.update({part[0]: 'p[' ~ (group | length + 1) ~ ']'}) -%}
      {%- set found.pattern = found.pattern ~ patterns[part[0]] ~ (any_of([part[1:]]) if part[1:] else '') -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set year = 'cast(' ~ group['Y'] ~ ' as int)' if 'Y' in group
      else '(cast(' ~ group['y'] ~ ' as int) + case when cast(' ~ group['y'] ~ ' as int) < 69 then 2000 else 1900 end)' -%}
  {%- set month = 'cast(' ~ group['m'] ~ ' as int)' if 'm' in group
      else "(strpos('  janfebmaraprmayjunjulaugsepoctnovdec', lower(" ~ group['b'] ~ ")) / 3)" -%}
  {%- set day = 'cast(' ~ group['d'] ~ ' as int)' -%}
  {%- set hour = 'cast(' ~ group['H'] ~ ' as int)' if 'H' in group
      else '(cast(' ~ group['I'] ~ ' as int) % 12 + case when lower(' ~ group['p'] ~ ") = 'p' then 12 else 0 end)" if 'I' in group else '0' -%}
  {%- set minute = 'cast(' ~ group['M'] ~ ' as int)' if 'M' in group else '0' -%}
  {%- set second = "cast(" ~ group['S'] ~ (" || '.' || " ~ group['f'] if 'f' in group else '') ~ ' as double precision)' if 'S' in group else '0' -%}
  {%- set zone = group.get('z') -%}
  (select case
      when {{ year }} < 1 or {{ month }} not between 1 and 12 or {{ day }} < 1 or {{ hour }} > 23 or {{ minute }} > 59
        or {{ second }} >= 60 {{ 'or cast(' ~ group['I'] ~ ' as int) not between 1 and 12' if 'I' in group }} then null
      when {{ day }} <= extract(day from make_date({{ year }}, {{ month }}, 1) + interval '1 month' - interval '1 day')
        then make_timestamp({{ year }}, {{ month }}, {{ day }}, {{ hour }}, {{ minute }}, {{ second }})
          {{ "- cast(substr(" ~ zone ~ ", 1, 3) || ':' || coalesce(nullif(right(replace(" ~ zone ~ ", ':', ''), -3), ''), '00') as interval)" if zone }}
    end
    from (select regexp_match({{ sql }}, {{ literal('^' ~ found.pattern ~ '$') }})) as parts(p))
{%- endmacro %}
