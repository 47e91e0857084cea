{#- dbt's own test, but what fails is counted in rows, not in values. -#}
{% test accepted_values(model, column_name, values, quote=True) %}
{{ config(fail_calc = 'coalesce(sum(n_records), 0)') }}
{%- set column = column_named(column_name) %}
select {{ column }} as value_field, count(*) as n_records
from {{ model }}
where {{ column }} not in (
  {%- for value in values %}{{ literal(value) if quote else value }}{{ ', ' if not loop.last }}{% endfor -%}
)
group by {{ column }}
{% endtest %}
