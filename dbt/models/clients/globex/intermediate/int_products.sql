{{ clean(ref('stg_products')) }}
