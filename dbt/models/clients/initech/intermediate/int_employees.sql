{{ clean(ref('stg_employees')) }}
