{#- Every row received is delivered, rejected or merged: exactly once, and none was invented. -#}
{% test rows_conserved(model, feed) %}
with counted as (
    select _row_id, sum(received) as received, sum(places) as places
    from (
        select _row_id, 1 as received, 0 as places from {{ source('raw', feed) }}
        union all
        select _row_id, 0, 1 from {{ model }}
        union all
        select _row_id, 0, 1 from {{ ref('rejects_' ~ feed) }}
        union all
        select _row_id, 0, 1 from {{ ref('merged_' ~ feed) }}
    ) as followed
    group by _row_id
)

select
    _row_id,
    case
        when places = 0 then 'lost'
        when received = 0 then 'invented'
        else 'more than once'
    end as problem
from counted
where received <> 1 or places <> 1
{% endtest %}
