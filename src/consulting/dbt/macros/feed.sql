{#- The models of a feed, from its YAML. Each is one line in the client's folder:

      staging/stg_orders.sql            {{ stage(source('raw', 'orders')) }}
      intermediate/int_orders.sql       {{ clean(ref('stg_orders')) }}
      intermediate/merged_orders.sql    {{ merged(ref('stg_orders')) }}
      rejects/rejects_orders.sql        {{ rejects(source('raw', 'orders'), ref('stg_orders')) }}
      marts/orders.sql                  {{ deliver(ref('int_orders')) }}

    Rules, required columns and dedupe stand in the YAML of the mart (`orders`). A column that only
    hand-written SQL needs is declared under `stg_orders` in the same way. -#}

{#- The model's name without its layer's prefix. -#}
{% macro feed_of(model_name) -%}
  {%- set state = namespace(feed=model_name) -%}
  {%- for prefix in ['stg_', 'int_', 'rejects_', 'merged_'] if model_name.startswith(prefix) -%}
    {%- set state.feed = model_name[prefix | length:] -%}
  {%- endfor -%}
  {%- do return(state.feed) -%}
{%- endmacro %}

{% macro declared_model(name) -%}
  {#- dbt fills `graph` only when it executes -#}
  {%- do return(graph.nodes.get('model.' ~ project_name ~ '.' ~ name, {}) if execute else {}) -%}
{%- endmacro %}

{#- (name, meta) of every column that a source column is read for. -#}
{% macro feed_columns(feed) -%}
  {%- set found = {} -%}
  {%- for model_name in [feed, 'stg_' ~ feed] -%}
    {%- for column in declared_model(model_name).get('columns', {}).values() if column.meta.get('from') -%}
      {%- do found.update({column.name: column.meta}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {#- the library lays what a client's YAML says over its template before dbt reads it -#}
  {%- if execute and declared_model(feed).get('meta', {}).get('template') -%}
    {{ exceptions.raise_compiler_error("Feed '" ~ feed ~ "' follows a template, which dbt by itself does not read. Use `consulting preview` to try its models.") }}
  {%- endif -%}
  {%- if execute and not found -%}
    {{ exceptions.raise_compiler_error("No column of feed '" ~ feed ~ "' says which source column it is read from. Give the columns of model '" ~ feed ~ "' a meta with `from` in the client's YAML.") }}
  {%- endif -%}
  {%- do return(found.items()) -%}
{%- endmacro %}

{#- What the client sent: of several names of one column, the first that is not empty. -#}
{% macro sent(source) -%}
  {%- if source is string -%}
    {{ trimmed(quoted(source)) }}
  {%- else -%}
    coalesce({% for header in source %}nullif({{ trimmed(quoted(header)) }}, ''){{ ', ' if not loop.last }}{% endfor %})
  {%- endif -%}
{%- endmacro %}

{#- One row per raw row: typed columns, and every reason to reject the row in `_reasons`. -#}
{% macro stage(relation) -%}
  {%- set feed = feed_of(model.name) -%}
  {%- set columns = feed_columns(feed) -%}
  {%- set rejected_when = declared_model(feed).get('meta', {}).get('reject_when', {}) -%}
with source as (
    select * from {{ relation }}
),

trimmed as (
    select
        _file, _row, _row_id
        {%- for name, meta in columns %},
        {{ sent(meta['from']) }} as {{ quoted(name) }}
        {%- endfor %}
    from source
),

texts as (
    select
        _file, _row, _row_id
        {%- for name, meta in columns %},
        {{ without_null_tokens(quoted(name), meta) }} as {{ quoted(name) }}
        {%- endfor %}
    from trimmed
),

bare as (
    select
        _file, _row, _row_id
        {%- for name, meta in columns %},
        {{ quoted(name) }} as {{ quoted('_text_' ~ name) }},
        {{ bare_text(quoted(name), meta) }} as {{ quoted('_bare_' ~ name) }}
        {%- endfor %}
    from texts
),

typed as (
    select
        *
        {%- for name, meta in columns %},
        {{ apply_rule_to_bare(quoted('_bare_' ~ name), meta) }} as {{ quoted('_value_' ~ name) }}
        {%- endfor %}
    from bare
),

judged as (
    select
        _file, _row, _row_id
        {%- for name, meta in columns %},
        {%- set text, value = quoted('_text_' ~ name), quoted('_value_' ~ name) %}
        case
        {%- for code, condition in problems(name, text, quoted('_bare_' ~ name), value, meta) %}
            when {{ condition }} then {{ literal(';' ~ name ~ ':' ~ code) }}
        {%- endfor %}
            when false then null
            else ''
        end as {{ quoted('_problem_' ~ name) }},
        {{ value }} as {{ quoted(name) }}
        {%- endfor %}
    from typed
),

reasons as (
    select
        *,
        ''
        {%- for name, meta in columns if meta.get('on_invalid', 'reject') == 'reject' or meta.get('required') %}
        || {{ quoted('_problem_' ~ name) }}
        {%- endfor %}
        {%- for code, condition in rejected_when.items() %}
        || case when {{ condition }} then {{ literal(';row:' ~ code) }} else '' end
        {%- endfor %} as _found,
        ''
        {%- for name, meta in columns if meta.get('on_invalid') == 'blank' and not meta.get('required') %}
        || {{ quoted('_problem_' ~ name) }}
        {%- endfor %} as _emptied
    from judged
)

select
    {%- for name, meta in columns %}
    {% if meta.get('on_invalid') == 'blank' and not meta.get('required') -%}
    case when {{ quoted('_problem_' ~ name) }} = '' then {{ quoted(name) }} end as {{ quoted(name) }},
    {%- else -%}
    {{ quoted(name) }},
    {%- endif %}
    {%- endfor %}
    case when _found <> '' then split_part(_found, ';', 2) end as _reason,
    case when _found <> '' then substr(_found, 2) end as _reasons,
    case when _emptied <> '' then substr(_emptied, 2) end as _blanked,
    _file, _row, _row_id
from reasons
{%- endmacro %}

{#- The CTE `ranked`: the accepted rows whose key occurs more than once, ranked; rank 1 is kept.
    Only they are sorted: a window over all of ten million rows would not fit into memory, nor would
    a CTE of all accepted rows, which engines hold if it is used twice. A row without a complete key
    has no duplicates. -#}
{% macro ranked(relation, dedupe) -%}
  {%- set down = ' desc' if dedupe.get('keep', 'latest') == 'latest' else '' -%}
  {%- set order_by = dedupe.get('order_by', []) -%}
  {%- set order_by = [order_by] if order_by is string else order_by -%}
  {%- set key -%}
    {%- for column in dedupe['key'] %}{{ quoted(column) }}{{ ', ' if not loop.last }}{% endfor -%}
  {%- endset -%}
  {%- set window -%}
    partition by {% for column in dedupe['key'] %}accepted.{{ quoted(column) }}{{ ', ' if not loop.last }}{% endfor %}
    order by {% for column in order_by %}accepted.{{ quoted(column) }}{{ down }} nulls last, {% endfor %}accepted._row_id{{ down }}
  {%- endset -%}
repeated as (
    select {{ key }} from {{ relation }}
    where _reason is null and {% for column in dedupe['key'] %}{{ quoted(column) }} is not null{{ ' and ' if not loop.last }}{% endfor %}
    group by {{ key }}
    having count(*) > 1
),

ranked as (
    select
        accepted.*,
        row_number() over ({{ window }}) as _rank,
        first_value(accepted._row_id) over ({{ window }}) as _merged_into
    from {{ relation }} as accepted
    join repeated
        on {% for column in dedupe['key'] %}repeated.{{ quoted(column) }} = accepted.{{ quoted(column) }}{{ ' and ' if not loop.last }}{% endfor %}
    where accepted._reason is null
)
{%- endmacro %}

{#- One row per accepted row that is not a duplicate. -#}
{% macro clean(relation) -%}
  {%- set feed = feed_of(model.name) -%}
  {%- set dedupe = declared_model(feed).get('meta', {}).get('dedupe') -%}
{%- if dedupe -%}
with {{ ranked(relation, dedupe) }}

select
    {%- for name, meta in feed_columns(feed) %}
    {{ quoted(name) }},
    {%- endfor %}
    _blanked, _file, _row, _row_id
from {{ relation }} as accepted
where _reason is null
and not exists (
    select 1 from ranked where ranked._row_id = accepted._row_id and ranked._rank > 1
)
{%- else -%}
select
    {%- for name, meta in feed_columns(feed) %}
    {{ quoted(name) }},
    {%- endfor %}
    _blanked, _file, _row, _row_id
from {{ relation }}
where _reason is null
{%- endif -%}
{%- endmacro %}

{#- One row per row merged into another as its duplicate, with the rule that merged it. -#}
{% macro merged(relation) -%}
  {%- set feed = feed_of(model.name) -%}
  {%- set dedupe = declared_model(feed).get('meta', {}).get('dedupe') -%}
{%- if dedupe -%}
  {%- set key = dedupe.get('key', []) | join(', ') -%}
  {%- set order_by = dedupe.get('order_by', []) -%}
  {%- set order_by = order_by if order_by is string else order_by | join(', ') -%}
  {%- set rule = 'same ' ~ key ~ ', ' ~ dedupe.get('keep', 'latest') ~ (' by ' ~ order_by if order_by else '') ~ ' kept' -%}
with {{ ranked(relation, dedupe) }},

kept as (
    select * from ranked where _rank = 1
)

select
    {%- for name, meta in feed_columns(feed) %}
    ranked.{{ quoted(name) }},
    {%- endfor %}
    case when
        {%- for name, meta in feed_columns(feed) %}
        ranked.{{ quoted(name) }} is not distinct from kept.{{ quoted(name) }} and
        {%- endfor %}
        true then 'exact copy' else {{ literal(rule) }} end as _rule,
    ranked._merged_into, ranked._file, ranked._row, ranked._row_id
from ranked
join kept on kept._row_id = ranked._merged_into
where ranked._rank > 1
{%- else -%}
select
    {%- for name, meta in feed_columns(feed) %}
    {{ quoted(name) }},
    {%- endfor %}
    'exact copy' as _rule,
    _row_id as _merged_into, _file, _row, _row_id
from {{ relation }}
where false
{%- endif -%}
{%- endmacro %}

{#- One row per rejected row: as the client sent it, with the reasons. -#}
{% macro rejects(source_relation, staged_relation) -%}
with source as (
    select * from {{ source_relation }}
),

staged as (
    select * from {{ staged_relation }} where _reason is not null
)

select
    source.*,
    staged._reason,
    staged._reasons
from source
join staged on staged._row_id = source._row_id
{%- endmacro %}

{#- The delivered table: the columns the mart's YAML declares, in its order, and the row's origin. -#}
{% macro deliver(relation) -%}
select
    {%- for name in model.columns %}
    {{ quoted(name) }},
    {%- endfor %}
    _file, _row, _row_id
from {{ relation }}
{%- endmacro %}
