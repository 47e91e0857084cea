{#- dbt's own test, but what fails is counted in rows, not in values. -#}
{% test unique(model, column_name) %}
{{ config(fail_calc = 'coalesce(sum(n_records), 0)') }}
select {{ column_name }} as unique_field, count(*) as n_records
from {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1
{% endtest %}
