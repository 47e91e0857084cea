{{ merged(ref('stg_invoices')) }}
