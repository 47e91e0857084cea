{#- Values lie between min_value and max_value, both allowed; NULL passes. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none) %}
select *
from {{ model }}
where
    {%- if min_value is not none %}
    {{ column_name }} < {{ literal(min_value) if min_value is string else min_value }} or
    {%- endif %}
    {%- if max_value is not none %}
    {{ column_name }} > {{ literal(max_value) if max_value is string else max_value }} or
    {%- endif %}
    false
{% endtest %}
