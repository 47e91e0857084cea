{#- dbt's own test, with the columns' names quoted. -#}
{% test relationships(model, column_name, to, field) %}
select child.{{ column_named(column_name) }} as from_field
from {{ model }} as child
left join {{ to }} as parent on parent.{{ column_named(field) }} = child.{{ column_named(column_name) }}
where child.{{ column_named(column_name) }} is not null and parent.{{ column_named(field) }} is null
{% endtest %}
