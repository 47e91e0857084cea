{{ stage(source('raw', 'orders')) }}
