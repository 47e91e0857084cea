{{ deliver(ref('int_products')) }}
