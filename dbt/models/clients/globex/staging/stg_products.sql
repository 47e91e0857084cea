{{ stage(source('raw', 'products')) }}
