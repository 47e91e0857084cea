{{ stage(source('raw', 'invoices')) }}
