{{ rejects(source('raw', 'employees'), ref('stg_employees')) }}
