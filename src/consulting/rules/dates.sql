{#- A date's text with all that varies written one way: names of months in short English, " am", a
    point and up to six digits of a second, the zone as an offset. Only what the formats need. -#}
{% macro bare_date(sql, meta) -%}
  {%- set formats = (meta.get('formats') or []) | join('|') -%}
  {%- set zoned = '%z' in formats or 'Z|' in formats ~ '|' or 'UTC|' in formats ~ '|' -%}
  {%- set text = namespace(sql=sql) -%}
  {%- if '%b' in formats or '%B' in formats -%}
    {%- set english = namespace(sql=sql) -%}
    {%- for pattern, month in grammar('months') + grammar('months_of').get(meta.get('language'), []) -%}
      {%- set english.sql = replaced(english.sql, pattern, '\\1' ~ month ~ '\\2') -%}
    {%- endfor -%}
    {%- set text.sql = 'case when ' ~ matches(sql, grammar('month_in_english')) ~ ' then ' ~ sql ~ ' else ' ~ english.sql ~ ' end' -%}
  {%- endif -%}
  {%- if '%p' in formats -%}{%- set text.sql = replaced(text.sql, grammar('half'), '\\1 \\2m') -%}{%- endif -%}
  {#- ISO is tried at the end, and has a comma there, too -#}
  {%- if '%f' in formats or '|%Y-%d' not in '|' ~ formats -%}{%- set text.sql = replaced(text.sql, grammar('fraction'), '\\1.\\2') -%}{%- endif -%}
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
    Formats with "?" are read in each order of their parts, and give no moment where they differ.
    ISO 8601, as dates of workbooks and databases are read, is tried at the end. -#}
{% macro moment_of(sql, meta) -%}
  {%- set formats = meta.get('formats') or [] -%}
  {%- if '|%Y-%d' not in '|' ~ formats | join('|') -%}
    {%- set formats = formats + grammar('iso') | reject('in', formats) | list -%}
  {%- endif -%}
  {%- if '?' in formats | join -%}
    {%- set first = ordered_moment(sql, meta, formats, ['%d', '%m', '%y']) -%}
    {%- set orders = [first, ordered_moment(sql, meta, formats, ['%m', '%d', '%y'])] -%}
    {%- set short = namespace(years=false) -%}
    {%- for format in formats if format.count('?') == 3 %}{% set short.years = true %}{% endfor -%}
    {%- if short.years -%}{%- do orders.append(ordered_moment(sql, meta, formats, ['%y', '%m', '%d'])) -%}{%- endif -%}
    {%- set least = 'least(' ~ orders | join(', ') ~ ')' -%}
    case when {{ least }} = greatest({{ orders | join(', ') }}) then {{ least }} end
  {%- else -%}{{ ordered_moment(sql, meta, formats, []) }}{%- endif -%}
{%- endmacro %}

{% macro ordered_moment(sql, meta, formats, order) -%}
  {%- set kinds = {'zoned': [], 'long': [], 'short': []} -%}
  {%- set found = [] -%}
  {%- for format in formats -%}
    {%- set text = namespace(format=format) -%}
    {#- two question marks are never the year -#}
    {%- for part in (order if format.count('?') == 3 else order | reject('equalto', '%y')) -%}
      {%- set text.format = text.format | replace('?', part, 1) -%}
    {%- endfor -%}
    {%- set bare = bare_format(text.format, meta.get('rule')) -%}
    {%- set digits = bare | replace('%Y', '0000') | replace('%m', '00') | replace('%d', '00') | replace('%H', '00') | replace('%M', '00') | replace('%S', '00') -%}
    {%- if format in grammar('counted') -%}
      {%- set pattern, zero, units = grammar('counted')[format] -%}
      {%- set number = cast_or_null(sql, 'double precision') -%}
      {%- set micros = 'round((' ~ number ~ ' - ' ~ zero ~ ') * 86400) * 1000000' if format == 'excel' else 'round(' ~ number ~ ' * ' ~ 1000000 * units ~ ')' -%}
      {%- do found.append('case when ' ~ matches(sql, pattern) ~ ' then ' ~ moment_since_1970(micros) ~ ' end') -%}
    {%- elif digits.isdigit() -%}
      {%- do found.append('case when ' ~ matches(sql, '^[0-9]{' ~ digits | length ~ '}$') ~ ' then ' ~ parsed_timestamp(sql, [bare]) ~ ' end') -%}
    {%- else -%}
      {%- do kinds['zoned' if '%z' in bare else 'long' if '%Y' in bare else 'short'].append(bare) -%}
    {%- endif -%}
  {%- endfor -%}
  {#- DuckDB reads "infinity" by any format, and "24" by %Y as the year 24 -#}
  case when {{ matches(sql, '[0-9]') }} then coalesce(
    {%- for moment in found %}{{ moment }}, {% endfor -%}
    {%- if kinds['long'] %}case when {{ matches(sql, '[1-9][0-9]{3}') }} and not {{ matches(sql, '^[0-9]+$') }} then {{ parsed_timestamp(sql, kinds['long']) }} end, {% endif -%}
    {%- if kinds['short'] %}{{ parsed_timestamp(sql, kinds['short']) }}, {% endif -%}
    {%- if kinds['zoned'] %}{{ parsed_moment(sql, kinds['zoned']) }}, {% endif -%}
    null) end
{%- endmacro %}
