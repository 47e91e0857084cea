{#- dbt's own test, but what fails is counted in rows, not in values. -#}
{% test unique(model, column_name) %}
{{ config(fail_calc = 'coalesce(sum(n_records), 0)') }}
{%- set column = column_named(column_name) %}
select {{ column }} as unique_field, count(*) as n_records
from {{ model }}
where {{ column }} is not null
group by {{ column }}
having count(*) > 1
{% endtest %}
