{{ stage(source('raw', 'employees')) }}
