{{ merged(ref('stg_customers')) }}
