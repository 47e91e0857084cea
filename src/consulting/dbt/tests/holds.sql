{#- An invariant of the row: a SQL expression that is true for every row; NULL passes. -#}
{% test holds(model, expression) %}
select * from {{ model }} where not ({{ expression }})
{% endtest %}
