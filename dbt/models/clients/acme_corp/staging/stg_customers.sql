{{ stage(source('raw', 'customers')) }}
