{#- dbt's own test, with the column's name quoted: "order" and "from" are names, too. -#}
{% test not_null(model, column_name) %}
select * from {{ model }} where {{ column_named(column_name) }} is null
{% endtest %}
