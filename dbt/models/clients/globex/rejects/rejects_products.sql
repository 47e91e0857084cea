{{ rejects(source('raw', 'products'), ref('stg_products')) }}
