{{ deliver(ref('int_customers')) }}
