{{ rejects(source('raw', 'invoices'), ref('stg_invoices')) }}
