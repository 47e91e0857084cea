{{ rejects(source('raw', 'departments'), ref('stg_departments')) }}
