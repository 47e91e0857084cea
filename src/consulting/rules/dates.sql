{#- A date's text with all that varies written one way: names of months in short English, " am", a
    point and up to six digits of a second, the zone as an offset. Only what the formats need. -#}
{% macro bare_date(sql, meta) -%}
  {%- set formats = (meta.get('formats') or []) | join('|') -%}
  {%- set zoned = '%z' in formats or 'Z|' in formats ~ '|' or 'UTC|' in formats ~ '|' -%}
  {%- set text = namespace(sql=sql) -%}
  {%- if '%b' in formats or '%B' in formats -%}
    {%- set english = namespace(sql=sql) -%}
    {%- for pattern, month in grammar('months') -%}
      {%- set english.sql = replaced(english.sql, pattern, '\\1' ~ month ~ '\\2') -%}
    {%- endfor -%}
    {%- set text.sql = 'case when ' ~ matches(sql, grammar('month_in_english')) ~ ' then ' ~ sql ~ ' else ' ~ english.sql ~ ' end' -%}
  {%- endif -%}
  {%- if '%p' in formats -%}{%- set text.sql = replaced(text.sql, grammar('half'), '\\1 \\2m') -%}{%- endif -%}
  {%- if '%f' in formats -%}{%- set text.sql = replaced(text.sql, grammar('fraction'), '\\1.\\2') -%}{%- endif -%}
  {%- if zoned -%}
    {%- set shown = meta.get('rule') != 'to_date' -%}
    {%- set text.sql = replaced("replace(" ~ text.sql ~ ", '\u2212', '-')", grammar('offset'), '\\1\\2\\3\\4' if shown else '\\1\\2') -%}
    {%- set text.sql = replaced(text.sql, grammar('utc'), '\\1\\2+00' if shown else '\\1\\2') -%}
  {%- endif -%}
  {{ text.sql }}
{%- endmacro %}

{#- A format as `bare_date` writes it. -#}
{% macro bare_format(format, rule) -%}
  {%- set short = format | replace('%B', '%b') | replace('%b.', '%b') | replace(',%f', '.%f') | replace(' %p', '%p') | replace('%p', ' %p') | replace(' %z', '%z') -%}
  {%- set short = short[:-4] ~ '%z' if short.endswith(' UTC') else (short[:-1] ~ '%z' if short.endswith('Z') else short) -%}
  {{ short | replace('%z', '') if rule == 'to_date' else short }}
{%- endmacro %}

{#- The first of the formats that fits, as a moment in UTC; a time without a zone stays as it is.
    Formats with "?" are read in both orders of day and month, and give no moment where they differ. -#}
{% macro moment_of(sql, meta, formats) -%}
  {%- if '?' in formats | join -%}
    {%- set first = ordered_moment(sql, meta, formats, '%d', '%m') -%}
    {%- set second = ordered_moment(sql, meta, formats, '%m', '%d') -%}
    case when {{ first }} is null then {{ second }} when {{ second }} is null or {{ first }} = {{ second }} then {{ first }} end
  {%- else -%}{{ ordered_moment(sql, meta, formats, '', '') }}{%- endif -%}
{%- endmacro %}

{% macro ordered_moment(sql, meta, formats, first, second) -%}
  {%- set kinds = {'zoned': [], 'long': [], 'short': []} -%}
  {%- for format in formats -%}
    {%- set bare = bare_format(format | replace('?', first, 1) | replace('?', second), meta.get('rule')) -%}
    {%- do kinds['zoned' if '%z' in bare else 'long' if '%Y' in bare else 'short'].append(bare) -%}
  {%- endfor -%}
  {#- %Y would read "24" as the year 24, and %Y%m%d seven digits -#}
  {%- set year = '[0-9]{8}' if kinds['long'] == ['%Y%m%d'] else '[1-9][0-9]{3}' -%}
  {#- and DuckDB reads "infinity" by any format -#}
  case when {{ matches(sql, '[0-9]') }} then coalesce(
    {%- if kinds['long'] %}case when {{ matches(sql, year) }} and not {{ matches(sql, '^[0-9]{1,7}$') }} then {{ parsed_timestamp(sql, kinds['long']) }} end, {% endif -%}
    {%- if kinds['short'] %}{{ parsed_timestamp(sql, kinds['short']) }}, {% endif -%}
    {%- if kinds['zoned'] %}{{ parsed_moment(sql, kinds['zoned']) }}, {% endif -%}
    null) end
{%- endmacro %}
