-- Written by hand: revenue per customer, from both feeds.
with customers as (
    select * from {{ ref('customers') }}
),

orders as (
    select * from {{ ref('orders') }}
),

revenue as (
    select
        customer_id,
        count(*) as order_count,
        sum(amount) as revenue,
        max(ordered_on) as last_ordered_on
    from orders
    group by customer_id
)

select
    customers.customer_id,
    customers.full_name,
    customers.country,
    coalesce(revenue.order_count, 0) as order_count,
    coalesce(revenue.revenue, 0) as revenue,
    revenue.last_ordered_on
from customers
left join revenue on revenue.customer_id = customers.customer_id
