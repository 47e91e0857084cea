{{ stage(source('raw', 'departments')) }}
