{{ deliver(ref('int_employees')) }}
