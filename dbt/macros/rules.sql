{#- The cleaning rules. Each takes the SQL of a trimmed text (NULL where there is no value) and the
    column's meta, and gives the SQL of the typed value: NULL where the text can not be that. The
    caller turns such a NULL into a reason code (see problems.sql); no value is lost in silence. -#}

{% macro apply_rule(sql, meta) -%}
  {%- set rules = {
    'to_text': to_text, 'to_integer': to_integer, 'to_decimal': to_decimal, 'to_money': to_money,
    'to_date': to_date, 'to_timestamp': to_timestamp, 'to_boolean': to_boolean,
    'to_phone': to_phone, 'to_email': to_email, 'to_code': to_code
  } -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {%- if rule not in rules -%}
    {{ exceptions.raise_compiler_error("There is no cleaning rule '" ~ rule ~ "'. Use one of " ~ rules | join(', ') ~ '.') }}
  {%- endif -%}
  {{ rules[rule](sql, meta) }}
{%- endmacro %}

{#- The text of a number without its unit or currency; any other text as it is. `stage` makes it a
    column of its own, for the rules for numbers look at it several times. -#}
{% macro bare_text(sql, meta) -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {%- if rule == 'to_money' -%}{{ without_unit(amount_text(sql, meta), meta) }}
  {%- elif rule in ('to_integer', 'to_decimal') -%}{{ without_unit(sql, meta) }}
  {%- else -%}{{ sql }}{%- endif -%}
{%- endmacro %}

{#- As `apply_rule`, of a `bare_text`. -#}
{% macro apply_rule_to_bare(sql, meta) -%}
  {%- set rules = {'to_integer': integer_of, 'to_decimal': decimal_of, 'to_money': money_of} -%}
  {{ rules.get(meta.get('rule'), apply_rule)(sql, meta) }}
{%- endmacro %}

{#- case: upper | lower | capital; collapse: true makes inner runs of blanks one space;
    pad_zeros: the length to which numbers get back the zeros a spreadsheet took off their front. -#}
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

{#- A number without the unit written after it ("12 kg", "19 %"), if the column declares one. -#}
{% macro without_unit(sql, meta) -%}
  {%- if meta.get('unit') -%}
    {{ replaced(sql, '(?i)[\\s\u00a0]*' ~ meta['unit'] | replace('.', '[.]') | replace('$', '[$]') ~ '$', '') }}
  {%- else -%}{{ sql }}{%- endif -%}
{%- endmacro %}

{#- Whole numbers; "12.0" is one, "12.5" is not. thousands: the separator to accept; unit: as above. -#}
{% macro to_integer(sql, meta) -%}{{ integer_of(without_unit(sql, meta), meta) }}{%- endmacro %}

{% macro integer_of(text, meta) -%}
  {%- if meta.get('thousands') -%}
    {%- set text = "replace(" ~ text ~ ", " ~ literal(meta['thousands']) ~ ", '')" -%}
  {%- endif -%}
  case when {{ matches(text, '^[+-]?[0-9]+([.]0*)?$') }}
    then {{ cast_or_null(replaced(text, '[.]0*$', ''), 'bigint') }} end
{%- endmacro %}

{#- One number as text: signs, groups of thousands, the decimal mark made a point; NULL if it is none. -#}
{% macro number_text(sql, decimal) -%}
  {%- if decimal == 'comma' -%}
    {%- set mark, groups = ',', "[. '\u00a0\u202f]" -%}
  {%- else -%}
    {%- set mark, groups = '[.]', "[, '\u00a0\u202f]" -%}
  {%- endif -%}
  {%- set shape = '^[+-]?([0-9]+|[0-9]{1,3}(' ~ groups ~ '[0-9]{3})+)?(' ~ mark ~ '[0-9]*)?([eE][+-]?[0-9]{1,2})?$' -%}
  {%- set grouped = replaced(sql, groups, '') -%}
  case when {{ matches(sql, '^[+-]?[0-9]+' ~ ('' if decimal == 'comma' else '([.][0-9]*)?') ~ '$') }} then {{ sql }}
    when {{ matches(sql, shape) }} and {{ matches(sql, '[0-9]') }}
    then {{ "replace(" ~ grouped ~ ", ',', '.')" if decimal == 'comma' else grouped }} end
{%- endmacro %}

{#- decimal: point | comma | either ("1.234" is then refused as ambiguous); scale: digits kept;
    unit: the text after the number. -#}
{% macro to_decimal(sql, meta) -%}{{ decimal_of(without_unit(sql, meta), meta) }}{%- endmacro %}

{% macro decimal_of(sql, meta) -%}
  {%- set type = 'decimal(18, ' ~ meta.get('scale', 4) ~ ')' -%}
  {%- set decimal = meta.get('decimal', 'point') -%}
  {%- if decimal == 'either' -%}
    {%- set point = cast_or_null(number_text(sql, 'point'), type) -%}
    {%- set comma = cast_or_null(number_text(sql, 'comma'), type) -%}
    case when {{ point }} is null then {{ comma }}
      when {{ comma }} is null or {{ comma }} = {{ point }} then {{ point }} end
  {%- else -%}
    {{ cast_or_null(number_text(sql, decimal), type) }}
  {%- endif -%}
{%- endmacro %}

{#- An amount without its currency: sign or code before or after it, "(12.50)" and "12.50-" negative. -#}
{% macro amount_text(sql, meta) -%}
  {%- set signs = [] -%}
  {%- for currency in meta.get('currencies', ['$', '€', '£', '¥', 'US$', 'USD', 'EUR', 'GBP', 'CHF', 'JPY', 'CAD', 'AUD']) | sort(attribute='length', reverse=true) -%}
    {%- do signs.append(currency | replace('$', '[$]') | replace('.', '[.]')) -%}
  {%- endfor -%}
  {%- set currency = '(?:' ~ signs | join('|') ~ ')' -%}
  {%- set bare = replaced(sql, '(?i)^([(+-]?)[\\s\u00a0]*' ~ currency ~ '[\\s\u00a0]*', '\\1') -%}
  {%- set bare = replaced(bare, '(?i)[\\s\u00a0]*' ~ currency ~ '[\\s\u00a0]*([)-]?)$', '\\1') -%}
  {#- "5,-" is five and no cents -#}
  {%- set signed = replaced(bare, '([0-9])[,.]-{1,2}$', '\\1') -%}
  {%- set signed = replaced(signed, '^(?:[(](.*)[)]|([^-].*)-)$', '-\\1\\2') -%}
  case when {{ matches(sql, '^[0-9.,]*$') }} then {{ sql }}
    when {{ matches(sql, '[-)]') }} then {{ signed }} else {{ bare }} end
{%- endmacro %}

{#- decimal as for to_decimal; currencies: the signs and codes to take off; scale: 2. -#}
{% macro to_money(sql, meta) -%}
  {{ money_of(without_unit(amount_text(sql, meta), meta), meta) }}
{%- endmacro %}

{% macro money_of(sql, meta) -%}
  {%- set amount = dict(meta) -%}
  {%- do amount.update({'scale': meta.get('scale', 2)}) -%}
  {{ decimal_of(sql, amount) }}
{%- endmacro %}

{#- formats: the date formats the client writes, as strptime directives; the first that fits is it. -#}
{% macro to_date(sql, meta) -%}
  cast({{ to_timestamp(sql, {'formats': meta.get('formats', ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S'])}) }} as date)
{%- endmacro %}

{% macro to_timestamp(sql, meta) -%}
  {%- set four_digits, two_digits = [], [] -%}
  {%- for format in meta.get('formats', ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d']) -%}
    {%- do (four_digits if '%Y' in format else two_digits).append(format) -%}
  {%- endfor -%}
  {#- %Y would read "24" as the year 24 -#}
  coalesce(
    {%- if four_digits %}case when {{ matches(sql, '[1-9][0-9]{3}') }} then {{ parsed_timestamp(sql, four_digits) }} end, {% endif -%}
    {%- if two_digits %}{{ parsed_timestamp(sql, two_digits) }}, {% endif -%}
    null)
{%- endmacro %}

{#- means_true, means_false: the texts that mean it, compared without case. -#}
{% macro to_boolean(sql, meta) -%}
  case when lower({{ sql }}) in ({{ lowered(meta.get('means_true', ['true', 't', 'yes', 'y', '1'])) }}) then true
    when lower({{ sql }}) in ({{ lowered(meta.get('means_false', ['false', 'f', 'no', 'n', '0'])) }}) then false end
{%- endmacro %}

{% macro lowered(texts) -%}
  {%- for text in texts %}{{ literal(text | string | lower) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{#- "+", country code, number. country_code: of numbers written without one ("1", "44");
    national_length: the digits such a number must have. Extensions are taken off. -#}
{% macro to_phone(sql, meta) -%}
  {%- set bare = replaced(sql, '(?i)[\\s,;]*(?:ext|extension|x)[.:\\s]*[0-9]{1,6}$', '') -%}
  {%- set digits = replaced(bare, '[^0-9]', '') -%}
  {%- set code = meta.get('country_code') | string if meta.get('country_code') else '' -%}
  {%- set national = replaced(digits, '^0', '') -%}
  {%- set length = meta.get('national_length') -%}
  case
    when not {{ matches(bare, '^[+]?[0-9][0-9 ()./\u00a0-]*$|^[(][0-9+][0-9 ()./\u00a0-]*$') }} then null
    when {{ matches(bare, '^[(]?([+]|00)') }} and length({{ replaced(digits, '^00', '') }}) between 8 and 15
      then '+' || {{ replaced(digits, '^00', '') }}
    when {{ matches(bare, '^[(]?([+]|00)') }} then null
  {%- if code and length %}
    when length({{ digits }}) = {{ length + code | length }} and {{ digits }} like '{{ code }}%' then '+' || {{ digits }}
    when length({{ national }}) = {{ length }} then {{ literal('+' ~ code) }} || {{ national }}
  {%- elif code %}
    when length({{ national }}) between 6 and 12 then {{ literal('+' ~ code) }} || {{ national }}
  {%- else %}
    when length({{ digits }}) between 6 and 15 then {{ digits }}
  {%- endif %}
  end
{%- endmacro %}

{% macro to_email(sql, meta) -%}
  {%- set address = replaced('lower(' ~ sql ~ ')', '^mailto:', '') -%}
  case when {{ matches(address, "^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*[.][a-z]{2,}$") }}
    and not {{ matches(address, '[.][.]|^[.]|[.]@') }} then {{ address }} end
{%- endmacro %}

{#- codes: a list, or a mapping of each code to its other spellings, compared without case;
    otherwise: the code of all other texts, in place of rejecting them. -#}
{% macro to_code(sql, meta) -%}
  case
  {%- for code in meta['codes'] %}
    {%- set spellings = [code] + (meta['codes'][code] or [] if meta['codes'] is mapping else []) %}
    when lower({{ sql }}) in ({{ lowered(spellings) }}) then {{ literal(code) }}
  {%- endfor %}
  {%- if meta.get('otherwise') %}
    when {{ sql }} is not null then {{ literal(meta['otherwise']) }}
  {%- endif %}
  end
{%- endmacro %}
