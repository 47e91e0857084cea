{{ rejects(source('raw', 'orders'), ref('stg_orders')) }}
