{{ deliver(ref('int_departments')) }}
