{{ merged(ref('stg_orders')) }}
