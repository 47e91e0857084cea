{{ deliver(ref('int_orders')) }}
