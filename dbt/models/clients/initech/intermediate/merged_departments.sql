{{ merged(ref('stg_departments')) }}
