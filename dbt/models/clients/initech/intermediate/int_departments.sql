{{ clean(ref('stg_departments')) }}
