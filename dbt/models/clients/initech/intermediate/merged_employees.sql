{{ merged(ref('stg_employees')) }}
