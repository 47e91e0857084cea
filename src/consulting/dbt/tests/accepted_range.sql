{#- Values lie between min_value and max_value, both allowed; NULL passes. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
{%- set column = column_named(column_name) %}
select *
from {{ model }}
where
    {%- if min_value is not none %}
    {{ column }} < {{ literal(min_value) if min_value is string else min_value }} or
    {%- endif %}
    {%- if max_value is not none %}
    {{ column }} > {{ literal(max_value) if max_value is string else max_value }} or
    {%- endif %}
    false
{% endtest %}
