{{ deliver(ref('int_invoices')) }}
