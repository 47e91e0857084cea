{#- dbt's own test, but what fails is counted in rows, not in values. -#}
{% test accepted_values(model, column_name, values, quote=True) %}
{{ config(fail_calc = 'coalesce(sum(n_records), 0)') }}
select {{ column_name }} as value_field, count(*) as n_records
from {{ model }}
where {{ column_name }} not in (
  {%- for value in values %}{{ "'" ~ value ~ "'" if quote else value }}{{ ', ' if not loop.last }}{% endfor -%}
)
group by {{ column_name }}
{% endtest %}
