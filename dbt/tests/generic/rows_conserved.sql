{#- Every row received is delivered, rejected or merged: exactly once, and none was invented. -#}
{% test rows_conserved(model, feed) %}
with received as (
    select _row_id from {{ source('raw', feed) }}
),

accounted as (
    select _row_id from {{ model }}
    union all
    select _row_id from {{ ref('rejects_' ~ feed) }}
    union all
    select _row_id from {{ ref('merged_' ~ feed) }}
),

counted as (
    select _row_id, count(*) as places from accounted group by _row_id
)

select
    coalesce(received._row_id, counted._row_id) as _row_id,
    case
        when counted.places is null then 'lost'
        when received._row_id is null then 'invented'
        else 'more than once'
    end as problem
from received
full outer join counted on counted._row_id = received._row_id
where counted.places is null or received._row_id is null or counted.places <> 1
{% endtest %}
