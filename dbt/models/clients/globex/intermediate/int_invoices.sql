{{ clean(ref('stg_invoices')) }}
