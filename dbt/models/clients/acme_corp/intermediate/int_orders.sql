{{ clean(ref('stg_orders')) }}
