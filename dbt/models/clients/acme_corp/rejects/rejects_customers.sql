{{ rejects(source('raw', 'customers'), ref('stg_customers')) }}
