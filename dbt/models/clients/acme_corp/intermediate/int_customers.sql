{{ clean(ref('stg_customers')) }}
