{{ merged(ref('stg_products')) }}
