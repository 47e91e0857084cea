{#- Written from the rules in `consulting.rules` by `make docs`; change them there.
    Each rule takes the SQL of a trimmed text (NULL where there is no value) and the column's meta,
    and gives the SQL of the typed value: NULL where the text can not be that. The caller turns such
    a NULL into a reason code (see problems.sql); no value is lost in silence. -#}

{% macro apply_rule(sql, meta) -%}
  {%- set rules = {'to_boolean': to_boolean, 'to_code': to_code, 'to_currency': to_currency, 'to_date': to_date, 'to_decimal': to_decimal, 'to_email': to_email, 'to_integer': to_integer, 'to_money': to_money, 'to_phone': to_phone, 'to_text': to_text, 'to_timestamp': to_timestamp} -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {%- if rule not in rules -%}
    {%- set told = "There is no cleaning rule '" ~ rule ~ "'. Use one of " ~ rules | join(', ') -%}
    {{ exceptions.raise_compiler_error(told ~ '.') }}
  {%- endif -%}
  {{ rules[rule](sql, meta) }}
{%- endmacro %}

{#- The text in the one form that the rule's second step reads; `stage` makes it a column. -#}
{% macro bare_text(sql, meta) -%}
  {%- set bare = {'to_date': bare_date, 'to_decimal': bare_number, 'to_integer': bare_number, 'to_money': bare_number, 'to_timestamp': bare_date} -%}
  {%- set rule = meta.get('rule', 'to_text') -%}
  {{ bare[rule](sql, meta) if rule in bare else sql }}
{%- endmacro %}

{#- As `apply_rule`, of a `bare_text`. -#}
{% macro apply_rule_to_bare(sql, meta) -%}
  {%- set rules = {'to_date': date_of, 'to_decimal': decimal_of, 'to_integer': integer_of, 'to_money': decimal_of, 'to_timestamp': timestamp_of} -%}
  {{ rules.get(meta.get('rule'), apply_rule)(sql, meta) }}
{%- endmacro %}

{#- The reason code of a text that the rule can not read. -#}
{% macro unfit_reason(rule) -%}{%- do return({
    "to_boolean": "not_a_boolean",
    "to_code": "not_in_list",
    "to_currency": none,
    "to_date": "not_a_date",
    "to_decimal": "not_a_number",
    "to_email": "not_an_email",
    "to_integer": "not_an_integer",
    "to_money": "not_an_amount",
    "to_phone": "not_a_phone",
    "to_text": none,
    "to_timestamp": "not_a_timestamp"
  }[rule]) -%}{%- endmacro %}

{#- The patterns and words that the profile reads with, too. -#}
{% macro grammar(name) -%}
  {%- do return({
    "null_words": ["#n/a", "#na", "#null!", "#ref!", "#value!", "(blank)", "(null)", "-", "--", "---", ".", "<na>", "<null>", "?", "\\n", "empty", "k.a.", "missing", "n. a.", "n.a", "n.a.", "n/a", "na", "nan", "nil", "none", "not applicable", "not available", "null", "tba", "tbd", "unbekannt", "unknown"],
    "as_text": "^=\"([^\"]*)\"$",
    "space_at_an_end": "^[ \t\n\r\u000b\f\u00a0\u2007\u200b\u202f\u3000\ufeff]|[ \t\n\r\u000b\f\u00a0\u2007\u200b\u202f\u3000\ufeff]$",
    "means_true": ["true", "t", "yes", "y", "1"],
    "means_false": ["false", "f", "no", "n", "0"],
    "number": "^([(]?)[ \u00a0\u2007\u2009\u202f]*([+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*@before@[ \u00a0\u2007\u2009\u202f]*([+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*([0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+(?:[.,][0-9]+)?|[0-9](?:[0-9.,]*[0-9])?|[.,][0-9]+)([eE][+-]?[0-9]{1,3})?(?:[.,]-{1,2}|[.,])?[ \u00a0\u2007\u2009\u202f]*([+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*@after@[ \u00a0\u2007\u2009\u202f]*([+\u2212\u2013-]?)([)]?)$",
    "number_parts": "\\1\\8\\2\\3\\6\\7\\4\\5",
    "currency": "^(?:[(]?)[ \u00a0\u2007\u2009\u202f]*(?:[+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*(@before@)?[ \u00a0\u2007\u2009\u202f]*(?:[+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*(?:[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+(?:[.,][0-9]+)?|[0-9](?:[0-9.,]*[0-9])?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?(?:[.,]-{1,2}|[.,])?[ \u00a0\u2007\u2009\u202f]*(?:[+\u2212\u2013-]?)[ \u00a0\u2007\u2009\u202f]*(@after@)?[ \u00a0\u2007\u2009\u202f]*(?:[+\u2212\u2013-]?)(?:[)]?)$",
    "minus": "[\u2212\u2013]",
    "thousands": {"": "^[+-]?(?:[0-9]+|[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+)(?:[.]0*)?$", ",": "^[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+)(?:[.]0*)?$", ".": "^[+-]?(?:[0-9]+|[0-9]{1,3}(?:[.][0-9]{3})+|[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+)(?:,0*)?$"},
    "spaces": "['\u2019 \u00a0\u2007\u2009\u202f]",
    "point": "^[+-]?(?:(?:(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+)(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-][0-9]{1,3})?|[0-9]+[.][0-9]+[eE][0-9]{1,3})$",
    "comma": "^[+-]?(?:(?:(?:[0-9]+|[0-9]{1,3}(?:[.][0-9]{3})+|[0-9]{1,3}(?:['\u2019 \u00a0\u2007\u2009\u202f][0-9]{3})+)(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-][0-9]{1,3})?|[0-9]+,[0-9]+[eE][0-9]{1,3})$",
    "currencies": ["SFr.", "\u0440\u0443\u0431.", "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AU$", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CA$", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "Fr.", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HK$", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MX$", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NT$", "NZ$", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "Rs.", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "US$", "USD", "UYU", "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG", "kr.", "lei", "\u043b\u0432.", "A$", "C$", "Ft", "K\u010d", "R$", "Rs", "S$", "kr", "z\u0142", "\u043b\u0432", "$", "\u00a3", "\u00a5", "\u0e3f", "\u20a1", "\u20a6", "\u20a9", "\u20aa", "\u20ab", "\u20ac", "\u20ad", "\u20ae", "\u20b1", "\u20b2", "\u20b4", "\u20b5", "\u20b8", "\u20b9", "\u20ba", "\u20bc", "\u20bd", "\u20be", "\u20bf", "\u5143", "\u5186"],
    "currency_codes": {"AED": "AED", "AFN": "AFN", "ALL": "ALL", "AMD": "AMD", "AOA": "AOA", "ARS": "ARS", "AUD": "AUD", "AWG": "AWG", "AZN": "AZN", "BAM": "BAM", "BBD": "BBD", "BDT": "BDT", "BGN": "BGN", "BHD": "BHD", "BIF": "BIF", "BMD": "BMD", "BND": "BND", "BOB": "BOB", "BRL": "BRL", "BSD": "BSD", "BTN": "BTN", "BWP": "BWP", "BYN": "BYN", "BZD": "BZD", "CAD": "CAD", "CDF": "CDF", "CHF": "CHF", "CLP": "CLP", "CNY": "CNY", "COP": "COP", "CRC": "CRC", "CUP": "CUP", "CVE": "CVE", "CZK": "CZK", "DJF": "DJF", "DKK": "DKK", "DOP": "DOP", "DZD": "DZD", "EGP": "EGP", "ERN": "ERN", "ETB": "ETB", "EUR": "EUR", "FJD": "FJD", "FKP": "FKP", "GBP": "GBP", "GEL": "GEL", "GHS": "GHS", "GIP": "GIP", "GMD": "GMD", "GNF": "GNF", "GTQ": "GTQ", "GYD": "GYD", "HKD": "HKD", "HNL": "HNL", "HTG": "HTG", "HUF": "HUF", "IDR": "IDR", "ILS": "ILS", "INR": "INR", "IQD": "IQD", "IRR": "IRR", "ISK": "ISK", "JMD": "JMD", "JOD": "JOD", "JPY": "JPY", "KES": "KES", "KGS": "KGS", "KHR": "KHR", "KMF": "KMF", "KPW": "KPW", "KRW": "KRW", "KWD": "KWD", "KYD": "KYD", "KZT": "KZT", "LAK": "LAK", "LBP": "LBP", "LKR": "LKR", "LRD": "LRD", "LSL": "LSL", "LYD": "LYD", "MAD": "MAD", "MDL": "MDL", "MGA": "MGA", "MKD": "MKD", "MMK": "MMK", "MNT": "MNT", "MOP": "MOP", "MRU": "MRU", "MUR": "MUR", "MVR": "MVR", "MWK": "MWK", "MXN": "MXN", "MYR": "MYR", "MZN": "MZN", "NAD": "NAD", "NGN": "NGN", "NIO": "NIO", "NOK": "NOK", "NPR": "NPR", "NZD": "NZD", "OMR": "OMR", "PAB": "PAB", "PEN": "PEN", "PGK": "PGK", "PHP": "PHP", "PKR": "PKR", "PLN": "PLN", "PYG": "PYG", "QAR": "QAR", "RON": "RON", "RSD": "RSD", "RUB": "RUB", "RWF": "RWF", "SAR": "SAR", "SBD": "SBD", "SCR": "SCR", "SDG": "SDG", "SEK": "SEK", "SGD": "SGD", "SHP": "SHP", "SLE": "SLE", "SOS": "SOS", "SRD": "SRD", "SSP": "SSP", "STN": "STN", "SYP": "SYP", "SZL": "SZL", "THB": "THB", "TJS": "TJS", "TMT": "TMT", "TND": "TND", "TOP": "TOP", "TRY": "TRY", "TTD": "TTD", "TWD": "TWD", "TZS": "TZS", "UAH": "UAH", "UGX": "UGX", "USD": "USD", "UYU": "UYU", "UZS": "UZS", "VED": "VED", "VES": "VES", "VND": "VND", "VUV": "VUV", "WST": "WST", "XAF": "XAF", "XCD": "XCD", "XCG": "XCG", "XOF": "XOF", "XPF": "XPF", "YER": "YER", "ZAR": "ZAR", "ZMW": "ZMW", "ZWG": "ZWG", "$": "USD", "US$": "USD", "\u20ac": "EUR", "\u00a3": "GBP", "\u00a5": "JPY", "\u5186": "JPY", "\u5143": "CNY", "\u20b9": "INR", "Rs": "INR", "Rs.": "INR", "\u20bd": "RUB", "\u0440\u0443\u0431.": "RUB", "z\u0142": "PLN", "K\u010d": "CZK", "Ft": "HUF", "R$": "BRL", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "NT$": "TWD", "MX$": "MXN", "\u20ba": "TRY", "\u20a9": "KRW", "\u20aa": "ILS", "\u20ab": "VND", "\u20a6": "NGN", "\u20b1": "PHP", "\u0e3f": "THB", "\u20b4": "UAH", "\u20a1": "CRC", "\u20b2": "PYG", "\u20b5": "GHS", "\u20b8": "KZT", "\u20bc": "AZN", "\u20be": "GEL", "\u20ad": "LAK", "\u20ae": "MNT", "\u20bf": "BTC", "SFr.": "CHF", "Fr.": "CHF", "kr": "kr", "kr.": "kr", "lei": "RON", "\u043b\u0432": "BGN", "\u043b\u0432.": "BGN"},
    "months": [["(?i)(^|[^a-z\u00e0-\u017e])(?:stycznia|gennaio|janeiro|januari|january|janvier|januar|enero|janv|ene|gen|jan|sty)[.]?($|[^a-z\u00e0-\u017e])", "Jan"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:fevereiro|febbraio|februari|february|febrero|februar|fevrier|f\u00e9vrier|lutego|febr|fevr|f\u00e9vr|feb|fev|lut)[.]?($|[^a-z\u00e0-\u017e])", "Feb"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:maart|maerz|marca|march|marco|marts|marzo|mar\u00e7o|mars|m\u00e4rz|mar|mrt|mrz)[.]?($|[^a-z\u00e0-\u017e])", "Mar"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:kwietnia|aprile|abril|april|avril|abr|apr|avr|kwi)[.]?($|[^a-z\u00e0-\u017e])", "Apr"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:maggio|maio|maja|mayo|mag|mai|maj|may|mei)[.]?($|[^a-z\u00e0-\u017e])", "May"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:czerwca|giugno|junho|junio|juin|june|juni|cze|giu|jun)[.]?($|[^a-z\u00e0-\u017e])", "Jun"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:juillet|luglio|julho|julio|lipca|juil|juli|july|jul|lip|lug)[.]?($|[^a-z\u00e0-\u017e])", "Jul"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:augustus|sierpnia|augusti|agosto|august|aout|ao\u00fbt|ago|aug|sie)[.]?($|[^a-z\u00e0-\u017e])", "Aug"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:septiembre|september|septembre|settembre|setembro|wrzesnia|wrze\u015bnia|sept|sep|set|wrz)[.]?($|[^a-z\u00e0-\u017e])", "Sep"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:pazdziernika|pa\u017adziernika|october|octobre|octubre|oktober|ottobre|outubro|oct|okt|ott|out|pa\u017a)[.]?($|[^a-z\u00e0-\u017e])", "Oct"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:listopada|noviembre|november|novembre|novembro|lis|nov)[.]?($|[^a-z\u00e0-\u017e])", "Nov"], ["(?i)(^|[^a-z\u00e0-\u017e])(?:diciembre|december|decembre|desember|dezember|dezembro|dicembre|d\u00e9cembre|grudnia|dec|des|dez|dic|d\u00e9c|gru)[.]?($|[^a-z\u00e0-\u017e])", "Dec"]],
    "month_in_english": "(?i)(?:^|[^a-z\u00e0-\u017e])(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:$|[^a-z\u00e0-\u017e.])",
    "half": "(?i)([0-9]) ?([ap])[.]? ?m[.]?",
    "fraction": "(:[0-9]{2})[.,]([0-9]{1,6})[0-9]*",
    "utc": "(?i)(:[0-9.]+)( ?[ap]m)? ?(?:Z|UTC|GMT)$",
    "offset": "(?i)(:[0-9.]+)( ?[ap]m)? ?([+-][0-9]{2}):?([0-9]{2})?$"
  }[name]) -%}
{%- endmacro %}

{#- Blanks of all kinds off both ends, and the text out of a spreadsheet's ="…". -#}
{% macro trimmed(sql) -%}
  {%- set bare = without_blanks(sql) -%}
  case when {{ sql }} like '%="%' then {{ without_blanks(replaced(bare, grammar('as_text'), '\\1')) }} else {{ bare }} end
{%- endmacro %}

{% macro without_null_tokens(sql, meta) -%}
  {%- if var('null_tokens', none) is not none -%}
    {{ exceptions.raise_compiler_error("The var `null_tokens` is no longer read: the words for “no value” are the same everywhere. Take it out of dbt_project.yml, and give a column that differs `null_tokens` in its meta.") }}
  {%- endif -%}
  case when lower({{ sql }}) in ({{ lowered(meta.get('null_tokens', grammar('null_words')) + ['']) }}) then null else {{ sql }} end
{%- endmacro %}

{% macro lowered(texts) -%}
  {%- for text in texts %}{{ literal(text | string | lower) }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro to_boolean(sql, meta) -%}
  case when lower({{ sql }}) in ({{ lowered(meta.get('means_true', grammar('means_true'))) }}) then true
    when lower({{ sql }}) in ({{ lowered(meta.get('means_false', grammar('means_false'))) }}) then false end
{%- endmacro %}

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

{#- Texts as one pattern; only points and dollars are special in a unit or the sign of a currency. -#}
{% macro any_of(texts) -%}
  {%- set escaped = [] -%}
  {%- for text in ([texts] if texts is string else texts) | sort(attribute='length', reverse=true) -%}
    {%- set parts = namespace(text=text | string) -%}
    {%- for special in ['\\', '.', '$', '(', ')', '[', ']', '{', '}', '*', '+', '?', '|', '^'] -%}
      {%- set parts.text = parts.text | replace(special, '\\' ~ special) -%}
    {%- endfor -%}
    {%- do escaped.append(parts.text) -%}
  {%- endfor -%}
  (?:{{ escaped | join('|') }})
{%- endmacro %}

{#- A number without currency and unit, its signs in front: "(12.50 €)" is "-12.50", "9-" is "-9".
    Any other text stays. `stage` makes it a column of its own, for the rules look at it several times. -#}
{% macro bare_number(sql, meta) -%}
  {%- set currency = any_of(meta.get('currencies', grammar('currencies'))) if meta.get('rule') == 'to_money' else '' -%}
  {%- set after = [] -%}
  {%- if currency -%}{%- do after.append(currency) -%}{%- endif -%}
  {%- if meta.get('unit') -%}{%- do after.append(any_of(meta['unit'])) -%}{%- endif -%}
  {%- set pattern = '(?i)' ~ grammar('number')
      | replace('@before@', currency ~ '?' if currency else '')
      | replace('@after@', '(?:' ~ after | join('|') ~ ')?' if after else '') -%}
  {%- set parts = replaced("replace(" ~ sql ~ ", '()', '(')", pattern, grammar('number_parts')) -%}
  case when {{ matches(sql, '^[0-9.,]*$') }} then {{ sql }}
    else {{ replaced("replace(" ~ parts ~ ", '()', '-')", grammar('minus'), '-') }} end
{%- endmacro %}

{#- One bare number as plain text: groups of thousands taken out, the decimal mark made a point;
    NULL if it is none. -#}
{% macro number_text(sql, decimal) -%}
  {%- set plain = replaced(sql, '[,]|' ~ grammar('spaces'), '') if decimal == 'point'
      else "replace(" ~ replaced(sql, '[.]|' ~ grammar('spaces'), '') ~ ", ',', '.')" -%}
  case when {{ matches(sql, '^-?[0-9]+' ~ ('' if decimal == 'comma' else '([.][0-9]*)?') ~ '$') }} then {{ sql }}
    when {{ matches(sql, grammar(decimal)) }} then {{ plain }} end
{%- endmacro %}

{% macro to_currency(sql, meta) -%}
  {%- set signs = any_of(grammar('currencies')) -%}
  {%- set pattern = '(?i)' ~ grammar('currency') | replace('@before@', signs) | replace('@after@', signs) -%}
  case lower({{ replaced(sql, pattern, '\\1\\2') }})
    {%- for sign, code in grammar('currency_codes').items() %} when {{ literal(sign | lower) }} then {{ literal(code) }}{% endfor %} end
{%- endmacro %}

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

{#- The first of the formats that fits, as a moment in UTC; a time without a zone stays as it is. -#}
{% macro moment_of(sql, meta, formats) -%}
  {%- set kinds = {'zoned': [], 'long': [], 'short': []} -%}
  {%- for format in formats -%}
    {%- set bare = bare_format(format, meta.get('rule')) -%}
    {%- do kinds['zoned' if '%z' in bare else 'long' if '%Y' in bare else 'short'].append(bare) -%}
  {%- endfor -%}
  {#- %Y would read "24" as the year 24, and %Y%m%d seven digits -#}
  {%- set year = '[0-9]{8}' if kinds['long'] == ['%Y%m%d'] else '[1-9][0-9]{3}' -%}
  coalesce(
    {%- if kinds['long'] %}case when {{ matches(sql, year) }} and not {{ matches(sql, '^[0-9]{1,7}$') }} then {{ parsed_timestamp(sql, kinds['long']) }} end, {% endif -%}
    {%- if kinds['short'] %}{{ parsed_timestamp(sql, kinds['short']) }}, {% endif -%}
    {%- if kinds['zoned'] %}{{ parsed_moment(sql, kinds['zoned']) }}, {% endif -%}
    null)
{%- endmacro %}

{% macro to_date(sql, meta) -%}{{ date_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro date_of(sql, meta) -%}
  cast({{ moment_of(sql, meta, meta.get('formats', ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S'])) }} as date)
{%- endmacro %}

{% macro to_decimal(sql, meta) -%}{{ decimal_of(bare_number(sql, meta), meta) }}{%- endmacro %}

{% macro decimal_of(sql, meta) -%}
  {%- set scale = meta.get('scale', 2 if meta.get('rule') == 'to_money' else 4) -%}
  {%- set type = 'decimal(' ~ [18, 14 + scale] | max ~ ', ' ~ scale ~ ')' -%}
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

{% macro to_email(sql, meta) -%}
  {%- set address = replaced('lower(' ~ sql ~ ')', '^mailto:', '') -%}
  case when {{ matches(address, "^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*[.][a-z]{2,}$") }}
    and not {{ matches(address, '[.][.]|^[.]|[.]@') }} then {{ address }} end
{%- endmacro %}

{% macro to_integer(sql, meta) -%}{{ integer_of(bare_number(sql, meta), meta) }}{%- endmacro %}

{% macro integer_of(text, meta) -%}
  {%- set thousands = meta.get('thousands', '') -%}
  {%- set shape = grammar('thousands').get(thousands, grammar('thousands')['']) -%}
  {%- set digits = replaced(text, grammar('spaces'), '') -%}
  {%- if thousands -%}{%- set digits = "replace(" ~ digits ~ ", " ~ literal(thousands) ~ ", '')" -%}{%- endif -%}
  case when {{ matches(text, '^-?[0-9]+$') }} then {{ cast_or_null(text, 'bigint') }}
    when {{ matches(text, shape) }} then {{ cast_or_null(replaced(digits, '[.,]0*$', ''), 'bigint') }} end
{%- endmacro %}

{% macro to_money(sql, meta) -%}{{ decimal_of(bare_number(sql, meta), meta) }}{%- endmacro %}

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

{% macro to_timestamp(sql, meta) -%}{{ timestamp_of(bare_date(sql, meta), meta) }}{%- endmacro %}

{% macro timestamp_of(sql, meta) -%}
  {{ moment_of(sql, meta, meta.get('formats', ['%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%d'])) }}
{%- endmacro %}
